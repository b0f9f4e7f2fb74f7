"""Erased is erased: in the database and its files, in the engine's streams and their blocks, in logs; and it stays so
when somebody plays the old stream back."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloud_kit import bench, cloud, settings, until
from sqlalchemy import func, select
from trivet.bench import traffic
from trivet.bench.mqtt import MqttClient
from trivet.bench.traffic import Sender
from trivet.commands import erase as command
from trivet.consent import erase, owners, proof, requests, retention, sweep
from trivet.consent.access import OWN, Access, reading
from trivet.consent.periods import Periods
from trivet.serve import Cloud
from trivet.store.privacy import ErasureRow
from trivet.store.tables import Base, CaseEventRow, CaseRecord, DeviceRow, MessageRow, OwnerRow, utcnow
from trivet_wire import ids
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")

MARKS = [f"Mark{number:02}Zebra" for number in range(40)]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Cloud, Sender]]:
    async with cloud(tmp_path) as made:
        yield made


def place(made: Cloud) -> erase.Place:
    return erase.Place(made.store, made.transport, made.settings.data_dir)


async def plant(made: Cloud, sender: Sender) -> list[tuple[str, bytes]]:
    """All forty, each in a place of its own; gives the messages that carried some."""
    marks = iter(MARKS)
    device = sender.device
    await made.registry.claim(
        device, sender.identity.claim_secret, next(marks), phone=next(marks), email=f"{next(marks)}@example.com"
    )
    sent = [sender.hello(), sender.consent()]
    sent += [sender.message(ids.INVENTORY, [next(marks), next(marks), 1, 1, 1]) for _ in range(4)]
    sent += [sender.message(ids.CRASH, [1, next(marks), 2, next(marks)]) for _ in range(4)]
    sent += [sender.fault(), sender.evidence()]
    dead = [(sender.topic(ids.FAULT), next(marks).encode()) for _ in range(6)]
    dead += [sender.message(ids.CRASH, [1, next(marks), 2, next(marks)], seq=1) for _ in range(2)]  # another's number
    async with MqttClient(sender.identity) as client:
        for message in [*sent, *dead]:
            await client.publish(*message)
        await until(lambda: taken(made, 11))
        await until(lambda: buried(made, 8))
    await notes(made, device, list(marks))
    return sent


async def notes(made: Cloud, device: str, marks: list[str]) -> None:
    """What people wrote, and what stands in logs and in evidence."""
    async with made.store.writing() as session:
        row = await session.get_one(DeviceRow, device)
        row.name = marks.pop()
        [case] = await session.scalars(select(CaseRecord))
        case.evidence_json = {**(case.evidence_json or {}), "note": marks.pop()}
        for mark in marks[:6]:
            session.add(CaseEventRow(case=case.id, actor="agent", kind="note", text=f"Called {mark} (Küche)"))
    for mark in marks[6:]:
        with (made.settings.engine_dir / "nats.log").open("a") as file:
            file.write(f"client {mark} of {device}\n")
    async with reading(made.store, Access("service", marks[6], f"I called {marks[7]}")) as read:
        read.note(device, "case 1")


async def taken(made: Cloud, count: int) -> bool:
    async with made.store.reading() as session:
        return (await session.scalar(select(func.count()).select_from(MessageRow)) or 0) >= count


async def buried(made: Cloud, count: int) -> bool:
    return sum((await made.transport.dead_letter_counts()).values()) >= count


async def look(made: Cloud) -> proof.Proof:
    return await proof.scan(made.store, made.transport, made.settings.data_dir, MARKS)


async def test_forty_marks_are_gone_and_do_not_come_back(running: tuple[Cloud, Sender]) -> None:
    made, sender = running
    old = await plant(made, sender)
    before = await look(made)
    assert {place.split()[0] for place in before.found} == {"table", "stream", "file"}
    assert "stream TRIVET_DEAD" in before.found
    assert any(place.startswith("file engine/") and place.endswith(".blk") for place in before.found)

    done = await erase.appliance(place(made), sender.device, by="privacy", markers=MARKS)
    assert done.proof.found == {}
    assert (await look(made)).found == {}
    assert done.rows["cases"] == 1
    assert done.messages >= 8

    async with MqttClient(sender.identity) as client:
        for message in old[1:]:
            await client.publish(*message)
        await until(lambda: buried(made, len(old) - 1))
    assert set(await made.transport.dead_letter_counts()) == {ids.R_ERASED}
    assert (await look(made)).found == {}
    async with made.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(MessageRow)) == 0
        assert await session.scalar(select(func.count()).select_from(OwnerRow)) == 0
        [row] = await session.scalars(select(ErasureRow))
    assert row.proof_json is not None
    assert (row.proof_json["markers"], row.proof_json["found"]) == (done.proof.markers, {})


async def test_other_appliances_keep_theirs(running: tuple[Cloud, Sender]) -> None:
    made, sender = running
    other = Sender(await made.enrol(traffic.MODEL))
    for one in (sender, other):
        async with MqttClient(one.identity) as client:
            for message in (one.hello(), one.consent(), one.fault()):
                await client.publish(*message)
            await client.publish(one.topic(ids.FAULT), b"damaged")
    await until(lambda: taken(made, 4))
    await until(lambda: buried(made, 2))
    await erase.appliance(place(made), sender.device, by="privacy")
    async with made.store.reading() as session:
        assert set(await session.scalars(select(MessageRow.device))) == {other.device}
    assert [letter.device for letter in await made.transport.dead_letters(10)] == [other.device]
    async with MqttClient(other.identity) as client:
        await client.publish(*other.fault(occurrence=2))
        await until(lambda: taken(made, 3))


async def test_the_command_works_without_a_running_cloud(tmp_path: Path) -> None:
    async with cloud(tmp_path) as (made, sender):
        await plant(made, sender)
    words = [sender.device, "--data", str(tmp_path), "--json", *(f"--marker={mark}" for mark in MARKS)]
    result = await asyncio.to_thread(CliRunner().invoke, command.app, words)
    assert result.exit_code == 0, result.output
    said = json.loads(result.output.splitlines()[-1])
    assert said["clean"] is True
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [mark for mark in MARKS if mark.encode() in raw] == []
    async with Cloud(settings(tmp_path), http=False) as again, again.store.reading() as session:
        assert (await session.get_one(DeviceRow, sender.device)).revoked_at is None


async def test_the_command_works_beside_a_running_cloud(running: tuple[Cloud, Sender]) -> None:
    made, sender = running
    await plant(made, sender)
    words = [sender.device, "--data", str(made.settings.data_dir), "--json", *(f"--marker={mark}" for mark in MARKS)]
    result = await asyncio.to_thread(CliRunner().invoke, command.app, words)
    assert result.exit_code == 0, result.output
    assert (await look(made)).found == {}
    async with MqttClient(sender.identity) as client:  # it goes on for the next owner
        sender.consent_seq, sender.mask = 1, 1
        await client.publish(*sender.consent())
        await client.publish(*sender.fault())
        await until(lambda: taken(made, 2))


class TestOwner:
    async def test_an_owner_goes_with_all_their_appliances(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            second = Sender(await kit.registry.enrol(traffic.MODEL))
            numbers = {
                await kit.registry.claim(
                    one.device, one.identity.claim_secret, "Ada Feldmann", email="ada.feldmann@example.com"
                )
                for one in (kit.sender, second)
            }
            [number] = numbers
            await kit.take(kit.sender.consent(), kit.sender.fault(), second.consent(), second.fault())
            done = await erase.owner(erase.Place(kit.store, kit.transport, tmp_path), number, by="privacy")
            assert (done.proof.found, done.proof.markers) == ({}, 2)
            assert set(done.devices) == {kit.sender.device, second.device}
            assert await kit.messages() == []
            with pytest.raises(erase.EraseError):
                await erase.owner(erase.Place(kit.store, kit.transport, tmp_path), number, by="privacy")

    async def test_one_appliance_of_several_leaves_the_owner(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            second = Sender(await kit.registry.enrol(traffic.MODEL))
            for one in (kit.sender, second):
                await kit.registry.claim(one.device, one.identity.claim_secret, "Ada", email="ada@example.com")
            await erase.appliance(erase.Place(kit.store, kit.transport, tmp_path), kit.sender.device, by="owner")
            async with kit.store.reading() as session:
                assert await owners.present(session, kit.sender.device) is None
                assert await owners.present(session, second.device) is not None

    async def test_the_appliance_is_told_and_nothing_pending_is_left(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            async with kit.store.writing() as session:
                await requests.decide(session, kit.sender.device, "offers", True)
            await erase.appliance(erase.Place(kit.store, kit.transport, tmp_path), kit.sender.device, by="owner")
            async with kit.store.reading() as session:
                assert await requests.of(session, kit.sender.device) == []
                row = await session.get_one(DeviceRow, kit.sender.device)
            assert (row.releasing, row.command_counter, row.consent_mask) == (True, 2, 1)


def test_every_table_that_knows_an_appliance_or_owner_goes_or_says_why_it_stays() -> None:
    whose = {"devices", "owners"}
    touched = {
        table.name
        for table in Base.metadata.tables.values()
        if table.name in whose or any(key.column.table.name in {*whose, "cases"} for key in table.foreign_keys)
    }
    assert touched == sweep.GOES | sweep.STAYS.keys()


class TestRetention:
    async def test_each_purpose_goes_after_its_own_time_and_stays_refused(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            send = kit.sender
            improve = [send.consent(ids.IMPROVE), send.heartbeat()]
            service = [send.consent(), send.fault(), send.fault(traffic.HAZARD)]
            await kit.take(*improve, *service)
            kept = Periods(improve=30, service=60)
            assert await retention.run(kit.store, kept, utcnow() + dt.timedelta(days=29)) == {}
            gone = await retention.run(kit.store, kept, utcnow() + dt.timedelta(days=31))
            assert gone == {"messages": 1}
            assert await kit.messages() == [(1, 1), (1, 3), (1, 4), (1, 5)]
            await kit.take(*improve)
            assert kit.reasons == [ids.R_ERASED]
            gone = await retention.run(kit.store, kept, utcnow() + dt.timedelta(days=61))
            assert gone == {"messages": 1, "cases": 1, "case_events": 2}
            assert [case.hazard for case in await kit.cases()] == [True]
            await kit.take(*service)
            assert kit.reasons == [ids.R_ERASED] * 2

    async def test_decisions_that_hold_are_never_removed(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            send = kit.sender
            await kit.take(*(send.consent(granted=n % 2) for n in range(4)), send.consent(ids.OFFERS))
            late = utcnow() + dt.timedelta(days=5000)
            await retention.run(kit.store, Periods(), late)
            async with kit.store.reading() as session:
                from trivet.store.tables import ConsentRow

                assert list(await session.scalars(select(ConsentRow.consent_seq))) == [4, 5]

    async def test_the_owner_is_told_when(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await kit.take(kit.sender.consent(), kit.sender.fault())
            async with reading(kit.store, Access(OWN, "ada", "When it goes")) as read:
                made = {one.purpose: one for one in await retention.promises(read, kit.sender.device, Periods())}
            service = made["service"]
            assert (service.days, service.messages) == (730, 1)
            assert service.oldest_at is not None
            assert service.next_deletion_at == service.oldest_at + dt.timedelta(days=730)
            assert made["offers"].next_deletion_at is None

    async def test_dead_letters_end_too(self, running: tuple[Cloud, Sender]) -> None:
        made, _ = running
        await made.transport.expire_dead_letters(30)
        info = await made.transport._stream.stream_info("TRIVET_DEAD")
        assert info.config.max_age == 30 * 86400


async def test_a_log_keeps_its_other_lines(tmp_path: Path) -> None:
    log = tmp_path / "engine" / "nats.log"
    log.parent.mkdir()
    log.write_text("one\ntwo Ada\nthree\n")
    with log.open("a") as writer:
        assert erase.scrub_logs(tmp_path, ["Ada"]) == 1
        writer.write("four\n")
    assert log.read_text() == "one\nthree\nfour\n"
