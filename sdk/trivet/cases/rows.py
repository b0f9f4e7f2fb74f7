"""Lines of the queue. Takes a `Reading` and records that may be shown, gives `CaseRow`s; which may be shown was decided
before. What only evidence says stands in a line as far as its owner's consent to service covers it now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich, views
from trivet.cases.triage import NOTHING, triage
from trivet.consent.access import Reading
from trivet.store.cases import CaseWorkRow
from trivet.store.tables import CaseRecord, CatalogueRow, DeviceRow, OwnerRow, OwnershipRow

T = TypeVar("T")
CHUNK = 5000  # values in one question: a database takes no more of them than 32,766


async def rows(read: Reading, records: Sequence[CaseRecord]) -> list[views.CaseRow]:
    """In the order of the records."""
    session = read.session
    appliances = await _appliances(session, {record.device for record in records})
    holders = await owners(session, {record.device for record in records})
    known = await catalogues(session, {record.catalogue for record in records})
    works = await _works(session, [record.id for record in records])
    return [
        _row(
            record,
            appliances[record.device],
            holders.get(record.device),
            known[record.catalogue],
            works.get(record.id),
            open_=read.covers(record.device, ids.SERVICE),
        )
        for record in records
    ]


async def catalogues(session: AsyncSession, wanted: set[int]) -> dict[int, rich.Catalogue]:
    """By number."""
    query = select(CatalogueRow).where(CatalogueRow.id.in_(wanted))
    return {row.id: rich.load(row.rich_json) for row in await session.scalars(query)}


async def owners(session: AsyncSession, devices: Collection[str]) -> dict[str, views.Owner]:
    """The present owner of each appliance that has one."""
    found: dict[str, views.Owner] = {}
    for some in _chunks(sorted(devices)):
        query = select(OwnershipRow.device, OwnerRow).join(OwnerRow, OwnerRow.id == OwnershipRow.owner)
        query = query.where(OwnershipRow.until.is_(None), OwnershipRow.device.in_(some))
        for device, owner in await session.execute(query):
            found[device] = views.Owner(owner.id, owner.name, owner.phone, owner.email, owner.language)
    return found


async def _appliances(session: AsyncSession, devices: Collection[str]) -> dict[str, DeviceRow]:
    found: dict[str, DeviceRow] = {}
    for some in _chunks(sorted(devices)):
        found |= {row.id: row for row in await session.scalars(select(DeviceRow).where(DeviceRow.id.in_(some)))}
    return found


async def _works(session: AsyncSession, cases: Sequence[int]) -> dict[int, CaseWorkRow]:
    found: dict[int, CaseWorkRow] = {}
    for some in _chunks(cases):
        query = select(CaseWorkRow).where(CaseWorkRow.case.in_(some))
        found |= {row.case: row for row in await session.scalars(query)}
    return found


def _chunks(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]


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
        waits_since=work.waits_since if work else None,
    )
