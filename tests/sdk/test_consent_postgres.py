"""The owner's rights on PostgreSQL: the same decisions, refusals, log, retention and erasure as on SQLite."""

import asyncio
import datetime as dt
from pathlib import Path

import msgspec
from cloud_kit import Bench, bench
from sqlalchemy import func, select
from trivet.api.schemas_export import Export
from trivet.bench.traffic import Sender
from trivet.cases import queries
from trivet.consent import erase, export, requests, retention, security, uses
from trivet.consent.access import OWN, Access, reading
from trivet.consent.periods import Periods
from trivet.store.privacy import UseRow
from trivet.store.tables import ReceiptRow, utcnow
from trivet_wire import ids

DESK = Access("service", "agent", "test")


async def look(kit: Bench) -> int:
    async with reading(kit.store, DESK) as read:
        return len(await queries.queue(read))


async def test_the_owners_rights_hold_on_postgresql(postgres: str, tmp_path: Path) -> None:
    async with bench(tmp_path, postgres) as kit:
        send = kit.sender
        device = send.device
        await kit.registry.claim(device, send.identity.claim_secret, "Ada Feldmann", email="ada.feldmann@example.com")
        await kit.take(send.hello(), send.fault(), send.consent())
        old = [send.fault(), send.evidence()]
        await kit.take(*old)
        assert kit.reasons == [ids.R_CONSENT]

        assert sum(await asyncio.gather(*(look(kit) for _ in range(6)))) >= 6  # at once: one line, no clash
        async with kit.store.writing() as session:
            await requests.decide(session, device, "offers", True)
            assert [row.kind for row in await security.of(session, device)] == ["consent"]
            assert {line.subject for line in await uses.of(session, device)} == {"queue"}
            assert await session.scalar(select(func.count()).where(UseRow.device == device)) == 1

        async with reading(kit.store, Access(OWN, "ada", "An export")) as read:
            said = await export.of(read, device)
        parsed = Export.model_validate_json(msgspec.json.encode(said))
        assert [one.kind for one in parsed.messages] == ["consent", "fault", "evidence"]
        assert parsed.requests[0].state == "pending"

        done = await erase.appliance(erase.Place(kit.store, kit.transport, tmp_path), device, by="privacy")
        assert (done.proof.found, done.rows["messages"], done.rows["cases"]) == ({}, 3, 1)
        before = len(kit.reasons)
        await kit.take(*old)
        assert kit.reasons[before:] == [ids.R_ERASED] * 2


async def test_retention_never_lowers_a_floor_that_ingest_raises(postgres: str, tmp_path: Path) -> None:
    async with bench(tmp_path, postgres) as kit:
        send = Sender(await kit.registry.enrol("BENCH-1"))
        await kit.take(send.hello(), send.consent(ids.IMPROVE))
        for _ in range(20):
            kit.send(*(send.heartbeat() for _ in range(10)))
        late = utcnow() + dt.timedelta(days=400)
        sweeps = [retention.run(kit.store, Periods(improve=1), late) for _ in range(3)]
        await asyncio.gather(kit.drain(), *sweeps)
        await retention.run(kit.store, Periods(improve=1), late)
        async with kit.store.reading() as session:
            receipt = await session.get_one(ReceiptRow, (send.device, 1))
        assert (receipt.floor, receipt.gone) == (201, 201)
