"""A desk with much to do, for a bench of its pages: cases of many owners straight into the tables, one of them with a
year of history. Takes an open store and a size, gives the number of that case and what somebody would search for.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from trivet_wire import ids
from trivet_wire.code import code_text

from trivet import catalogues
from trivet.bench import traffic
from trivet.cases.terms import DEFAULT
from trivet.cases.work import begun
from trivet.config import Settings
from trivet.ingest.memory import MemoryTransport
from trivet.outward.guard import networks
from trivet.outward.http import Client
from trivet.outward.seal import Seal
from trivet.passwords import hash_password
from trivet.registry import Registry
from trivet.store import Store
from trivet.store.cases import CaseWorkRow, OutcomeRow, ProposalRow
from trivet.store.tables import (
    STATES,
    CaseEventRow,
    CaseRecord,
    DeviceRow,
    LoginRow,
    OwnerRow,
    OwnershipRow,
    utcnow,
)
from trivet.vault import Vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

USER, PASSWORD = "desk", "a-bench-of-warm-pages"
EACH = 4  # cases of one appliance: one of each code
ENTRIES = 730  # of a year: two a day
_CHUNK = 2000  # rows in one statement
_NAMES = ("Ada", "Ben", "Cleo", "Dörte", "Emil", "Fatma", "Grit", "Hannes", "Ines", "Jonas")
_FAMILIES = ("Feldmann", "Krause", "Söhne", "Pereira", "Lind", "Yılmaz", "Nowak", "Schröder", "Okafor", "Weiß")


@dataclass
class House:
    """What an application works with; fulfils `trivet.api.ports.CloudPort` without an engine."""

    settings: Settings
    store: Store
    registry: Registry
    transport: MemoryTransport
    seal: Seal
    client: Client
    base: str = "https://desk.example.com"

    def counted(self) -> dict[str, int]:
        return {}

    async def command(self, device: str, command: int, who: str) -> int:
        raise ValueError("nobody listens on this bench")


@asynccontextmanager
async def opened(folder: Path, url: str | None = None) -> AsyncIterator[House]:
    """A fresh one, with one login."""
    settings = Settings(data_dir=folder)
    folder.mkdir(parents=True, exist_ok=True)
    async with Store(url or settings.url) as store, Client(networks([])) as client:
        vault = Vault(settings.secrets_dir)
        async with store.writing() as session:
            session.add(LoginRow(user=USER, password_hash=hash_password(PASSWORD), role="agent"))
        await catalogues.add(store, traffic.MODEL, traffic.packed(), traffic.rich_json())
        yield House(settings, store, Registry(store, vault, []), MemoryTransport(), Seal(vault.safe), client)


async def fill(store: Store, cases: int, dice: random.Random) -> None:
    """Cases 1 to `cases`, four of each appliance; every fifth is resolved."""
    now = utcnow()
    appliances = list(range(-(-cases // EACH)))
    async with store.writing() as session:
        for table, rows in (
            (DeviceRow, (_appliance(number, now) for number in appliances)),
            (OwnerRow, (_owner(number) for number in appliances)),
            (OwnershipRow, ({"device": _id(n), "owner": n + 1, "since": now, "until": None} for n in appliances)),
            (CaseRecord, (_case(number, now, dice) for number in range(cases))),
            (CaseWorkRow, (_work(number, now, dice) for number in range(cases))),
        ):
            for chunk in _chunks(rows):
                await session.execute(insert(table), chunk)


async def live_a_year(store: Store, case: int) -> int:
    """Gives the case a year of history: entries, proposals, outcomes. The number of entries."""
    now = utcnow()
    start = now - dt.timedelta(days=365)
    actors = ("appliance", "agent", "owner", "system", "technician")
    entries = [
        {"case": case, "at": start + n * dt.timedelta(hours=12), "actor": actors[n % 5], "kind": "note"}
        | {"text": f"Entry {n}: somebody said something about it, in a sentence or two.", "data_json": {"who": USER}}
        for n in range(ENTRIES)
    ]
    async with store.writing() as session:
        await session.execute(insert(CaseEventRow), entries)
        for number in range(24):
            at = start + number * dt.timedelta(days=15)
            wish = {"step": "watch", "why": "a month more", "basis_json": {}, "state": "withdrawn"}
            session.add(ProposalRow(case=case, by=USER, at=at, **wish))
            session.add(
                OutcomeRow(
                    **{"case": case, "at": at, "by": USER, "kind": "wrong_part", "model": traffic.MODEL, "visit": True},
                    **{"code": code_text(100), "confidence": 0.7, "attempt": number + 1, "withdrawn_at": at},
                    **{"stated_json": {}, "taught_json": {}},
                )
            )
        record = await session.get_one(CaseRecord, case)
        await begun(session, record, DEFAULT, record.opened_at)
    return ENTRIES


def phone(number: int) -> str:
    """Of the owner of appliance `number`."""
    return f"+49 30 {5_000_000 + number * 37}"


def _id(number: int) -> str:
    return f"{number:016x}"


def _appliance(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": _id(number),
        "model": traffic.MODEL,
        "name": f"Oven {number}",
        "enrolled_at": now,
        "cert_serial": str(number),
        "claim_hash": b"",
        "catalogue": traffic.CATALOGUE,
        "consent_mask": 1 << ids.SAFETY | (number % 50 != 0) << ids.SERVICE,  # every fiftieth owner said no
        "connected": number % 3 != 0,
        "last_seen_at": now,
    }


def _owner(number: int) -> dict[str, Any]:
    name = f"{_NAMES[number % 10]} {_FAMILIES[number // 10 % 10]}"
    return {"name": name, "phone": phone(number), "email": f"owner{number}@example.com", "language": "de"}


def _case(number: int, now: dt.datetime, dice: random.Random) -> dict[str, Any]:
    event, at = number % EACH, now - dt.timedelta(minutes=dice.randrange(1, 500_000))
    code = traffic.rich_json()["codes"][event]
    causes = [{"name": one["name"], "probability": 0.5, "why": []} for one in code["causes"]]
    return {
        "device": _id(number // EACH),
        "code": code["code"],
        "event": event,
        "catalogue": traffic.CATALOGUE,
        "operation": 1,
        "last_boot": 1,
        "last_seq": 1,
        "state": STATES[dice.randrange(len(STATES))],
        "opened_at": at,
        "updated_at": at,
        "purpose": code["purpose"],
        "severity": code["severity"],
        "hazard": code["hazard"] and number % 400 == 3,
        "ne107": "F",
        "status": 0xAF,
        "first_cause": causes[0]["name"],
        "confidence": dice.random(),
        "sensor_doubt": dice.random(),
        "next_step": "visit",
        "triage_json": {"causes": causes, "next_step": {"text": "Propose a visit."}},
    }


def _work(number: int, now: dt.datetime, dice: random.Random) -> dict[str, Any]:
    due = now + dt.timedelta(hours=dice.randrange(-200, 200))
    place = {"owner": (None, USER, "ben", "cleo")[number % 4], "tier": 1 + number % 3}
    clock = {"started_at": now, "respond_by": due, "resolve_by": due}
    return {"case": number + 1, "escalated": number % 90 == 0, "queue": DEFAULT.queues[number % 3]} | place | clock


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
