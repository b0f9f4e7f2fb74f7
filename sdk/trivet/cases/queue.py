"""The queue: which cases, in which order, page by page, and its figures. Takes a `Reading` and what is wanted, gives
`CaseRow`s; the database filters, sorts and cuts, so that a queue of any length costs a page of it. Never shows what an
owner's consent does not cover now, and never finds a case by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import join, outerjoin
from trivet_wire import ids

from trivet.cases import views
from trivet.cases.coverage import agreed, covered, covering
from trivet.cases.finding import matching
from trivet.cases.rows import rows
from trivet.consent.access import Reading
from trivet.store.cases import CaseWorkRow
from trivet.store.tables import (
    ESCALATING,
    NEW,
    ONGOING,
    REGRESSED,
    RESOLVED,
    CaseRecord,
    DeviceRow,
    OwnerRow,
    OwnershipRow,
    utcnow,
)

OPEN, ALL = "open", "all"
STATES = (OPEN, RESOLVED, ALL)
DOUBTED = 0.5  # from here on a sensor is in doubt
_RANK = {ESCALATING: 0, REGRESSED: 1, NEW: 2, ONGOING: 3, RESOLVED: 4}
_hazard_rank = case((CaseRecord.hazard, 0), else_=1)
_state_rank = case(_RANK, value=CaseRecord.state, else_=len(_RANK))
_order = (_hazard_rank, CaseRecord.severity, _state_rank, CaseRecord.updated_at.desc(), CaseRecord.id.desc())
_all = outerjoin(  # with appliance, who works on it, present owner
    outerjoin(
        outerjoin(
            join(CaseRecord, DeviceRow, DeviceRow.id == CaseRecord.device),
            CaseWorkRow,
            CaseWorkRow.case == CaseRecord.id,
        ),
        OwnershipRow,
        and_(OwnershipRow.device == CaseRecord.device, OwnershipRow.until.is_(None)),
    ),
    OwnerRow,
    OwnerRow.id == OwnershipRow.owner,
)
Position = tuple[int, int, int, dt.datetime, int]  # hazard, severity, state, updated, number


@dataclass(frozen=True)
class Wanted:
    """Which cases; None: whatever. `find`: words that must all stand in what a line is about. `assigned`: a login, or
    "" for what nobody has. `late`: later than promised."""

    state: str = OPEN
    find: str = ""
    queue: str | None = None
    tier: int | None = None
    assigned: str | None = None
    escalated: bool | None = None
    late: bool | None = None
    device: str | None = None


@dataclass(frozen=True)
class Cut:
    """One page of the queue. `after`: where the next begins; None on the last."""

    rows: list[views.CaseRow]
    after: Position | None


@dataclass(frozen=True)
class Figures:
    """Of all cases that are open and may be shown, and of all appliances."""

    open: int
    hazards: int
    sensors: int  # a sensor is in doubt
    late: int
    escalated: int
    mine: int  # of who reads
    online: int
    appliances: int


async def page(read: Reading, wanted: Wanted, limit: int, after: Position | None = None) -> Cut:
    """Hazards first, then by severity and state, the newest change first among equals."""
    query = (await _query(read, wanted)).order_by(*_order)
    if after is not None:
        query = query.where(_behind(after))
    records = (await read.session.scalars(query.limit(limit + 1))).all()
    last = records[limit - 1] if len(records) > limit else None
    return Cut(await _shown(read, records[:limit]), None if last is None else _position(last))


async def newest(read: Reading, wanted: Wanted, limit: int, before: int | None = None) -> list[views.CaseRow]:
    """By number, the highest first: a case that comes later never moves a page."""
    query = (await _query(read, wanted)).order_by(CaseRecord.id.desc())
    if before is not None:
        query = query.where(CaseRecord.id < before)
    return await _shown(read, (await read.session.scalars(query.limit(limit))).all())


async def everything(read: Reading, wanted: Wanted) -> list[views.CaseRow]:
    """The whole of it at once, in the order of `page`: for few cases."""
    query = (await _query(read, wanted)).order_by(*_order)
    return await _shown(read, (await read.session.scalars(query)).all())


async def figures(read: Reading) -> Figures:
    """Counts alone: nothing of an owner is in them."""
    query = select(
        func.count(),
        _count(CaseRecord.hazard.is_(True)),
        _count(and_(CaseRecord.sensor_doubt >= DOUBTED, agreed(read, ids.SERVICE))),
        _count(_late(utcnow())),
        _count(_escalated()),
        _count(CaseWorkRow.owner == read.access.who),
    ).select_from(_all)
    cases = (await read.session.execute(query.where(covering(read), CaseRecord.state != RESOLVED))).one()
    appliances = select(_count(DeviceRow.connected.is_(True)), func.count()).select_from(DeviceRow)
    online, whole = (await read.session.execute(appliances)).one()
    return Figures(*cases, online, whole)


async def _query(read: Reading, wanted: Wanted) -> Select[CaseRecord]:
    query = select(CaseRecord).select_from(_all).where(covering(read))
    if wanted.state != ALL:
        query = query.where((CaseRecord.state == RESOLVED) == (wanted.state == RESOLVED))
    for column, value in (
        (CaseRecord.device, wanted.device),
        (func.coalesce(CaseWorkRow.queue, ""), wanted.queue),
        (func.coalesce(CaseWorkRow.tier, 1), wanted.tier),
        (func.coalesce(CaseWorkRow.owner, ""), wanted.assigned),
    ):
        if value is not None:
            query = query.where(column == value)
    for condition, yes in ((_escalated(), wanted.escalated), (_late(utcnow()), wanted.late)):
        if yes is not None:
            query = query.where(condition if yes else ~condition)
    for condition in await matching(read, wanted.find):
        query = query.where(condition)
    return query


def _late(now: dt.datetime) -> ColumnElement[bool]:
    over = and_(
        CaseWorkRow.resolve_by.is_not(None), CaseWorkRow.resolve_by < func.coalesce(CaseWorkRow.waits_since, now)
    )
    return and_(CaseRecord.state != RESOLVED, func.coalesce(over, False))


def _escalated() -> ColumnElement[bool]:
    return func.coalesce(CaseWorkRow.escalated, CaseRecord.hazard).is_(True)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _position(record: CaseRecord) -> Position:
    return int(not record.hazard), record.severity, _RANK[record.state], record.updated_at, record.id


def _behind(after: Position) -> ColumnElement[bool]:
    """What stands behind a position in the order of `page`."""
    hazard, severity, state, updated, number = after
    newer = or_(CaseRecord.updated_at < updated, and_(CaseRecord.updated_at == updated, CaseRecord.id < number))
    same, worse = CaseRecord.severity == severity, CaseRecord.severity > severity
    within = or_(_state_rank > state, and_(_state_rank == state, newer))
    return or_(_hazard_rank > hazard, and_(_hazard_rank == hazard, or_(worse, and_(same, within))))


async def _shown(read: Reading, records: Sequence[CaseRecord]) -> list[views.CaseRow]:
    records = await covered(read, records)
    for record in records:
        read.note(record.device, "queue", record.purpose)
    return await rows(read, records)
