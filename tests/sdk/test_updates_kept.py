"""What is kept of updates: in the export, as evidence, for its time, and the same on PostgreSQL as on SQLite."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloud_kit import until
from sqlalchemy import select
from trivet import evidence
from trivet.api.schemas_export import Export
from trivet.bench.traffic import Sender
from trivet.consent import export, retention, tables
from trivet.consent.access import OWN, Access, reading
from trivet.consent.periods import Periods
from trivet.owners import change, sent
from trivet.owners.own import own
from trivet.store.changes import change_id
from trivet.store.tables import utcnow
from trivet.store.updates import CONFIRMED, OfferRow
from trivet.updates import listing, offers, wishes
from trivet_wire import ids
from updates_kit import UpdateBench, bundle_of, update_bench

pytestmark = pytest.mark.usefixtures("database")

ACCESS = Access(OWN, "ada@example.com", "An export")


async def lived(kit: UpdateBench) -> int:
    """Offered, agreed to, fetched, confirmed; hours excluded meanwhile. Gives the owner's number."""
    send = kit.sender
    owner = await kit.registry.claim(send.device, send.identity.claim_secret, "Ada", email="ada@example.com")
    number = await kit.offered()
    await kit.answer(1, ids.C_UPDATE)
    async with kit.store.writing() as session:
        await wishes.answer(session, send.device, number, "yes", who=f"owner {owner}")
        await wishes.exclude(session, send.device, wishes.hours_of([22, 23], 60), who=f"owner {owner}")
    await kit.answer(2, ids.C_ANSWER)
    await kit.fetch(kit.release.envelope, 0)
    await kit.fetch(bundle_of(kit.release), 0)
    await kit.take(kit.report(ids.U_TRIAL), kit.report(ids.U_CONFIRMED, trial_s=600, trial_cycles=1))
    return owner


async def whole(kit: UpdateBench) -> dict[str, Any]:
    async with reading(kit.store, ACCESS) as read:
        found = await export.of(read, kit.sender.device)
    assert found is not None
    return found


async def test_the_export_holds_every_update_with_its_outcome(tmp_path: Path) -> None:
    async with update_bench(tmp_path) as kit:
        await lived(kit)
        said = await whole(kit)
    parsed = Export.model_validate_json(msgspec.json.encode(said))
    assert (parsed.updates.installed.version, parsed.updates.open) == ("1.2.0", [])
    [update] = parsed.updates.history
    assert (update.state, update.who, update.notes["de"]) == (CONFIRMED, "ada", "Er backt besser.")
    assert update.answer is not None
    assert (update.answer.answer, update.answer.state) == ("yes", "synced")
    assert parsed.updates.excluded is not None
    assert parsed.updates.excluded.hours == [22, 23]
    reports = [one for one in parsed.messages if one.kind == "update"]
    assert [one.values["state"] for one in reports] == [ids.U_TRIAL, ids.U_CONFIRMED]
    assert all(one.raw and one.purpose == "safety" for one in reports)
    with zipfile.ZipFile(io.BytesIO(tables.zipped(said))) as archive:
        head, row = csv.reader(io.StringIO(archive.read("updates.csv").decode()))
    assert dict(zip(head, row, strict=True))["answer_answer"] == "yes"


async def test_a_report_is_listed_and_handed_out_as_evidence(tmp_path: Path) -> None:
    async with update_bench(tmp_path) as kit:
        await lived(kit)
        async with reading(kit.store, Access("service", "desk", "Work")) as read:
            [update] = (await listing.of(read, kit.sender.device) or pytest_fail()).history
            assert update.report is not None
            told = await evidence.fetch(read, evidence.Number.parse(update.report.number))
            public = await evidence.public_key(read, kit.sender.device)
            listed = await evidence.listed(read, kit.sender.device)
    words = dict(evidence.words(evidence.check(told.cose(), public)))
    assert words["What"] == "update 1.2.0 (number 2): confirmed"
    assert [message.kind_name for _, message in listed] == ["update", "update"]


def pytest_fail() -> Any:
    raise AssertionError("not enrolled")


async def test_the_owner_reads_of_each_report_in_plain_words(tmp_path: Path) -> None:
    async with update_bench(tmp_path) as kit:
        owner = await lived(kit)
        async with kit.store.reading() as session:
            mine = await own(session, owner, kit.sender.device)
            assert mine is not None
            lines = await sent.lines(session, mine)
    told = {(line.what, line.detail) for line in lines}
    assert {("update_on_trial", "1.2.0"), ("update_confirmed", "1.2.0"), ("result", "answer")} <= told


async def test_pages_notice_every_step(tmp_path: Path) -> None:
    """Both pages poll a text that must differ after each of these."""
    async with update_bench(tmp_path) as kit:
        send = kit.sender
        owner = await kit.registry.claim(send.device, send.identity.claim_secret, "Ada", email="ada@example.com")
        seen: list[tuple[str, str]] = []

        async def noticed() -> None:
            async with kit.store.reading() as session:
                mine = await own(session, owner, send.device)
                assert mine is not None
                now = await change_id(session), await change.stamp(session, mine)
            assert not seen or (now[0] != seen[-1][0] and now[1] != seen[-1][1])
            seen.append(now)

        await noticed()
        number = await kit.offered()
        await noticed()
        await kit.answer(1, ids.C_UPDATE)
        await noticed()
        async with kit.store.writing() as session:
            await wishes.answer(session, send.device, number, "later", until=utcnow() + dt.timedelta(days=1), who="o")
        await noticed()
        await kit.answer(2, ids.C_ANSWER)
        await noticed()
        await kit.fetch(bundle_of(kit.release), 0)
        await noticed()
        await kit.take(kit.report(ids.U_VERIFIED))
        await noticed()
        async with kit.store.writing() as session:
            await offers.withdraw(session, send.device, number, "ada")
        await noticed()
        await kit.answer(3, ids.C_WITHDRAW)
        await noticed()


async def test_what_ended_long_ago_is_removed_and_what_is_open_stays(tmp_path: Path) -> None:
    async with update_bench(tmp_path) as kit:
        await lived(kit)
        number = await kit.offered()
        gone = await retention.run(kit.store, Periods(), utcnow() + dt.timedelta(days=4000))
        assert gone["offers"] == 1
        assert [row.id for row in await kit.rows()] == [number]
        installed = await kit.installed()
        assert installed is not None
        assert installed.version == "1.2.0"


async def test_it_is_the_same_on_postgresql(postgres: str, tmp_path: Path) -> None:
    async with update_bench(tmp_path, postgres) as kit:
        await lived(kit)
        assert kit.reasons == []
        assert len(kit.got()) == 10  # the envelope has two, which lie over the start of the bundle
        async with kit.store.reading() as session:
            [row] = await session.scalars(select(OfferRow))
            assert await change_id(session)
        assert (row.state, row.report_signed, row.answer_state) == (CONFIRMED, True, "synced")
        parsed = Export.model_validate_json(msgspec.json.encode(await whole(kit)))
        assert parsed.updates.installed.sequence == 2
        other = Sender(await kit.registry.enrol("BENCH-1"))
        async with kit.store.writing() as session:
            await offers.offer(session, other.device, kit.release, "ada")

        async def one_open() -> bool:
            return len([row for row in await kit.rows() if row.ended_at is None]) == 1

        await until(one_open)
