"""Every message is stored once, receipted when it is done, buried with its reason when it is refused; nothing stops
the consumer. Over the memory transport, on SQLite and, at the end, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from cloud_kit import Bench, bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trivet import boards, catalogues, control
from trivet.bench import traffic
from trivet.bench.traffic import Sender
from trivet.ingest import take as taking
from trivet.ingest.known import Known
from trivet.ingest.worker import Worker
from trivet.mac0 import MessageKey
from trivet.store.tables import ConsentRow, DeviceRow, utcnow
from trivet_wire import cbor, ids

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def agree(kit: Bench) -> None:
    await kit.take(kit.sender.hello(), kit.sender.consent())


async def device(kit: Bench) -> DeviceRow:
    async with kit.store.reading() as session:
        return await session.get_one(DeviceRow, kit.sender.device)


async def test_a_receipt_says_how_far_the_appliance_may_forget(kit: Bench) -> None:
    await agree(kit)
    assert kit.last_ack() == (1, 1, {})
    await kit.take(kit.sender.fault())
    assert kit.last_ack() == (1, 2, {})


async def test_the_floor_waits_for_what_is_missing(kit: Bench) -> None:
    await agree(kit)
    missing, later = kit.sender.fault(), kit.sender.fault(traffic.GASKET)
    await kit.take(later)
    assert kit.last_ack() == (1, 1, {})
    await kit.take(missing)
    assert kit.last_ack() == (1, 3, {})


async def test_hello_raises_the_floor_over_what_is_lost(kit: Bench) -> None:
    await agree(kit)
    kit.sender.seq = 40
    await kit.take(kit.sender.fault())
    assert kit.last_ack() == (1, 1, {})
    await kit.take(kit.sender.hello(tail_seq=41))
    assert kit.last_ack() == (1, 41, {})


async def test_an_old_hello_lowers_nothing(kit: Bench) -> None:
    await agree(kit)
    await kit.take(kit.sender.fault(), kit.sender.hello(tail_seq=1))
    assert kit.last_ack() == (1, 2, {})


async def test_each_boot_has_its_own_floor(kit: Bench) -> None:
    await agree(kit)
    kit.sender.restart()
    await kit.take(kit.sender.fault())
    assert kit.last_ack() == (2, 1, {})


async def test_a_duplicate_is_receipted_again_and_changes_nothing(kit: Bench) -> None:
    await agree(kit)
    fault = kit.sender.fault()
    for _ in range(3):
        await kit.take(fault)
        assert kit.last_ack() == (1, 2, {})
    assert [case.occurrences for case in await kit.cases()] == [1]
    assert kit.reasons == []


async def test_the_same_number_with_other_content_is_a_replay(kit: Bench) -> None:
    await agree(kit)
    await kit.take(kit.sender.fault())
    sent = len(kit.transport.sent)
    await kit.take(kit.sender.fault(traffic.GASKET, seq=2))
    assert kit.reasons == [ids.R_REPLAY]
    assert len(kit.transport.sent) == sent
    assert len(await kit.cases()) == 1


async def test_the_engine_is_acked_after_the_commit_only(kit: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: object) -> None:
        raise OSError("the engine went away")

    await agree(kit)
    kit.send(kit.sender.fault())
    monkeypatch.setattr(kit.transport, "send", broken)
    with pytest.raises(OSError, match="went away"):
        await kit.drain()
    assert len(kit.transport.unacked) == 1
    assert len(await kit.cases()) == 1
    monkeypatch.undo()
    await kit.transport.start()
    await kit.drain()
    assert kit.last_ack() == (1, 2, {})
    assert kit.transport.unacked == {}
    assert len(await kit.cases()) == 1


class TestConsent:
    async def test_without_a_yes_only_safety_passes(self, kit: Bench) -> None:
        await kit.take(kit.sender.fault(), kit.sender.fault(traffic.HAZARD))
        assert kit.reasons == [ids.R_CONSENT]
        assert kit.last_ack() == (1, 2, {1: ids.R_CONSENT})
        assert [case.hazard for case in await kit.cases()] == [True]

    async def test_evidence_needs_the_purpose_of_its_event_too(self, kit: Bench) -> None:
        board = boards.load("oven")
        first = replace(board.codes[0], purpose=ids.IMPROVE)
        board = replace(board, codes=(first, *board.codes[1:]))
        number = await catalogues.add(kit.store, board.model, boards.packed_catalogue(board), boards.rich(board))
        body = [0, traffic.CONFIRMED, number, 0, 1, 1, 127, 0, 1000, b"", []]
        await kit.take(kit.sender.consent(ids.SERVICE), kit.sender.message(ids.EVIDENCE, list(body)))
        assert kit.reasons == [ids.R_CONSENT]
        await kit.take(kit.sender.consent(ids.IMPROVE), kit.sender.message(ids.EVIDENCE, list(body)))
        assert kit.reasons == [ids.R_CONSENT]
        assert len(await kit.messages()) == 3  # two decisions and the evidence under both

    async def test_it_is_the_decision_of_the_messages_time_that_counts(self, kit: Bench) -> None:
        yes, under_yes = kit.sender.consent(), kit.sender.fault()
        no, under_no = kit.sender.consent(granted=0), kit.sender.fault(traffic.GASKET)
        await kit.take(yes, no, under_no, under_yes)
        assert [case.event for case in await kit.cases()] == [traffic.ELEMENT]
        assert kit.reasons == [ids.R_CONSENT]
        assert (await device(kit)).consent_mask == 1 << ids.SAFETY

    async def test_hello_brings_a_state_whose_decision_was_lost(self, kit: Bench) -> None:
        kit.sender.consent()
        await kit.take(kit.sender.hello(), kit.sender.fault())
        assert len(await kit.cases()) == 1
        async with kit.store.reading() as session:
            assert (await session.get_one(ConsentRow, (kit.sender.device, 1))).purpose is None

    async def test_a_decision_after_its_hello_is_kept_whole(self, kit: Bench) -> None:
        decision = kit.sender.consent()
        await kit.take(kit.sender.hello(), decision)
        async with kit.store.reading() as session:
            row = await session.get_one(ConsentRow, (kit.sender.device, 1))
        assert (row.purpose, row.granted, row.language) == (ids.SERVICE, True, "en")

    async def test_a_message_waits_for_its_decision(self, kit: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking, "CONSENT_DELAY_S", (0.2,))
        decision, fault = kit.sender.consent(), kit.sender.fault()
        await kit.take(fault)
        assert kit.reasons == []
        await kit.take(decision)
        await asyncio.sleep(0.3)
        await kit.drain()
        assert len(await kit.cases()) == 1
        assert kit.last_ack() == (1, 2, {})

    async def test_but_not_for_ever(self, kit: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(taking, "CONSENT_DELAY_S", (0.01,))
        kit.sender.consent()
        await kit.take(kit.sender.fault())
        for _ in range(taking.CONSENT_TRIES):
            await asyncio.sleep(0.03)
            await kit.drain()
        assert kit.reasons == [ids.R_CONSENT_UNKNOWN]
        assert kit.last_ack() == (1, 0, {2: ids.R_CONSENT_UNKNOWN})

    async def test_it_waits_as_long_as_an_older_message_may_be_the_decision(
        self, kit: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The decision is with a worker that died, again and again."""
        monkeypatch.setattr(taking, "CONSENT_DELAY_S", (0.01,))
        decision, fault = kit.sender.consent(), kit.sender.fault()
        kit.send(decision)
        await kit.transport.fetch(1, 0.01)  # and that worker is gone
        kit.send(fault)
        for _ in range(taking.CONSENT_TRIES + 3):
            await kit.worker.process(await kit.transport.fetch(1, 1.0))
        assert kit.reasons == []
        await kit.transport.start()
        await kit.drain()
        await asyncio.sleep(0.03)
        await kit.drain()
        assert (len(await kit.cases()), kit.reasons) == (1, [])


class TestRefusals:
    async def test_authentic_ones_are_receipted_with_their_reason(self, kit: Bench) -> None:
        await agree(kit)
        sender = kit.sender
        await kit.take(
            sender.fault(version=2), sender.fault(catalogue=1), sender.fault(event=77), sender.message(ids.FAULT, [])
        )
        reasons = {2: ids.R_VERSION, 3: ids.R_CATALOGUE, 4: ids.R_CATALOGUE, 5: ids.R_FIELD}
        assert kit.last_ack() == (1, 5, reasons)
        assert sorted(kit.reasons) == sorted(reasons.values())
        assert await kit.cases() == []

    async def test_unverifiable_ones_are_buried_in_silence(self, kit: Bench) -> None:
        await agree(kit)
        sent = len(kit.transport.sent)
        topic, data = kit.sender.fault()
        stranger = Sender(await kit.registry.enrol(traffic.MODEL))
        await kit.take(
            (topic, data[:-1] + bytes([data[-1] ^ 1])),
            (stranger.topic(ids.FAULT), data),
            (topic, data[:20]),
            (topic, data + b"\0"),
            (topic, b""),
            ("t/" + "0" * 16 + "/u/fault", data),
            ("t/nonsense", data),
            ("", b""),
        )
        assert len(kit.transport.sent) == sent
        twice = [ids.R_TAG, ids.R_TRUNCATED, ids.R_TOPIC]
        assert sorted(kit.reasons) == sorted([*twice, *twice, ids.R_TRAILING, ids.R_UNKNOWN_DEVICE])

    async def test_a_refused_message_stays_refused(self, kit: Bench) -> None:
        refused = kit.sender.fault()
        await kit.take(refused)
        await kit.take(kit.sender.consent(), refused)
        assert kit.reasons == [ids.R_CONSENT, ids.R_CONSENT]
        await kit.take(kit.sender.fault(seq=1))
        assert kit.reasons[-1] == ids.R_REPLAY
        assert await kit.cases() == []

    async def test_a_revoked_appliance_is_not_heard(self, kit: Bench) -> None:
        await agree(kit)
        await kit.registry.revoke(kit.sender.device)
        await kit.take(kit.sender.fault())
        assert kit.reasons == [ids.R_REVOKED]

    async def test_a_mistake_of_ours_holds_up_nobody(self, kit: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = taking.observe

        async def mistaken(session: object, seen: object, *about: object) -> object:
            if seen.event == traffic.GASKET:  # type: ignore[attr-defined]
                raise ZeroDivisionError
            return await whole(session, seen, *about)  # type: ignore[arg-type]

        monkeypatch.setattr(taking, "observe", mistaken)
        await agree(kit)
        kit.send(kit.sender.fault(traffic.GASKET), kit.sender.fault())
        await kit.worker._batch(await kit.transport.fetch(100, 0.1))
        assert [case.event for case in await kit.cases()] == [traffic.ELEMENT]
        assert kit.last_ack() == (1, 1, {})
        assert kit.reasons == []
        assert len(kit.transport.unacked) == 1

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.binary(max_size=200), kind=st.sampled_from(sorted(ids.KIND_NAMES.values())))
    async def test_no_bytes_stop_it(self, kit: Bench, data: bytes, kind: str) -> None:
        before = len(kit.reasons)
        await kit.take((kit.sender.topic(kind), data))
        assert len(kit.reasons) == before + 1

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(body=st.recursive(st.none() | st.integers() | st.floats() | st.binary() | st.text(), st.lists, max_leaves=9))
    async def test_no_authentic_body_stops_it(self, kit: Bench, body: object) -> None:
        payload = cbor2.dumps([1, ids.EVIDENCE, 9, 9, 0, None, 0, body], canonical=True)
        before = len(kit.reasons)
        await kit.take((kit.sender.topic(ids.EVIDENCE), kit.sender.key.seal(payload)))
        assert len(kit.reasons) == before + 1


async def test_the_next_key_epoch_is_accepted_once_offered_and_the_old_one_for_its_time(kit: Bench) -> None:
    await agree(kit)
    async with kit.store.writing() as session:
        await control.rotate(session, kit.vault.master, kit.sender.device)
    new = MessageKey(kit.vault.master.message_key(kit.sender.device, 2), kit.sender.device, 2)
    old_fault = kit.sender.fault()
    await kit.take(old_fault)
    assert kit.last_ack() == (1, 2, {})  # sealed with the key that the appliance still has
    payload = cbor.encode([1, ids.FAULT, 1, 2, 2000, None, 1, [0, traffic.CONFIRMED, 1, traffic.CATALOGUE]])
    await kit.take((old_fault[0], new.seal(payload)))
    assert kit.reasons == []  # the same content under the new key is the same message
    row = await device(kit)
    assert (row.key_epoch, row.pending_epoch) == (2, None)
    await kit.take(kit.sender.fault())  # on its way when the epoch changed
    assert kit.reasons == []
    async with kit.store.writing() as session:
        (await session.get_one(DeviceRow, kit.sender.device)).old_epoch_until = utcnow()
    await kit.take(kit.sender.fault(traffic.GASKET))
    assert kit.reasons == [ids.R_TAG]


async def test_gone_and_hello_tell_whether_it_is_connected(kit: Bench) -> None:
    await kit.take(kit.sender.hello())
    row = await device(kit)
    assert (row.connected, row.firmware, row.catalogue) == (True, "1.0.0", traffic.CATALOGUE)
    await kit.take((kit.sender.topic("gone"), b""))
    assert not (await device(kit)).connected


async def test_several_workers_on_postgresql_make_one_case_each(postgres: str, tmp_path: Path) -> None:
    async with bench(tmp_path, postgres) as kit:
        await agree(kit)
        senders = [kit.sender]
        for _ in range(4):
            senders.append(Sender(await kit.registry.enrol(traffic.MODEL)))
            kit.send(senders[-1].hello(), senders[-1].consent())
        await kit.drain()
        for _ in range(10):
            for sender in senders:
                messages = [sender.fault(), sender.fault(traffic.GASKET), sender.evidence(verdicts={traffic.CROSS: 1})]
                kit.send(*messages, *messages[:1])
                sender.restart()
        await asyncio.gather(*(_drain_small(kit) for _ in range(4)))
        assert kit.reasons == []
        cases = await kit.cases()
        assert len(cases) == 2 * len(senders)
        assert {case.last_boot for case in cases} == {10}
        assert len(await kit.messages()) == len(senders) * 31


async def _drain_small(kit: Bench) -> None:
    """A worker of its own that takes few at a time, so that all have something of every appliance."""
    worker = Worker(kit.store, kit.transport, Known(kit.vault.master))
    while batch := await kit.transport.fetch(7, 0.05):
        await worker._batch(batch)
