"""Everything that this cloud holds about an appliance and its owner (GDPR, articles 15 and 20; Regulation (EU)
2023/2854, article 4). Takes a reading under an access, gives one plain value in the shape of
`trivet.api.schemas_export.Export`; `tables` makes flat tables of it. Never shows anything of an earlier owner.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import select
from trivet_wire import ids

from trivet import control
from trivet.cases import queries, rich
from trivet.cases.evidence import view_evidence
from trivet.consent import contacts, requests, security, state, texts, units, uses
from trivet.consent.access import Reading
from trivet.consent.periods import DEFAULT, Periods
from trivet.remote import listing as remote
from trivet.store.care import CareRow
from trivet.store.cases import FeedbackRow
from trivet.store.privacy import ErasureRow
from trivet.store.tables import (
    CaseRecord,
    CatalogueRow,
    CommandRow,
    DeviceRow,
    MessageRow,
    OwnerRow,
    OwnershipRow,
    utcnow,
)
from trivet.updates import listing
from trivet.visits import listing as visits

FORMAT = "trivet-export-1"
# Their bytes go along: others can verify them.
_SIGNED = {ids.EVIDENCE, ids.CONSENT, ids.LEDGER_HEAD, ids.UPDATE_REPORT}


async def of(read: Reading, device: str, periods: Periods = DEFAULT) -> dict[str, Any] | None:
    """None when the appliance is not enrolled."""
    row = await read.session.get(DeviceRow, device)
    if row is None:
        return None
    await read.ask([device])
    read.note(device, "export")
    decisions = await state.history(read.session, device)
    shown = await texts.find(read.session, {one.text_hash for one in decisions})
    return {
        "format": FORMAT,
        "made_at": utcnow(),
        "device": _device(row),
        "ownership": await _ownership(read, device),
        "consents": [_consent(one, shown) for one in decisions],
        "requests": [_plain(one) for one in await requests.of(read.session, device)],
        "units": _units(),
        "messages": await _messages(read, device, periods),
        "cases": await _cases(read, device),
        "uses": [line._asdict() for line in await uses.of(read.session, device, limit=100_000)],
        "commands": await _commands(read, device),
        "security": [_event(one) for one in await security.of(read.session, device, limit=100_000)],
        "updates": await _updates(read, device),
        "visits": [vars(one) for one in await visits.of_device(read, device)],
        "feedback": await _feedback(read, device),
        "care": await _care(read, device),
        "sessions": [dataclasses.asdict(one) for one in await remote.of_device(read, device, newest=100_000)],
        "letters": await contacts.letters(read, device),
        "notices": await contacts.notices(read, device),
        "choices": await contacts.choices(read, device),
        "recipients": await contacts.recipients(read, device),
        "erasures": await _erasures(read, device),
        "retention_days": {name: periods.of(name) for name in periods.__struct_fields__},
    }


def _plain(value: Any) -> dict[str, Any]:
    return dict(vars(value))


def _device(row: DeviceRow) -> dict[str, Any]:
    names = ("id", "model", "name", "firmware", "catalogue", "enrolled_at", "last_seen_at", "last_boot")
    return {name: getattr(row, name) for name in names}


async def _ownership(read: Reading, device: str) -> list[dict[str, Any]]:
    query = (
        select(OwnershipRow, OwnerRow)
        .join(OwnerRow, OwnerRow.id == OwnershipRow.owner)
        .where(OwnershipRow.device == device, OwnershipRow.until.is_(None))
    )
    return [
        {"since": row.since, "name": owner.name, "phone": owner.phone, "email": owner.email, "language": owner.language}
        for row, owner in await read.session.execute(query)
    ]


def _consent(one: state.Decision, shown: dict[int, texts.Text]) -> dict[str, Any]:
    text = shown.get(one.text_hash)
    return _plain(one) | {"text": text.words if text else None}


def _units() -> dict[str, dict[str, dict[str, str]]]:
    return {
        ids.KIND_NAMES[kind]: {name: field._asdict() for name, field in fields.items()}
        for kind, fields in units.FIELDS.items()
    }


async def _messages(read: Reading, device: str, periods: Periods) -> list[dict[str, Any]]:
    """Plain columns, not objects: a year of one appliance is tens of thousands of rows."""
    m = MessageRow.__table__.c
    query = (
        select(
            m.boot, m.seq, m.kind, m.purpose, m.uptime_ms, m.wall_s, m.consent_seq, m.received_at, m.body_json, m.raw
        )
        .where(m.device == device)
        .order_by(m.boot, m.seq)
    )
    keep = [dt.timedelta(days=periods.of(name)) for name in ids.PURPOSE_NAMES]
    catalogues = await _catalogues(read, device)
    found = []
    for boot, seq, kind, purpose, uptime, wall, consent_seq, at, body, raw in await read.session.execute(query):
        found.append(
            {
                "boot": boot,
                "seq": seq,
                "kind": ids.KIND_NAMES.get(kind, str(kind)),
                "purpose": ids.PURPOSE_NAMES[purpose],
                "uptime_s": uptime / 1000,
                "at": None if wall is None else dt.datetime.fromtimestamp(wall, dt.UTC),
                "received_at": at,
                "delete_after": at + keep[purpose],
                "consent_seq": consent_seq,
                "size": len(raw),
                "values": body,
                "meaning": _meaning(kind, body, catalogues),
                "raw": base64.b64encode(raw).decode() if kind in _SIGNED else None,
            }
        )
    return found


async def _catalogues(read: Reading, device: str) -> dict[int, rich.Catalogue]:
    """Of the appliance's model: few, and each is read once."""
    model = select(DeviceRow.model).where(DeviceRow.id == device).scalar_subquery()
    rows = await read.session.scalars(select(CatalogueRow).where(CatalogueRow.model == model))
    return {row.id: rich.load(row.rich_json) for row in rows}


def _meaning(kind: int, body: dict[str, Any], catalogues: dict[int, rich.Catalogue]) -> dict[str, Any] | None:
    """Of a fault or evidence: its code and words, status bits by name, samples in their unit."""
    if kind not in (ids.FAULT, ids.EVIDENCE):
        return None
    catalogue = catalogues.get(body["catalogue"])
    code = catalogue.code(body["event"]) if catalogue else None
    series = []
    if kind == ids.EVIDENCE and catalogue is not None:
        evidence = view_evidence(body, catalogue)
        series = [
            {"signal": one.name, "unit": one.unit, "validity": one.validity, "times_s": one.times_s}
            | {"samples": one.samples}
            for one in evidence.series
        ]
    return {
        "code": code.code if code else None,
        "title": {language: words.get("title", "") for language, words in code.text.items()} if code else {},
        "status": queries.status_bits(body["status"]),
        "series": series,
    }


async def _cases(read: Reading, device: str) -> list[Any]:
    numbers = await read.session.scalars(
        select(CaseRecord.id).where(CaseRecord.device == device).order_by(CaseRecord.id)
    )
    return [await queries.case(read, number) for number in numbers.all()]


async def _commands(read: Reading, device: str) -> list[dict[str, Any]]:
    query = select(CommandRow).where(CommandRow.device == device).order_by(CommandRow.counter)
    now = utcnow()
    return [
        {
            "counter": row.counter,
            "command": ids.COMMAND_NAMES.get(row.command, str(row.command)),
            "grant": ids.GRANT_NAMES[row.grant],
            "who": row.who,
            "at": row.created_at,
            "answered_at": row.answered_at,
            "state": control.state(row, now),
            "reason": row.reason,
        }
        for row in await read.session.scalars(query)
    ]


def _event(row: Any) -> dict[str, Any]:
    names = ("at", "last_at", "count", "kind", "reason", "words")
    return {name: getattr(row, name) for name in names}


async def _updates(read: Reading, device: str) -> dict[str, Any]:
    found = await listing.of(read, device, newest=100_000)
    assert found is not None  # it is enrolled
    plain: dict[str, Any] = msgspec.to_builtins(found, builtin_types=(dt.datetime,))
    return plain


async def _erasures(read: Reading, device: str) -> list[dict[str, Any]]:
    query = select(ErasureRow).where(ErasureRow.device == device).order_by(ErasureRow.id)
    return [{"at": row.at, "cause": row.cause, "rows": row.rows_json} for row in await read.session.scalars(query)]


async def _feedback(read: Reading, device: str) -> list[dict[str, Any]]:
    query = select(FeedbackRow).join(CaseRecord, CaseRecord.id == FeedbackRow.case).where(CaseRecord.device == device)
    names = ("case", "asked_at", "answered_at", "fixed", "words")
    rows = await read.session.scalars(query.order_by(FeedbackRow.id))
    return [{name: getattr(row, name) for name in names} for row in rows]


async def _care(read: Reading, device: str) -> list[dict[str, Any]]:
    query = select(CareRow).where(CareRow.device == device).order_by(CareRow.name)
    names = ("name", "cycles", "counted_until", "done_at", "told_at", "off")
    return [{name: getattr(row, name) for name in names} for row in await read.session.scalars(query)]
