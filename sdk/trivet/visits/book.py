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

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import proposals, warranty, work
from trivet.cases.judge import catalogue_of
from trivet.cases.problem import CaseError
from trivet.cases.steps import VISIT
from trivet.cases.terms import Terms
from trivet.cases.timeline import Actor, Hand, tell
from trivet.store.cases import ProposalRow
from trivet.store.tables import CaseRecord, utcnow
from trivet.store.visits import BOOKED, CANCELLED, DONE, AreaRow, VisitRow
from trivet.visits.quote import Basis, Quote, plain, quote
from trivet.visits.windows import Area, Window, fits, free, serving

BOOKING = work.WORKING  # roles that may
_AGREED = (proposals.APPROVED, proposals.ACCEPTED)


@dataclass(frozen=True)
class Wish:
    """What the owner said yes to. `agreed_minor`: the price in cents that they were told. `parts`: empty means those of
    the proposal."""

    window: Window
    postcode: str
    address: str
    agreed_minor: int
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class Offer:
    """What can be said to the owner: by whom, what it costs, when."""

    area: Area
    quote: Quote
    windows: list[Window]


async def offer(hand: Hand, postcode: str, *, now: dt.datetime | None = None) -> Offer:
    """Free windows and the price for a case with an approved visit. CaseError says why nobody is sent."""
    session, case_id, terms, _ = hand
    case = await work.record(session, case_id, open_=True)
    proposal = await _proposal(session, case)
    row, area = await _area(session, postcode)
    priced = await _quote(session, case, row, _parts(case, proposal), terms, now or utcnow())
    return Offer(area, priced, free(area, await _taken(session, area), now or utcnow()))


async def free_in(session: AsyncSession, area: str, *, now: dt.datetime | None = None) -> list[Window]:
    """Windows of an area that can still be had, the soonest first; none where there is no such area."""
    row = await session.get(AreaRow, area)
    if row is None:
        return []
    return free(area_of(row), await _taken(session, area_of(row)), now or utcnow())


async def book(hand: Hand, wish: Wish, *, now: dt.datetime | None = None) -> VisitRow:
    """The visit, booked; the proposal is accepted with it. CaseError says why not."""
    session, case_id, terms, actor = hand
    now = now or utcnow()
    case = await work.record(session, case_id, open_=True)  # whoever books for it waits for whoever does
    proposal = await _proposal(session, case)
    other = select(VisitRow.id).where(VisitRow.case == case_id, VisitRow.state == BOOKED)
    if await session.scalar(other) is not None:
        raise CaseError("booked-already", f"a visit to case {case_id} is booked already: move that one")
    row, area = await _area(session, wish.postcode, lock=True)
    priced = await _quote(session, case, row, wish.parts or _parts(case, proposal), terms, now)
    if priced.total_minor != wish.agreed_minor:
        told = plain(wish.agreed_minor, row.currency)
        costs = plain(priced.total_minor, row.currency)
        raise CaseError("price", f"it costs {costs} and the owner agreed to {told}: tell them the price, then book")
    visit = VisitRow(
        uid=str(uuid.uuid4()),
        case=case.id,
        device=case.device,
        address=wish.address,
        parts_json=[part.number for part in priced.parts],
        price_minor=priced.total_minor,
        currency=row.currency,
        warranty=priced.warranty,
        agreed_at=now,
        why=proposal.why,
        booked_by=actor.who,
    )
    await _seat(session, visit, area, wish.window, now)
    session.add(visit)
    if proposal.state == proposals.APPROVED:
        await proposals.decide(hand, proposal.id, proposals.ACCEPT, f"{_when(visit)}, {_price(visit)}")
    parts = f" with {', '.join(visit.parts_json)}" if visit.parts_json else ""
    _tell(session, visit, actor, "visit_booked", f"Visit on {_when(visit)}{parts}; {_price(visit)}")
    await session.flush()
    return visit


async def move(hand: Hand, number: int, window: Window, *, now: dt.datetime | None = None) -> VisitRow:
    """To another window of the same area, at the same price."""
    session, actor = hand.session, hand.actor
    visit = await _booked(hand, number)
    row = await session.get_one(AreaRow, visit.area, with_for_update=True)
    if (visit.day, visit.hour) == (window.day, window.hour):
        return visit
    before = _when(visit)
    await _seat(session, visit, area_of(row), window, now or utcnow())
    visit.sequence += 1
    _tell(session, visit, actor, "visit_moved", f"Visit moved by {actor.who} from {before} to {_when(visit)}")
    await session.flush()
    return visit


async def cancel(hand: Hand, number: int, why: str) -> VisitRow:
    """Its window is free again; another visit can be booked."""
    session, actor = hand.session, hand.actor
    visit = await _booked(hand, number)
    visit.state, visit.place, visit.seat = CANCELLED, None, None
    visit.sequence += 1
    visit.ended_at, visit.ended_by = utcnow(), actor.who
    _tell(session, visit, actor, "visit_cancelled", f"Visit on {_when(visit)} cancelled by {actor.who}", why=why)
    await session.flush()
    return visit


async def done(hand: Hand, number: int) -> VisitRow:
    """The technician was there: the proposal is done. What came of it is the case's outcome."""
    session, actor = hand.session, hand.actor
    visit = await _booked(hand, number)
    visit.state, visit.ended_at, visit.ended_by = DONE, utcnow(), actor.who
    _tell(session, visit, actor, "visit_done", f"Visit on {_when(visit)} done")
    proposal = await session.scalar(_approved(visit.case))
    if proposal is not None and proposal.state == proposals.ACCEPTED:
        await proposals.decide(hand, proposal.id, proposals.FINISH, f"Visit on {_when(visit)}")
    await session.flush()
    return visit


def area_of(row: AreaRow) -> Area:
    closed = frozenset(dt.date.fromisoformat(day) for day in row.closed_json)
    return Area(row.name, row.postcodes_json, row.zone, row.a_day, row.a_window, row.weekdays, closed)


def _approved(case: int) -> Select[ProposalRow]:
    query = select(ProposalRow).where(ProposalRow.case == case, ProposalRow.step == VISIT)
    return query.where(ProposalRow.state.in_(_AGREED)).order_by(ProposalRow.id.desc()).limit(1)


async def _proposal(session: AsyncSession, case: CaseRecord) -> ProposalRow:
    found = await session.scalar(_approved(case.id))
    if found is None:
        says = case.triage_json.get("next_step", {}).get("text", "")
        raise CaseError("not-approved", f"no visit to case {case.id} is approved: propose one. Triage says: {says}")
    return found


def _parts(case: CaseRecord, proposal: ProposalRow) -> list[str]:
    """To bring along: what triage names beside the proposal's part."""
    if proposal.part is None:
        return []
    beside = [str(one) for one in case.triage_json.get("next_step", {}).get("parts", [])]
    return beside if proposal.part in beside else [proposal.part]


async def _area(session: AsyncSession, postcode: str, *, lock: bool = False) -> tuple[AreaRow, Area]:
    rows = {row.name: row for row in await session.scalars(select(AreaRow))}
    area = serving(map(area_of, rows.values()), postcode)
    if area is None:
        raise CaseError("no-area", f"no area serves the postcode {postcode}: add one, or correct the postcode")
    if lock:  # whoever books in this area waits for whoever does
        await session.refresh(rows[area.name], with_for_update=True)
    return rows[area.name], area


async def _quote(  # noqa: PLR0917
    session: AsyncSession, case: CaseRecord, row: AreaRow, parts: Sequence[str], terms: Terms, now: dt.datetime
) -> Quote:
    catalogue, _ = await catalogue_of(session, case)
    registered = await warranty.registered(session, case.device)
    return quote(catalogue, parts, Basis(row.fee_minor, row.currency, terms, registered, now.date()))


async def _taken(session: AsyncSession, area: Area) -> Counter[Window]:
    query = select(VisitRow.day, VisitRow.hour).where(VisitRow.area == area.name, VisitRow.place.is_not(None))
    return Counter(Window(day, hour) for day, hour in await session.execute(query))


async def _seat(session: AsyncSession, visit: VisitRow, area: Area, window: Window, now: dt.datetime) -> None:
    """The lowest place of the day and seat of the window that nobody has."""
    query = select(VisitRow).where(VisitRow.area == area.name, VisitRow.day == window.day, VisitRow.place.is_not(None))
    others = [one for one in await session.scalars(query) if one.id != visit.id]
    if not fits(area, Counter(Window(one.day, one.hour) for one in others), window, now):
        raise CaseError("taken", f"{window.day} at {window.hour:02d}:00 cannot be had: take a free one")
    visit.area, visit.day, visit.hour = area.name, window.day, window.hour
    visit.place = _lowest(one.place for one in others)
    visit.seat = _lowest(one.seat for one in others if one.hour == window.hour)


def _lowest(taken: Iterable[int | None]) -> int:
    used = set(taken)
    return next(number for number in range(1, len(used) + 2) if number not in used)


async def _booked(hand: Hand, number: int) -> VisitRow:
    visit = await hand.session.get(VisitRow, number, with_for_update=True)
    if visit is None or visit.case != hand.case:
        raise CaseError("no-such-visit", f"There is no visit {number} to case {hand.case}.")
    if visit.state != BOOKED:
        raise CaseError("ended", f"Visit {number} is {visit.state} already.")
    return visit


def _when(visit: VisitRow) -> str:
    return f"{visit.day} between {visit.hour:02d}:00 and {visit.hour + 2:02d}:00"


def _price(visit: VisitRow) -> str:
    if visit.warranty:
        return "under warranty, nothing to pay"
    return f"the owner agreed to {plain(visit.price_minor, visit.currency)}"


def _tell(session: AsyncSession, visit: VisitRow, actor: Actor, kind: str, text: str, **more: str) -> None:
    tell(session, visit.case, actor, kind, text, visit=visit.uid, **more)
