"""Books, moves and ends visits. Takes a transaction and a wish, gives the visit's row; every step stands on the case's
timeline. The rules that never bend: nobody is sent without evidence, and nothing is booked before the owner knows day
and price and says yes to both.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import rich
from trivet.store.tables import RESOLVED, CaseEventRow, CaseRecord, CatalogueRow, utcnow
from trivet.store.visits import BOOKED, CANCELLED, DONE, AreaRow, VisitRow
from trivet.visits.problem import VisitError
from trivet.visits.quote import Quote, plain, quote
from trivet.visits.windows import Area, Window, fits, free, serving

VISIT = "visit"  # the next step of a case that evidence sends somebody to
BOOKING = ("agent", "engineer", "admin")  # roles that may
_KEYS = uuid.UUID("6d2f6b0e-6a2b-4d86-9f36-0b3a52a3c8f1")


@dataclass(frozen=True)
class Wish:
    """What the owner said yes to. `agreed_minor`: the price in cents that they were told. `parts`: empty means the one
    that triage names. `key`: the same wish under the same key is booked once."""

    window: Window
    postcode: str
    address: str
    agreed_minor: int
    warranty: bool
    key: str
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class Offer:
    """What can be said to the owner: by whom, what it costs, when."""

    area: Area
    quote: Quote
    windows: list[Window]


async def offer(
    session: AsyncSession, case_id: int, postcode: str, *, warranty: bool, now: dt.datetime | None = None
) -> Offer:
    """Free windows and the price for a case. VisitError says why nobody is sent."""
    case = await _case(session, case_id)
    row, area = await _area(session, postcode)
    priced = await _quote(session, case, row, (), warranty=warranty)
    return Offer(area, priced, free(area, await _taken(session, area), now or utcnow()))


async def book(
    session: AsyncSession, case_id: int, wish: Wish, who: str, *, now: dt.datetime | None = None
) -> VisitRow:
    """The visit, booked; the one that this key booked before when it is asked again. VisitError says why not."""
    uid = str(uuid.uuid5(_KEYS, f"{case_id} {wish.key}"))
    await session.get(CaseRecord, case_id, with_for_update=True)  # whoever books for this case waits for whoever does
    before = await session.scalar(select(VisitRow).where(VisitRow.uid == uid))
    if before is not None:
        return _same(before, wish)
    case = await _case(session, case_id)
    other = select(VisitRow.id).where(VisitRow.case == case_id, VisitRow.state == BOOKED)
    if await session.scalar(other) is not None:
        raise VisitError("booked-already", f"a visit to case {case_id} is booked already: move that one")
    row, area = await _area(session, wish.postcode, lock=True)
    priced = await _quote(session, case, row, wish.parts, warranty=wish.warranty)
    if priced.total_minor != wish.agreed_minor:
        told = plain(wish.agreed_minor, row.currency)
        costs = plain(priced.total_minor, row.currency)
        raise VisitError("price", f"it costs {costs} and the owner agreed to {told}: tell them the price, then book")
    visit = VisitRow(
        uid=uid,
        case=case.id,
        device=case.device,
        address=wish.address,
        parts_json=[part.number for part in priced.parts],
        price_minor=priced.total_minor,
        currency=row.currency,
        warranty=wish.warranty,
        agreed_at=now or utcnow(),
        why=str(case.triage_json.get("next_step", {}).get("text", "")),
        booked_by=who,
    )
    await _seat(session, visit, area, wish.window, now or utcnow())
    session.add(visit)
    parts = f" with {', '.join(visit.parts_json)}" if visit.parts_json else ""
    _tell(session, visit, "visit booked", f"Visit on {_when(visit)}{parts}; the owner agreed to {_price(visit)}")
    await session.flush()
    return visit


async def move(
    session: AsyncSession, number: int, window: Window, who: str, *, now: dt.datetime | None = None
) -> VisitRow:
    """To another window of the same area, at the same price."""
    visit = await _booked(session, number)
    row = await session.get_one(AreaRow, visit.area, with_for_update=True)
    if (visit.day, visit.hour) == (window.day, window.hour):
        return visit
    before = _when(visit)
    await _seat(session, visit, area_of(row), window, now or utcnow())
    visit.sequence += 1
    _tell(session, visit, "visit moved", f"Visit moved by {who} from {before} to {_when(visit)}")
    await session.flush()
    return visit


async def cancel(
    session: AsyncSession, number: int, who: str, why: str, *, of: str | None = None, actor: str = "agent"
) -> VisitRow:
    """Its window is free again. `why` stands on the timeline. `of`: only a visit to this appliance."""
    visit = await _booked(session, number, of)
    visit.state, visit.place, visit.seat = CANCELLED, None, None
    visit.sequence += 1
    visit.ended_at, visit.ended_by = utcnow(), who
    _tell(session, visit, "visit cancelled", f"Visit on {_when(visit)} cancelled by {who}: {why}", actor=actor)
    await session.flush()
    return visit


async def done(session: AsyncSession, number: int, who: str) -> VisitRow:
    """The technician was there; what came of it is the case's outcome."""
    visit = await _booked(session, number)
    visit.state, visit.ended_at, visit.ended_by = DONE, utcnow(), who
    _tell(session, visit, "visit done", f"Visit on {_when(visit)} done", actor="technician")
    await session.flush()
    return visit


def area_of(row: AreaRow) -> Area:
    closed = frozenset(dt.date.fromisoformat(day) for day in row.closed_json)
    return Area(row.name, row.postcodes_json, row.zone, row.a_day, row.a_window, row.weekdays, closed)


async def _case(session: AsyncSession, number: int) -> CaseRecord:
    case = await session.get(CaseRecord, number)
    if case is None:
        raise VisitError("no-such-case", f"there is no case {number}")
    if case.state == RESOLVED:
        raise VisitError("case-closed", f"case {number} is resolved: nobody needs to come")
    if case.next_step != VISIT:
        says = case.triage_json.get("next_step", {}).get("text", "")
        raise VisitError("no-evidence", f"nothing speaks for a visit to case {number} yet. Next: {says}")
    return case


async def _area(session: AsyncSession, postcode: str, *, lock: bool = False) -> tuple[AreaRow, Area]:
    rows = {row.name: row for row in await session.scalars(select(AreaRow))}
    area = serving(map(area_of, rows.values()), postcode)
    if area is None:
        raise VisitError("no-area", f"no area serves the postcode {postcode}: add one, or correct the postcode")
    if lock:  # whoever books in this area waits for whoever does
        await session.refresh(rows[area.name], with_for_update=True)
    return rows[area.name], area


async def _quote(
    session: AsyncSession, case: CaseRecord, row: AreaRow, parts: Sequence[str], *, warranty: bool
) -> Quote:
    catalogue = rich.load((await session.get_one(CatalogueRow, case.catalogue)).rich_json)
    named = case.triage_json.get("next_step", {}).get("part")
    numbers = parts or ([str(named)] if named else [])
    return quote(catalogue, numbers, fee_minor=row.fee_minor, currency=row.currency, warranty=warranty)


async def _taken(session: AsyncSession, area: Area) -> Counter[Window]:
    query = select(VisitRow.day, VisitRow.hour).where(VisitRow.area == area.name, VisitRow.place.is_not(None))
    return Counter(Window(day, hour) for day, hour in await session.execute(query))


async def _seat(session: AsyncSession, visit: VisitRow, area: Area, window: Window, now: dt.datetime) -> None:
    """The lowest place of the day and seat of the window that nobody has."""
    query = select(VisitRow).where(VisitRow.area == area.name, VisitRow.day == window.day, VisitRow.place.is_not(None))
    others = [one for one in await session.scalars(query) if one.id != visit.id]
    if not fits(area, Counter(Window(one.day, one.hour) for one in others), window, now):
        raise VisitError("taken", f"{window.day} at {window.hour:02d}:00 cannot be had: take a free one")
    visit.area, visit.day, visit.hour = area.name, window.day, window.hour
    visit.place = _lowest(one.place for one in others)
    visit.seat = _lowest(one.seat for one in others if one.hour == window.hour)


def _lowest(taken: Iterable[int | None]) -> int:
    used = set(taken)
    return next(number for number in range(1, len(used) + 2) if number not in used)


async def _booked(session: AsyncSession, number: int, of: str | None = None) -> VisitRow:
    visit = await session.get(VisitRow, number, with_for_update=True)
    if visit is None or (of is not None and visit.device != of):
        raise VisitError("no-such-visit", f"there is no visit {number}")
    if visit.state != BOOKED:
        raise VisitError("ended", f"visit {number} is {visit.state} already")
    return visit


def _same(visit: VisitRow, wish: Wish) -> VisitRow:
    asked = (wish.window.day, wish.window.hour, wish.address, wish.warranty)
    if visit.sequence == 0 and asked != (visit.day, visit.hour, visit.address, visit.warranty):
        raise VisitError("key-used", "this key booked another visit: use a new one")
    return visit


def _when(visit: VisitRow) -> str:
    return f"{visit.day} between {visit.hour:02d}:00 and {visit.hour + 2:02d}:00"


def _price(visit: VisitRow) -> str:
    return "warranty, nothing to pay" if visit.warranty else plain(visit.price_minor, visit.currency)


def _tell(session: AsyncSession, visit: VisitRow, kind: str, text: str, *, actor: str = "agent") -> None:
    session.add(CaseEventRow(case=visit.case, actor=actor, kind=kind, text=text, data_json={"visit": visit.uid}))
