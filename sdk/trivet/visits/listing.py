"""Who comes when. Takes a `Reading`, gives frozen values, and notes in the owner's log that somebody looked. A visit is
what its owner agreed to: it is shown to whoever works on it, and to them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, select
from trivet_wire import ids

from trivet.consent import owners
from trivet.consent.access import Reading
from trivet.store.tables import CaseRecord
from trivet.store.visits import AreaRow, VisitRow
from trivet.visits.windows import LENGTH, Window


@dataclass(frozen=True)
class Visit:
    """`begins`, `ends`: in UTC; `day` and `hour` as the area's clock shows them. `price_minor`: cents."""

    id: int
    uid: str  # of its calendar entry
    sequence: int  # of the entry's newest version
    case: int
    code: str
    device: str
    area: str
    zone: str
    day: dt.date
    hour: int
    begins: dt.datetime
    ends: dt.datetime
    state: str
    address: str
    parts: list[str]
    price_minor: int
    currency: str
    warranty: bool
    why: str
    booked_by: str
    booked_at: dt.datetime
    ended_at: dt.datetime | None
    ended_by: str | None


async def one(read: Reading, number: int) -> Visit | None:
    found = await _visits(read, _query().where(VisitRow.id == number))
    return found[0] if found else None


async def of_case(read: Reading, case: int) -> list[Visit]:
    """Every visit to a case, the newest first."""
    return await _visits(read, _query().where(VisitRow.case == case).order_by(VisitRow.id.desc()))


async def of_device(read: Reading, device: str, *, after: dt.datetime | None = None) -> list[Visit]:
    """Every visit to an appliance, the newest first; what was booked by `after` is left out: an earlier owner's."""
    query = _query().where(VisitRow.device == device)
    if after is not None:
        query = query.where(VisitRow.booked_at > after)
    return await _visits(read, query.order_by(VisitRow.id.desc()))


async def of_day(read: Reading, area: str, day: dt.date) -> list[Visit]:
    """A technicians' day: what is booked and was done, in order."""
    query = _query().where(VisitRow.area == area, VisitRow.day == day, VisitRow.place.is_not(None))
    return await _visits(read, query.order_by(VisitRow.hour, VisitRow.seat))


async def language_of(read: Reading, device: str) -> str:
    """Its owner's language; English where nobody owns it."""
    owner = await owners.present(read.session, device)
    return "en" if owner is None else owner.language


def _query() -> Select[VisitRow, str, str]:
    query = select(VisitRow, AreaRow.zone, CaseRecord.code)
    return query.join(AreaRow, AreaRow.name == VisitRow.area).join(CaseRecord, CaseRecord.id == VisitRow.case)


async def _visits(read: Reading, query: Select[VisitRow, str, str]) -> list[Visit]:
    found = []
    for row, zone, code in await read.session.execute(query):
        read.note(row.device, f"visit {row.id}", ids.SAFETY)
        found.append(_view(row, zone, code))
    return found


def _view(row: VisitRow, zone: str, code: str) -> Visit:
    begins = Window(row.day, row.hour).begins(zone).astimezone(dt.UTC)
    return Visit(
        id=row.id,
        uid=row.uid,
        sequence=row.sequence,
        case=row.case,
        code=code,
        device=row.device,
        area=row.area,
        zone=zone,
        day=row.day,
        hour=row.hour,
        begins=begins,
        ends=begins + LENGTH,
        state=row.state,
        address=row.address,
        parts=list(row.parts_json),
        price_minor=row.price_minor,
        currency=row.currency,
        warranty=row.warranty,
        why=row.why,
        booked_by=row.booked_by,
        booked_at=row.booked_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
