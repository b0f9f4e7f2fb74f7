"""FETCH and BLOCK: an appliance gets what is offered to it now, in parts that its buffer takes; nobody gets anything
else, and whoever asks without end is held back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update
from trivet.bench.traffic import Sender
from trivet.store.updates import DOWNLOADING, OFFERED, OfferRow
from trivet.updates import asked, blocks, offers
from trivet.updates.blocks import Blocks
from trivet_wire import ids
from updates_kit import BUNDLE, UpdateBench, bundle_of, update_bench

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[UpdateBench]:
    async with update_bench(tmp_path) as made:
        yield made


async def test_what_is_offered_comes_in_parts_that_fit_and_make_the_whole(kit: UpdateBench) -> None:
    await kit.offered()
    bundle = bundle_of(kit.release)
    size = kit.payloads.size(bundle)
    assert size is not None
    for offset in range(0, size, ids.MAX_FETCH):
        await kit.fetch(bundle, offset)
    parts = kit.got()
    assert all(0 < len(part) <= ids.MAX_BLOCK for part in parts.values())
    assert b"".join(parts[at] for at in sorted(parts)) == BUNDLE + b"1.2.0"
    assert kit.reasons == []
    assert await kit.messages() == [], "a question is no message: it has no number and is not kept"


async def test_a_part_in_the_middle_and_the_end_are_cut_to_what_there_is(kit: UpdateBench) -> None:
    await kit.offered()
    bundle = bundle_of(kit.release)
    size = kit.payloads.size(bundle)
    assert size is not None
    await kit.fetch(bundle, 1001, 10)
    await kit.fetch(bundle, size - 3, 4096)
    assert kit.got() == {1001: BUNDLE[1001:1011], size - 3: b"2.0"}


async def test_how_far_it_is_stands_with_the_offer(kit: UpdateBench) -> None:
    number = await kit.offered()
    await kit.fetch(kit.release.envelope, 0)
    row = await kit.offer_row(number)
    assert (row.state, row.fetched_json) == (OFFERED, {kit.release.envelope: kit.payloads.size(kit.release.envelope)})
    await kit.fetch(bundle_of(kit.release), 4096)
    await kit.fetch(bundle_of(kit.release), 0)
    row = await kit.offer_row(number)
    assert (row.state, row.fetched_json[bundle_of(kit.release)]) == (DOWNLOADING, 8192)


@pytest.mark.parametrize("what", ["never offered", "withdrawn", "ended", "another's", "no payload at all"])
async def test_nothing_else_is_served_and_the_question_is_counted(kit: UpdateBench, what: str) -> None:
    wanted = kit.release.envelope
    if what == "no payload at all":
        await kit.offered()
        wanted = "ab" * 32
    elif what == "another's":
        other = Sender(await kit.registry.enrol("BENCH-1"))
        async with kit.store.writing() as session:
            await offers.offer(session, other.device, kit.release, "ada")
    elif what != "never offered":
        number = await kit.offered()
        if what == "withdrawn":
            await kit.answer(1, ids.C_UPDATE)
            async with kit.store.writing() as session:
                await offers.withdraw(session, kit.sender.device, number, "ada")
        else:
            await kit.take(kit.report(ids.U_REFUSED, ids.R_CLASS))
    await kit.fetch(wanted, 0)
    assert kit.got() == {}
    assert kit.reasons == [ids.R_WITHDRAWN]
    assert await kit.transport.dead_letter_counts() == {ids.R_WITHDRAWN: 1}


async def test_a_payload_that_starts_alike_in_another_release_is_not_given_away(kit: UpdateBench) -> None:
    """What an attacker learned of an old release opens nothing while another one is offered."""
    from updates_kit import published

    old = await published(kit.store, kit.payloads, "1.0.9", 1)
    await kit.offered()
    await kit.fetch(bundle_of(old), 0)
    assert kit.got() == {}
    assert kit.reasons == [ids.R_WITHDRAWN]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([b"short", 0, 1], ids.R_FIELD),
        ([bytes(8), -1, 1], ids.R_FIELD),
        ([bytes(8), 0, 0], ids.R_FIELD),
        ([bytes(8), 0, ids.MAX_FETCH + 1], ids.R_FIELD),
        ([bytes(8), 1 << 32, 1], ids.R_FIELD),
        ([bytes(8), 0], ids.R_FIELD),
        ("all", ids.R_FIELD),
    ],
)
async def test_questions_that_make_no_sense_are_refused_and_never_receipted(
    kit: UpdateBench, body: object, reason: int
) -> None:
    await kit.take(kit.sender.message(ids.FETCH, body, seq=0))
    assert kit.reasons == [reason]
    assert kit.transport.sent == []


async def test_a_question_with_a_number_is_refused(kit: UpdateBench) -> None:
    await kit.take(kit.sender.message(ids.FETCH, [bytes(8), 0, 1], seq=5))
    assert kit.reasons == [ids.R_FIELD]


async def test_beyond_the_end_there_is_nothing(kit: UpdateBench) -> None:
    await kit.offered()
    size = kit.payloads.size(kit.release.envelope)
    assert size is not None
    await kit.fetch(kit.release.envelope, size)
    assert kit.reasons == [ids.R_SIZE]


async def test_nobody_else_can_ask_in_an_appliance_s_name(kit: UpdateBench) -> None:
    await kit.offered()
    _, message = kit.fetching(kit.release.envelope, 0)
    await kit.take((kit.sender.topic(ids.FETCH), message[:-1] + bytes([message[-1] ^ 1])))
    assert kit.reasons == [ids.R_TAG]
    assert kit.got() == {}


async def test_a_revoked_appliance_gets_nothing_more(kit: UpdateBench) -> None:
    await kit.offered()
    await kit.registry.revoke(kit.sender.device)
    await kit.fetch(kit.release.envelope, 0)
    assert kit.reasons == [ids.R_REVOKED]
    assert kit.got() == {}


async def test_an_offer_is_not_a_download_without_end(kit: UpdateBench) -> None:
    number = await kit.offered()
    total = sum(kit.release.payloads_json.values())
    async with kit.store.writing() as session:
        spent = asked.TIMES * total + asked.SPARE - 5000
        await session.execute(update(OfferRow).where(OfferRow.id == number).values(served=spent))
    await kit.fetch(bundle_of(kit.release), 0)
    await kit.fetch(bundle_of(kit.release), 4096)
    assert sorted(kit.got()) == list(range(0, 4096, ids.MAX_BLOCK))
    assert kit.reasons == [ids.R_BUSY]


async def test_a_flood_of_questions_is_one_queue_of_a_few(kit: UpdateBench) -> None:
    """What comes at once is answered in order as far as it fits; the same question twice is one question."""
    device, bundle = kit.sender.device, bundle_of(kit.release)
    wanted = [asked.Wanted(device, bundle, 512 * (n % 16), 512) for n in range(200)]
    taken = [kit.blocks.ask(one) for one in wanted]
    assert taken == [n % 16 < blocks.WAITING for n in range(200)]
    while kit.blocks._tasks:
        await next(iter(kit.blocks._tasks.values()))
    assert kit.blocks.sent == 2 * blocks.WAITING  # 512 bytes are two blocks
    assert kit.blocks.dropped == taken.count(False)
    assert kit.blocks._waiting == {}
    assert kit.blocks.ask(wanted[10]), "afterwards it is welcome again"


async def test_one_appliance_s_flood_holds_up_no_other(kit: UpdateBench) -> None:
    bundle = bundle_of(kit.release)
    slow = Blocks(kit.transport, kit.payloads, pace_s=0.05)
    for n in range(blocks.WAITING):
        slow.ask(asked.Wanted("f" * 16, bundle, 4096 * n % 8192, 4096 - n))
    slow.ask(asked.Wanted("0" * 16, bundle, 0, 400))
    await slow._tasks["0" * 16]
    served = [device for device, kind, _ in kit.transport.sent if kind == "block"]
    assert served.count("0" * 16) == 1
    assert served.count("f" * 16) <= 3
    await slow.stop()


async def test_an_engine_that_is_away_stops_one_answer_and_nothing_else(kit: UpdateBench) -> None:
    class Away:
        calls = 0

        async def send(self, device: str, kind: str, data: bytes) -> None:
            self.calls += 1
            raise OSError("the engine does not answer")

    away = Away()
    made = Blocks(away, kit.payloads)
    assert made.ask(asked.Wanted(kit.sender.device, kit.release.envelope, 0, 4096))
    while made._tasks:
        await next(iter(made._tasks.values()))
    assert (away.calls, made.sent, made._waiting) == (1, 0, {})


def test_payloads_are_what_their_name_says_and_a_damaged_one_is_made_good(tmp_path: Path) -> None:
    from trivet.updates.payloads import Payloads

    kept = Payloads(tmp_path)
    name = kept.put(b"content")
    assert (kept.size(name), kept.read(name, 2, 3), kept.sound(name)) == (7, b"nte", True)
    kept.path(name).write_bytes(b"c0ntent")
    assert not kept.sound(name)
    assert kept.put(b"content") == name
    assert kept.sound(name)
    assert [file.name for file in kept.folder.iterdir()] == [name], "no draft stays"
    assert (kept.size("0" * 64), kept.read("0" * 64, 0, 1), kept.sound("0" * 64)) == (None, b"", False)
    for name in ("../../etc/passwd", "A" * 64, ""):
        with pytest.raises(ValueError, match="64 hexadecimal"):
            kept.path(name)
