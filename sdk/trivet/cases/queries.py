"""What API and desk ask for. Takes a `Reading` (who reads, for which purpose, why), gives the frozen values of
`trivet.cases.views`; never writes, and never shows what its owner's consent does not cover now.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from trivet_wire import ids

from trivet.cases import pieces, rich, rows, views
from trivet.cases import queue as queues
from trivet.cases.appliances import shown
from trivet.cases.coverage import covered, withheld
from trivet.cases.evidence import view_evidence
from trivet.cases.triage import NOTHING, triage
from trivet.consent import security, state
from trivet.consent.access import Reading
from trivet.store.privacy import SecurityEventRow
from trivet.store.tables import (
    CaseRecord,
    DeviceRow,
    MessageRow,
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
MAX_MESSAGES = 200


async def queue(read: Reading, *, include_resolved: bool = False) -> list[views.CaseRow]:
    """Open cases, all at once, in the queue's order: `trivet.cases.queue` gives them page by page. What a withdrawn
    consent covered is not among them."""
    return await queues.everything(read, queues.Wanted(queues.ALL if include_resolved else queues.OPEN))


async def case(read: Reading, case_id: int) -> views.CaseView | views.Withheld | None:
    """One case; `Withheld` when its owner's consent does not cover it now."""
    record = await read.session.get(CaseRecord, case_id)
    if record is None:
        return None
    hidden = await withheld(read, record)
    if hidden is not None:
        return hidden
    read.note(record.device, f"case {case_id}", record.purpose)
    [row] = await rows.rows(read, [record])
    [appliance] = await shown(read, [await read.session.get_one(DeviceRow, record.device)])
    catalogue = (await rows.catalogues(read.session, {record.catalogue}))[record.catalogue]
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


async def device(read: Reading, device_id: str) -> views.DeviceDetail | None:
    """One appliance with its cases and newest messages as far as they are covered, and what went wrong with it."""
    record = await read.session.get(DeviceRow, device_id)
    if record is None:
        return None
    [view] = await shown(read, [record])
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
        cases=await rows.rows(read, await covered(read, (await read.session.scalars(query)).all())),
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
