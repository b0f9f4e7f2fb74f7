"""A year of one appliance: 35,040 heartbeats, its cycles, faults with evidence and decisions, as an appliance seals
them; then what an owner gets of it, as JSON and as tables, and whether it parses with its published schema. `--n` is
the year's length in days.
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import random
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import ValidationError
from trivet_wire import ids

from trivet import catalogues
from trivet.bench import traffic
from trivet.bench.traffic import Sender
from trivet.config import Settings
from trivet.consent import export, tables
from trivet.consent.access import OWN, Access, reading
from trivet.decode import decode
from trivet.ingest.known import Known
from trivet.ingest.memory import MemoryTransport
from trivet.ingest.take import body_json
from trivet.ingest.worker import Worker
from trivet.models import Message
from trivet.registry import Registry
from trivet.store import Store
from trivet.store.tables import MessageRow, utcnow
from trivet.vault import Vault

if TYPE_CHECKING:
    from . import Options

FIGURES = ("messages", "seconds", "bytes", "csv_seconds", "csv_bytes", "valid")
BEATS = 96  # heartbeats a day
_CHUNK = 2000  # rows


async def run(options: Options) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="trivet-export-") as folder:
        settings = Settings(data_dir=Path(folder))
        async with Store(settings.url) as store:
            sender = await _appliance(store, Vault(settings.secrets_dir))
            options.say(f"an appliance with {options.n or 365} days of data is made")
            messages = await _live(store, sender, options.n or 365, random.Random(options.seed))
            options.say(f"{messages} messages are stored; the export begins")
            return {"messages": messages} | await _export(store, sender.device)


async def _appliance(store: Store, vault: Vault) -> Sender:
    """Claimed, with a yes to everything, a fault with evidence each of them a case."""
    await catalogues.add(store, traffic.MODEL, traffic.packed(), traffic.rich_json())
    registry = Registry(store, vault, [])
    sender = Sender(await registry.enrol(traffic.MODEL))
    await registry.claim(sender.device, sender.identity.claim_secret, "Ada", email="ada@example.com")
    transport = MemoryTransport()
    for purpose in range(ids.SERVICE, len(ids.PURPOSE_NAMES)):
        transport.publish(*sender.consent(purpose))
    for event in range(len(traffic.rich_json()["events"])):
        transport.publish(*sender.fault(event))
        transport.publish(*sender.evidence(event))
    await Worker(store, transport, Known(vault.master)).process(await transport.fetch(100, 0.1))
    return sender


async def _live(store: Store, sender: Sender, days: int, dice: random.Random) -> int:
    """The rest of the year straight into the table: how fast ingest is, another bench says."""
    start = utcnow() - dt.timedelta(days=days)
    made = []
    for day in range(days):
        sender.restart()
        for beat in range(BEATS):
            at = start + dt.timedelta(days=day, seconds=86400 / BEATS * beat)
            if beat in (40, 44):
                made.append(_row(sender, sender.message(ids.OPERATION, [day, 1 if beat == 40 else 0]), at))
            figures = [dice.randint(60, 120), -dice.randint(40, 90), dice.randint(0, 9), 0, beat, dice.randint(0, 3)]
            made.append(_row(sender, sender.message(ids.HEARTBEAT, figures), at))
        if day % 30 == 7:
            made.append(_row(sender, sender.fault(traffic.GASKET, occurrence=day), start + dt.timedelta(days=day)))
            made.append(_row(sender, sender.evidence(traffic.GASKET), start + dt.timedelta(days=day)))
    async with store.writing() as session:
        for first in range(0, len(made), _CHUNK):
            session.add_all(made[first : first + _CHUNK])
            await session.flush()
            session.expunge_all()
    return len(made)


def _row(sender: Sender, sent: tuple[str, bytes], at: dt.datetime) -> MessageRow:
    topic, data = sent
    message = decode(topic, data, [sender.key])
    assert isinstance(message, Message)
    purpose = ids.SERVICE if message.purpose is None else message.purpose
    return MessageRow(
        device=sender.device,
        boot=message.boot,
        seq=message.seq,
        kind=message.kind,
        purpose=purpose,
        uptime_ms=message.uptime_ms,
        wall_s=int(at.timestamp()),
        consent_seq=message.consent_seq,
        received_at=at,
        raw=data,
        body_json=body_json(message),
    )


async def _export(store: Store, device: str) -> dict[str, Any]:
    access = Access(OWN, "bench", "An export for its owner")
    start, cpu = time.perf_counter(), time.process_time()
    async with reading(store, access) as read:
        found = await export.of(read, device)
    assert found is not None
    read_s = time.perf_counter() - start
    data = await asyncio.to_thread(msgspec.json.encode, found)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    start = time.perf_counter()
    packed = await asyncio.to_thread(tables.zipped, found)
    csv_seconds = read_s + time.perf_counter() - start
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "bytes": len(data),
        "csv_seconds": round(csv_seconds, 3),
        "csv_bytes": len(packed),
        "exported": len(found["messages"]),
        "valid": _valid(data) and _whole(packed, len(found["messages"])),
    }


def _valid(data: bytes) -> bool:
    from trivet.api.schemas_export import Export

    try:
        Export.model_validate_json(data)
    except ValidationError as error:
        print(error)
        return False
    return True


def _whole(packed: bytes, messages: int) -> bool:
    """Every message stands in one table, every row as long as its heading."""
    rows = 0
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for name in archive.namelist():
            lines = list(csv.reader(io.StringIO(archive.read(name).decode(), newline="")))
            if any(len(line) != len(lines[0]) for line in lines):
                return False
            rows += len(lines) - 1 if name.startswith("messages_") else 0
    return rows == messages


def sound(result: dict[str, Any]) -> bool:
    return bool(result["valid"]) and result["exported"] >= result["messages"]


def show(result: dict[str, Any]) -> None:
    print(f"{result['exported']} messages of one appliance")
    print(f"  JSON {result['seconds']:6.2f} s  {result['bytes']:>12,} B")
    print(f"  CSV  {result['csv_seconds']:6.2f} s  {result['csv_bytes']:>12,} B (ZIP of tables)")
    print(f"  {'parses with its published schema' if result['valid'] else 'DOES NOT parse with its published schema'}")
