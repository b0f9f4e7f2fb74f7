"""What API and desk ask for. Takes a session, gives the frozen values of `trivet.cases.views`; never writes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich, views
from trivet.cases.evidence import view_evidence
from trivet.store.tables import (
    RESOLVED,
    CaseEventRow,
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


async def queue(session: AsyncSession, *, include_resolved: bool = False) -> list[views.CaseRow]:
    """Open cases, hazards first, then by severity and state, the newest change first among equals."""
    query = select(CaseRecord)
    if not include_resolved:
        query = query.where(CaseRecord.state != RESOLVED)
    rows = await _rows(session, (await session.scalars(query)).all())
    rows.sort(key=lambda row: row.updated_at, reverse=True)
    rows.sort(key=lambda row: (not row.hazard, row.severity, _STATE_ORDER[row.state]))
    return rows


async def case(session: AsyncSession, case_id: int) -> views.CaseView | None:
    record = await session.get(CaseRecord, case_id)
    if record is None:
        return None
    [row] = await _rows(session, [record])
    appliance = await device(session, record.device)
    assert appliance is not None  # foreign key
    catalogue = (await _catalogues(session, {record.catalogue}))[record.catalogue]
    code = catalogue.code(record.event)
    triage = record.triage_json
    return views.CaseView(
        row=row,
        device=appliance.device,
        owner=appliance.device.owner,
        code=record.code,
        event=catalogue.events[record.event].name,
        text=code.text if code else {},
        technician=code.technician if code else {},
        status=record.status,
        status_bits=[name for bit, name in enumerate(_STATUS_BITS) if record.status >> bit & 1],
        evidence=view_evidence(record.evidence_json, catalogue) if record.evidence_json else None,
        quarantined=[
            views.Function(function.name, function.text, function.hazardous)
            for index, function in enumerate(catalogue.functions)
            if record.inhibited >> index & 1
        ],
        causes=_causes(record, catalogue),
        confidence=record.confidence,
        sensor_doubt=record.sensor_doubt,
        sensor_why=list(triage.get("sensor_why", [])),
        next_step=_next_step(record, catalogue),
        timeline=await _timeline(session, case_id),
    )


async def devices(session: AsyncSession) -> list[views.DeviceView]:
    return await _devices(session, (await session.scalars(select(DeviceRow).order_by(DeviceRow.id))).all())


async def device(session: AsyncSession, device_id: str) -> views.DeviceDetail | None:
    """One appliance with all its cases and its newest messages."""
    record = await session.get(DeviceRow, device_id)
    if record is None:
        return None
    [view] = await _devices(session, [record])
    query = select(CaseRecord).where(CaseRecord.device == device_id).order_by(CaseRecord.updated_at.desc())
    newest = select(MessageRow).where(MessageRow.device == device_id)
    newest = newest.order_by(MessageRow.boot.desc(), MessageRow.seq.desc()).limit(MAX_MESSAGES)
    return views.DeviceDetail(
        device=view,
        cases=await _rows(session, (await session.scalars(query)).all()),
        messages=[_message(row) for row in await session.scalars(newest)],
    )


async def change_id(session: AsyncSession) -> str:
    """A text that differs after every change that a page may show: poll it, reload when it differs."""
    events = await session.scalar(select(func.max(CaseEventRow.id)))
    updated = await session.scalar(select(func.max(CaseRecord.updated_at)))
    seen, count = (await session.execute(select(func.max(DeviceRow.last_seen_at), func.count()))).one()
    revoked = await session.scalar(select(func.count()).where(DeviceRow.revoked_at.is_not(None)))
    linked = await session.scalar(select(func.count()).where(DeviceRow.connected))
    owned = await session.scalar(select(func.count()).where(OwnershipRow.until.is_(None)))
    return f"{events or 0}.{_stamp(updated)}.{_stamp(seen)}.{count}.{revoked}.{linked}.{owned}"


def _stamp(value: dt.datetime | None) -> str:
    return "0" if value is None else f"{value.timestamp():.6f}"


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


async def _rows(session: AsyncSession, records: Sequence[CaseRecord]) -> list[views.CaseRow]:
    devices_ = {record.device for record in records}
    names = {row.id: row for row in await session.scalars(select(DeviceRow).where(DeviceRow.id.in_(devices_)))}
    owners = await _owners(session, devices_)
    catalogues = await _catalogues(session, {record.catalogue for record in records})
    return [
        _row(record, names[record.device], owners.get(record.device), catalogues[record.catalogue])
        for record in records
    ]


def _row(
    record: CaseRecord, appliance: DeviceRow, owner: views.Owner | None, catalogue: rich.Catalogue
) -> views.CaseRow:
    code = catalogue.code(record.event)
    cause = catalogue.cause(record.event, record.first_cause)
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
        first_cause=record.first_cause,
        first_cause_text=cause.text if cause else {},
        confidence=record.confidence,
        sensor_doubt=record.sensor_doubt,
        next_step=record.next_step,
        opened_at=record.opened_at,
        updated_at=record.updated_at,
        occurrences=record.occurrences,
    )


def _part(catalogue: rich.Catalogue, number: str | None) -> views.Part | None:
    part = catalogue.part(number)
    return None if part is None else views.Part(part.number, part.text, part.price, part.van)


def _causes(record: CaseRecord, catalogue: rich.Catalogue) -> list[views.Cause]:
    found = []
    for ranked in record.triage_json.get("causes", []):
        cause = catalogue.cause(record.event, ranked["name"])
        if cause is not None:
            part = _part(catalogue, cause.part)
            found.append(views.Cause(cause.name, cause.text, cause.kind, ranked["probability"], part, ranked["why"]))
    return found


def _next_step(record: CaseRecord, catalogue: rich.Catalogue) -> views.NextStep:
    step = record.triage_json.get("next_step", {})
    return views.NextStep(
        name=record.next_step,
        text=step.get("text", ""),
        part=_part(catalogue, step.get("part")),
        needs_human=step.get("needs_human", False),
    )


async def _timeline(session: AsyncSession, case_id: int) -> list[views.TimelineEntry]:
    query = select(CaseEventRow).where(CaseEventRow.case == case_id).order_by(CaseEventRow.at, CaseEventRow.id)
    return [views.TimelineEntry(row.at, row.actor, row.kind, row.text) for row in await session.scalars(query)]


async def _devices(session: AsyncSession, records: Sequence[DeviceRow]) -> list[views.DeviceView]:
    wanted = {record.id for record in records}
    owners = await _owners(session, wanted)
    open_cases = Counter(
        await session.scalars(
            select(CaseRecord.device).where(CaseRecord.device.in_(wanted), CaseRecord.state != RESOLVED)
        )
    )
    refused = Counter(await session.scalars(select(RefusedRow.device).where(RefusedRow.device.in_(wanted))))
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
        )
        for record in records
    ]


def _message(row: MessageRow) -> views.MessageView:
    return views.MessageView(
        boot=row.boot,
        seq=row.seq,
        kind=ids.KIND_NAMES.get(row.kind, str(row.kind)),
        purpose=ids.PURPOSE_NAMES[row.purpose],
        received_at=row.received_at,
        size=len(row.raw),
    )
