"""What API and desk ask for. Takes a `Reading` (who reads, for which purpose, why), gives the frozen values of
`trivet.cases.views`; never writes, and never shows what its owner's consent does not cover now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import pieces, rich, views
from trivet.cases.coverage import covered, withheld
from trivet.cases.evidence import view_evidence
from trivet.cases.triage import NOTHING, triage
from trivet.consent import security, state
from trivet.consent.access import Reading
from trivet.store.cases import CaseWorkRow
from trivet.store.privacy import SecurityEventRow
from trivet.store.tables import (
    RESOLVED,
    CaseRecord,
    CatalogueRow,
    DeviceRow,
    MessageRow,
    OwnerRow,
    OwnershipRow,
    RefusedRow,
)

_STATUS_BITS = (
    "test failed",
    "test failed this operation cycle",
    "pending",
    "confirmed",
    "test not completed since last clear",
    "test failed since last clear",
    "test not completed this operation cycle",
    "warning indicator requested",
)
_STATE_ORDER = {"escalating": 0, "regressed": 1, "new": 2, "ongoing": 3, "resolved": 4}
MAX_MESSAGES = 200
_CHUNK = 5000  # numbers in one question: a database takes no more of them than 32,766


async def queue(read: Reading, *, include_resolved: bool = False) -> list[views.CaseRow]:
    """Open cases, hazards first, then by severity and state, the newest change first among equals. What a withdrawn
    consent covered is not among them."""
    query = select(CaseRecord)
    if not include_resolved:
        query = query.where(CaseRecord.state != RESOLVED)
    records = await covered(read, (await read.session.scalars(query)).all())
    for record in records:
        read.note(record.device, "queue", record.purpose)
    rows = await _rows(read, records)
    rows.sort(key=lambda row: row.updated_at, reverse=True)
    rows.sort(key=lambda row: (not row.hazard, row.severity, _STATE_ORDER[row.state]))
    return rows


async def case(read: Reading, case_id: int) -> views.CaseView | views.Withheld | None:
    """One case; `Withheld` when its owner's consent does not cover it now."""
    record = await read.session.get(CaseRecord, case_id)
    if record is None:
        return None
    hidden = await withheld(read, record)
    if hidden is not None:
        return hidden
    read.note(record.device, f"case {case_id}", record.purpose)
    [row] = await _rows(read, [record])
    [appliance] = await _devices(read, [await read.session.get_one(DeviceRow, record.device)])
    catalogue = (await _catalogues(read.session, {record.catalogue}))[record.catalogue]
    code = catalogue.code(record.event)
    open_ = read.covers(record.device, ids.SERVICE)
    judged = _judged(record, catalogue, open_=open_)
    return views.CaseView(
        row=row,
        device=appliance,
        owner=appliance.owner,
        code=record.code,
        event=catalogue.events[record.event].name,
        text=code.text if code else {},
        technician=code.technician if code else {},
        status=record.status,
        status_bits=status_bits(record.status),
        evidence=view_evidence(record.evidence_json, catalogue) if record.evidence_json and open_ else None,
        withheld=bool(record.evidence_json) and not open_,
        quarantined=pieces.functions(catalogue, record.inhibited, off=True),
        working=pieces.functions(catalogue, record.inhibited, off=False),
        impact=pieces.impact(catalogue, record.inhibited),
        causes=pieces.causes(record, catalogue, judged),
        confidence=row.confidence,
        sensor_doubt=row.sensor_doubt,
        sensor_why=list(judged.get("sensor_why", [])),
        conflicts=list(judged.get("conflicts", [])),
        next_step=pieces.next_step(row, catalogue, judged),
        timeline=await pieces.timeline(read.session, case_id, open_=open_),
    )


async def devices(read: Reading) -> list[views.DeviceView]:
    """Every appliance, by its id."""
    records = (await read.session.scalars(select(DeviceRow).order_by(DeviceRow.id))).all()
    for record in records:
        read.note(record.id, "list of appliances")
    return await _devices(read, records)


async def device(read: Reading, device_id: str) -> views.DeviceDetail | None:
    """One appliance with its cases and newest messages as far as they are covered, and what went wrong with it."""
    record = await read.session.get(DeviceRow, device_id)
    if record is None:
        return None
    [view] = await _devices(read, [record])
    read.note(device_id, "appliance")
    query = select(CaseRecord).where(CaseRecord.device == device_id).order_by(CaseRecord.updated_at.desc())
    newest = select(MessageRow).where(MessageRow.device == device_id)
    newest = newest.where(MessageRow.purpose.in_([p for p in range(8) if read.covers(device_id, p)]))
    newest = newest.order_by(MessageRow.boot.desc(), MessageRow.seq.desc()).limit(MAX_MESSAGES)
    standing = await state.of(read.session, device_id)
    assert standing is not None  # it is enrolled
    return views.DeviceDetail(
        device=view,
        consents=standing.purposes,
        cases=await _rows(read, await covered(read, (await read.session.scalars(query)).all())),
        messages=[_message(row) for row in await read.session.scalars(newest)],
        security=[_event(row) for row in await security.of(read.session, device_id)],
    )


def status_bits(status: int) -> list[str]:
    """The bits that are set in a status byte, by name (ISO 14229-1, annex D.2)."""
    return [name for bit, name in enumerate(_STATUS_BITS) if status >> bit & 1]


def _judged(record: CaseRecord, catalogue: rich.Catalogue, *, open_: bool) -> dict[str, Any]:
    """The triage as stored; without consent to service, as it would be had no evidence ever come."""
    if open_:
        return record.triage_json
    code = catalogue.code(record.event)
    return triage(catalogue, code, NOTHING).as_json() if code else {}


async def _catalogues(session: AsyncSession, wanted: set[int]) -> dict[int, rich.Catalogue]:
    query = select(CatalogueRow).where(CatalogueRow.id.in_(wanted))
    return {row.id: rich.load(row.rich_json) for row in await session.scalars(query)}


async def _owners(session: AsyncSession, ids_: set[str]) -> dict[str, views.Owner]:
    query = (
        select(OwnershipRow.device, OwnerRow)
        .join(OwnerRow, OwnerRow.id == OwnershipRow.owner)
        .where(OwnershipRow.until.is_(None), OwnershipRow.device.in_(ids_))
    )
    return {
        device_id: views.Owner(owner.id, owner.name, owner.phone, owner.email, owner.language)
        for device_id, owner in await session.execute(query)
    }


async def _rows(read: Reading, records: Sequence[CaseRecord]) -> list[views.CaseRow]:
    session = read.session
    devices_ = {record.device for record in records}
    names = {row.id: row for row in await session.scalars(select(DeviceRow).where(DeviceRow.id.in_(devices_)))}
    owners = await _owners(session, devices_)
    catalogues = await _catalogues(session, {record.catalogue for record in records})
    works = await _works(session, [record.id for record in records])
    return [
        _row(
            record,
            names[record.device],
            owners.get(record.device),
            catalogues[record.catalogue],
            works.get(record.id),
            open_=read.covers(record.device, ids.SERVICE),
        )
        for record in records
    ]


def _row(
    record: CaseRecord,
    appliance: DeviceRow,
    owner: views.Owner | None,
    catalogue: rich.Catalogue,
    work: CaseWorkRow | None,
    *,
    open_: bool,
) -> views.CaseRow:
    code = catalogue.code(record.event)
    judged = None if open_ or code is None else triage(catalogue, code, NOTHING)
    first = record.first_cause
    if judged is not None:
        first = judged.causes[0].cause.name if judged.causes else None
    cause = catalogue.cause(record.event, first)
    return views.CaseRow(
        id=record.id,
        state=record.state,
        device=record.device,
        device_name=appliance.name or appliance.model,
        model=appliance.model,
        owner=owner.name if owner else None,
        code=record.code,
        title={lang: text.get("title", "") for lang, text in code.text.items()} if code else {},
        ne107=record.ne107,
        severity=record.severity,
        hazard=record.hazard,
        first_cause=first,
        first_cause_text=cause.text if cause else {},
        confidence=judged.confidence if judged else record.confidence,
        sensor_doubt=judged.sensor_doubt if judged else record.sensor_doubt,
        next_step=judged.step.name if judged else record.next_step,
        opened_at=record.opened_at,
        updated_at=record.updated_at,
        occurrences=record.occurrences,
        assigned=work.owner if work else None,
        tier=work.tier if work else 1,
        queue=work.queue if work else "",
        escalated=work.escalated if work else record.hazard,
        resolve_by=work.resolve_by if work else None,
    )


async def _works(session: AsyncSession, cases: Sequence[int]) -> dict[int, CaseWorkRow]:
    found: dict[int, CaseWorkRow] = {}
    for start in range(0, len(cases), _CHUNK):
        query = select(CaseWorkRow).where(CaseWorkRow.case.in_(cases[start : start + _CHUNK]))
        found |= {row.case: row for row in await session.scalars(query)}
    return found


async def _devices(read: Reading, records: Sequence[DeviceRow]) -> list[views.DeviceView]:
    session = read.session
    wanted = {record.id for record in records}
    owners = await _owners(session, wanted)
    await read.ask(wanted)
    for record in records:
        if record.id in owners:
            read.note(record.id, "contact")
    open_cases, withheld = Counter[str](), Counter[str]()
    query = select(CaseRecord.device, CaseRecord.purpose).where(CaseRecord.state != RESOLVED)
    for device_id, purpose in await session.execute(query.where(CaseRecord.device.in_(wanted))):
        (open_cases if read.covers(device_id, purpose) else withheld)[device_id] += 1
    refused = await _count(session, RefusedRow, wanted)
    events = await _count(session, SecurityEventRow, wanted)
    return [
        views.DeviceView(
            id=record.id,
            model=record.model,
            name=record.name,
            firmware=record.firmware,
            catalogue=record.catalogue,
            consent={name: bool(record.consent_mask >> purpose & 1) for purpose, name in enumerate(ids.PURPOSE_NAMES)},
            connected=record.connected,
            enrolled_at=record.enrolled_at,
            revoked_at=record.revoked_at,
            last_seen_at=record.last_seen_at,
            last_boot=record.last_boot,
            owner=owners.get(record.id),
            open_cases=open_cases[record.id],
            refused=refused[record.id],
            withheld=withheld[record.id],
            security=events[record.id],
        )
        for record in records
    ]


async def _count(session: AsyncSession, table: type[Any], wanted: set[str]) -> Counter[str]:
    query = select(table.device, func.count()).where(table.device.in_(wanted)).group_by(table.device)
    counts: Counter[str] = Counter()
    for device_id, count in await session.execute(query):
        counts[device_id] = count
    return counts


def _event(row: SecurityEventRow) -> views.SecurityEvent:
    return views.SecurityEvent(row.at, row.last_at, row.count, row.kind, row.reason, row.words)


def _message(row: MessageRow) -> views.MessageView:
    return views.MessageView(
        boot=row.boot,
        seq=row.seq,
        kind=ids.KIND_NAMES.get(row.kind, str(row.kind)),
        purpose=ids.PURPOSE_NAMES[row.purpose],
        received_at=row.received_at,
        size=len(row.raw),
    )
