"""A vendor's cloud with something to see, on real parts: database, registry, transport in memory, no engine.

Takes a folder, gives a `Vendor` (what `trivet.api.create` needs) and functions that put cases into it.
"""

from __future__ import annotations

import atexit
import datetime as dt
import functools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import databases
from trivet import control
from trivet.api.accounts import Accounts, Person
from trivet.config import Settings
from trivet.consent import security, texts, uses
from trivet.ingest.memory import MemoryTransport
from trivet.outward.guard import networks
from trivet.outward.http import Client
from trivet.outward.seal import Seal
from trivet.passwords import hash_password
from trivet.registry import Identity, Registry
from trivet.store import Store
from trivet.store.tables import (
    CaseEventRow,
    CaseRecord,
    CatalogueRow,
    ConsentRow,
    DeviceRow,
    LoginRow,
    MessageRow,
    RefusedRow,
    utcnow,
)
from trivet.vault import Vault
from trivet_wire import ids
from trivet_wire.code import code_text, number_of

USER, PASSWORD = "desk", "warm-trivet-under-the-pan"
CATALOGUE = 0x5EEDED01
ELEMENT, SENSOR, DOOR, FAN = range(4)
CODES = [code_text(number_of(letter, digits)) for letter, digits in (("H", 71), ("T", 23), ("D", 12), ("F", 41))]
TOP_HEAT, BOTTOM_HEAT, FAN_FUNCTION, PYROLYSIS, LIGHT = range(5)


def rich() -> dict[str, Any]:
    """A small catalogue of an oven, in the shape of `trivet.cases.rich`."""
    made: dict[str, Any] = json.loads(Path(__file__).with_name("seeded_catalogue.json").read_text("utf-8"))
    return made


@dataclass
class Vendor:
    """What an application works with; fulfils `trivet.api.CloudPort`."""

    settings: Settings
    store: Store
    registry: Registry
    transport: MemoryTransport
    vault: Vault
    client: Client
    base: str = "https://desk.example.com"

    def counted(self) -> dict[str, int]:
        return {"messages_taken": 3}

    @property
    def seal(self) -> Seal:
        return Seal(self.vault.safe)

    async def command(self, device: str, command: int, who: str) -> int:
        async with self.store.writing() as session:
            return await control.give(session, self.vault.master, device, command, who)


@asynccontextmanager
async def open_vendor(folder: Path) -> AsyncIterator[Vendor]:
    """A fresh cloud with one login and one catalogue: a copy of the first one that was made in this process."""
    template = _template()
    if not template.joinpath("ready").exists():
        async with _open(Settings(data_dir=template)) as vendor:
            await _seed(vendor)
        template.joinpath("ready").touch()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    settings = databases.settings(folder)
    async with _open(settings) as vendor:
        if settings.database_url is not None:
            await _seed(vendor)
        yield vendor


async def _seed(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        session.add(LoginRow(user=USER, password_hash=_password_hash(), role="agent"))
        session.add(CatalogueRow(id=CATALOGUE, model="oven", packed=b"", rich_json=rich()))


@functools.cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Vendor]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with Store(settings.url) as store, Client(networks(["127.0.0.0/8"])) as client:
        vault = Vault(settings.secrets_dir)
        yield Vendor(settings, store, Registry(store, vault, []), MemoryTransport(), vault, client)


@functools.cache
def _template() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="trivet-template-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


async def add_oven(
    vendor: Vendor, name: str, owner: str | None, language: str = "de", *, online: bool = True
) -> Identity:
    """An enrolled oven, seen just now; claimed where an owner is named."""
    identity = await vendor.registry.enrol("oven", name=name)
    if owner:
        mail = owner.casefold().replace(" ", ".") + "@example.com"
        phone = f"+49 30 5550 {sum(owner.encode()) % 900 + 100}"
        await vendor.registry.claim(
            identity.device,
            identity.claim_secret,
            owner,
            phone=phone,
            email=mail,
            language=language,
        )
    async with vendor.store.writing() as session:
        row = await session.get(DeviceRow, identity.device)
        assert row is not None
        row.firmware, row.catalogue, row.connected = "1.4.2", CATALOGUE, online
        row.consent_mask = 1 << ids.SAFETY | 1 << ids.SERVICE
        row.last_seen_at = utcnow() - dt.timedelta(seconds=20 if online else 90_000)
        row.last_boot = 7
    return identity


async def add_case(vendor: Vendor, device: str, event: int, **changes: Any) -> int:
    """A case of one of the catalogue's codes, with evidence and triage as they come from the cases room."""
    code, now = rich()["codes"][event], utcnow()
    causes = changes.pop("causes", TRIAGE[event])
    values: dict[str, Any] = {
        "operation": 7,
        "last_boot": 7,
        "last_seq": 4,
        "opened_at": now - changes.pop("ago", dt.timedelta(seconds=5)),
        "status": 0xAF,
        "sensor_doubt": sum(share for name, share in causes if name in SENSORS),
        "first_cause": causes[0][0],
        "confidence": causes[0][1],
        "next_step": "visit",
        "inhibited": 1 << TOP_HEAT | 1 << PYROLYSIS if event == ELEMENT else 0,
        "evidence_json": evidence(event, now),
    } | changes
    step = {"text": STEP_TEXTS[values["next_step"]], "part": code["causes"][0]["part"], "needs_human": code["hazard"]}
    why = [{"name": name, "probability": share, "why": WHY.get(name, [])} for name, share in causes]
    triage = {"causes": why, "next_step": step, "sensor_why": SENSOR_WHY if values["sensor_doubt"] >= 0.5 else []}
    record = CaseRecord(
        device=device,
        code=CODES[event],
        event=event,
        catalogue=CATALOGUE,
        severity=code["severity"],
        hazard=code["hazard"],
        ne107=code["ne107"],
        triage_json=triage,
        updated_at=values["opened_at"],
        **values,
    )
    async with vendor.store.writing() as session:
        session.add(record)
        await session.flush()
        for actor, kind, text in TIMELINE:
            session.add(CaseEventRow(case=record.id, at=values["opened_at"], actor=actor, kind=kind, text=text))
    return record.id


async def add_owner(vendor: Vendor, accounts: Accounts, *ovens: Identity) -> int:
    """Ada's account, with the appliances whose stickers she has."""
    person = Person("Ada Feldmann", OWNER, "+49 30 5550 142", "de")
    owner = await accounts.open(ovens[0].device, ovens[0].claim_secret, person, OWNER_PASSWORD)
    for oven in ovens[1:]:
        await accounts.add(owner, oven.device, oven.claim_secret)
    return owner


async def add_past(vendor: Vendor, device: str) -> None:
    """A week of an oven: decisions, messages under them, who looked, what happened; as ingest and desk write it."""
    now = utcnow()
    shown = texts.text("service", "de")
    async with vendor.store.writing() as session:
        for seq, (purpose, granted, mask, hours) in enumerate(DECISIONS, start=1):
            at = now - dt.timedelta(hours=hours)
            decision = {"purpose": purpose, "granted": granted, "mask": mask, "channel": 0, "language": "de"}
            session.add(ConsentRow(device=device, consent_seq=seq, text_hash=shown.hash, at=at, **decision))
        for seq, (kind, purpose, hours, size, body) in enumerate(MESSAGES, start=1):
            at = now - dt.timedelta(hours=hours)
            session.add(
                MessageRow(
                    device=device,
                    boot=7,
                    seq=seq,
                    kind=kind,
                    purpose=purpose,
                    uptime_ms=seq * 1000,
                    wall_s=int(at.timestamp()),
                    consent_seq=sum(decided >= hours for *_, decided in DECISIONS),
                    received_at=at,
                    raw=bytes(size),
                    body_json=body,
                )
            )
        session.add(RefusedRow(device=device, boot=7, seq=90, reason=ids.R_CONSENT, digest=b""))
        row = await session.get_one(DeviceRow, device)
        row.consent_seq, row.consent_mask = len(DECISIONS), DECISIONS[-1][2]
        await security.record(session, device, security.CONSENT, "no consent", reason=ids.R_CONSENT)
    why = "opened case 1 at the desk"
    await uses.write(vendor.store, USER, why, [uses.Use(device, "service", s) for s in ("case 1", "contact")])


async def seed(vendor: Vendor) -> dict[str, int]:
    """Four ovens and four cases; gives the case numbers by name."""
    kitchen = await add_oven(vendor, "Oven in the kitchen", "Ada Feldmann")
    bakery = await add_oven(vendor, "Oven 3, bakery Krause", "Bäckerei Krause und Söhne")
    flat = await add_oven(vendor, "Oven 8b1f", "Ines Pereira", "en", online=False)
    await add_oven(vendor, "Oven 77aa", None, online=False)
    hour, minute = dt.timedelta(hours=1), dt.timedelta(minutes=1)
    return {
        "element": await add_case(vendor, kitchen.device, ELEMENT),
        "sensor": await add_case(
            vendor, bakery.device, SENSOR, ago=37 * minute, next_step="remote_test", state="ongoing"
        ),
        "door": await add_case(vendor, flat.device, DOOR, ago=3 * hour, next_step="escalate", state="escalating"),
        "fan": await add_case(vendor, bakery.device, FAN, ago=52 * hour, next_step="watch", evidence_json=None),
    }


def evidence(event: int, now: dt.datetime) -> dict[str, Any]:
    """Sixteen samples of each signal up to the trigger, as the ingest stores them (scaled integers)."""
    at = range(-15, 1)
    cavity = [2985 - 14 * max(0, t + 11) for t in at] if event == ELEMENT else [2410 + 21 * (t + 15) for t in at]
    probe = [712 + 3 * (t + 15) for t in at]
    current = [151 if t < -11 else 78 for t in at] if event == ELEMENT else [152 - t % 3 for t in at]
    mains = [2305 + (t * 7) % 13 for t in at]
    heating = [1] * 16
    return {
        "trigger": ids.TRIGGER_CONFIRMED,
        "cycle": 3,
        "occurrence": 1,
        "fdc_max": 127,
        "period_ms": 2000,
        "frames": [
            [0, ids.IMPLAUSIBLE if event == SENSOR else ids.VALID, cavity],
            [1, ids.VALID, probe],
            [2, ids.VALID, current],
            [3, ids.VALID, mains],
            [4, ids.VALID, heating],
        ],
        "verdicts": {str(event): ids.VERDICT_FAILED, "3": ids.VERDICT_PASSED},
        "received_at": now.isoformat(),
    }


OWNER, OWNER_PASSWORD = "ada.feldmann@example.com", "the oven is warm at six"
DECISIONS = [(ids.SERVICE, True, 0b011, 150), (ids.IMPROVE, True, 0b111, 100), (ids.IMPROVE, False, 0b011, 26)]
_FAULT = {"event": ELEMENT, "status": 0xAF, "occurrence": 1, "catalogue": CATALOGUE}
MESSAGES: list[tuple[int, int, float, int, dict[str, Any]]] = [
    (ids.CONSENT, ids.SAFETY, 150, 44, {"purpose": ids.SERVICE, "granted": 1}),
    (ids.INVENTORY, ids.SERVICE, 149.9, 47, {"model": "oven", "firmware": "1.4.2"}),
    (ids.CONSENT, ids.SAFETY, 100, 44, {"purpose": ids.IMPROVE, "granted": 1}),
    (ids.HEARTBEAT, ids.IMPROVE, 80, 39, {"heap_free_kib": 31}),
    (ids.CONSENT, ids.SAFETY, 26, 44, {"purpose": ids.IMPROVE, "granted": 0}),
    (ids.FAULT, ids.SERVICE, 1.5, 49, _FAULT),
    (ids.EVIDENCE, ids.SERVICE, 1.4, 318, _FAULT | evidence(ELEMENT, utcnow()) | {"inhibited": 9}),
    (ids.FAULT, ids.SERVICE, 0.5, 49, _FAULT | {"status": 0x2E}),
    (ids.CRASH, ids.SERVICE, 0.2, 51, {"file": "drivers.py"}),
]
SENSORS = {"ntc_drift", "door_switch"}
TRIAGE: list[list[tuple[str, float]]] = [
    [("element_top_open", 0.91), ("relay_stuck_open", 0.06), ("ntc_drift", 0.02), ("mains_low", 0.01)],
    [("ntc_drift", 0.78), ("element_top_weak", 0.14), ("gasket_leak", 0.08)],
    [("door_switch", 0.55), ("hinge", 0.45)],
    [("fan_bearing", 0.64), ("fan_blocked", 0.36)],
]
WHY = {
    "element_top_open": [
        "Current fell from 15.1 A to 7.8 A while both elements were on: one element carries nothing",
        "The core probe agrees with the cavity sensor: the sensor is believed",
        "The lower element's own test passed",
    ],
    "relay_stuck_open": ["No click was heard, but the coil's current was normal"],
    "ntc_drift": ["The core probe and the heater's energy disagree with the cavity sensor by 31 °C"],
    "mains_low": ["Mains stayed between 228 V and 232 V"],
}
SENSOR_WHY = ["Heater current is normal, so heat is made", "The core probe rises as in a healthy bake"]
STEP_TEXTS = {
    "visit": "Offer a visit and bring the upper heating element.",
    "remote_test": "Run the sensor comparison on the appliance; it takes two minutes and needs nobody there.",
    "escalate": "Call the owner now: the door may open while the oven is hot.",
    "watch": "Wait for the next bake.",
    "self_help": "Send the owner the cleaning steps.",
}
TIMELINE = [
    ("appliance", "fault", "Found it by itself 84 s into the bake and switched off what needs the upper element"),
    ("appliance", "evidence", "Sent 16 samples of 5 signals, 214 bytes, because the owner allowed service"),
    ("system", "triage", "Ranked 4 causes from the catalogue and the evidence"),
]
