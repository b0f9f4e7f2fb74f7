"""The areas that technicians serve: added, changed, listed. Takes a transaction and what an area is to be, gives it as
it is kept; never takes a visit away that is booked already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.problem import CaseError
from trivet.store.visits import AreaRow
from trivet.visits.windows import HOURS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Plan:
    """`postcodes`: beginnings; `fee_minor`: of coming at all, in cents of `currency` (ISO 4217)."""

    postcodes: Sequence[str]
    zone: str
    a_day: int
    a_window: int
    weekdays: Iterable[str] = WEEKDAYS[:5]
    closed: Iterable[dt.date] = field(default_factory=tuple)
    fee_minor: int = 0
    currency: str = "EUR"


@dataclass(frozen=True)
class Kept:
    """An area by its name."""

    name: str
    plan: Plan


async def every(session: AsyncSession) -> list[Kept]:
    """By name. Nothing of an owner is in them."""
    return [_kept(row) for row in await session.scalars(select(AreaRow).order_by(AreaRow.name))]


async def keep(session: AsyncSession, name: str, plan: Plan) -> Kept:
    """CaseError for a plan by which nobody could come."""
    row = await session.get(AreaRow, name, with_for_update=True)
    if row is None:
        row = AreaRow(name=name)
        session.add(row)
    row.postcodes_json = _postcodes(plan.postcodes)
    row.zone = _zone(plan.zone)
    row.a_day, row.a_window = plan.a_day, plan.a_window
    row.weekdays = _mask(plan.weekdays)
    row.closed_json = sorted({day.isoformat() for day in plan.closed})
    row.fee_minor, row.currency = plan.fee_minor, plan.currency
    if not 1 <= row.a_window <= row.a_day <= row.a_window * len(HOURS):
        most = f"{row.a_window} at once makes at most {row.a_window * len(HOURS)} a day"
        raise CaseError("quota", f"say how many visits at once and in a day, at least one: {most}")
    await session.flush()
    return _kept(row)


def _kept(row: AreaRow) -> Kept:
    plan = Plan(
        postcodes=row.postcodes_json,
        zone=row.zone,
        a_day=row.a_day,
        a_window=row.a_window,
        weekdays=[name for bit, name in enumerate(WEEKDAYS) if row.weekdays >> bit & 1],
        closed=[dt.date.fromisoformat(day) for day in row.closed_json],
        fee_minor=row.fee_minor,
        currency=row.currency,
    )
    return Kept(row.name, plan)


def _mask(days: Iterable[str]) -> int:
    mask = 0
    for day in days:
        if day not in WEEKDAYS:
            raise CaseError("no-such-day", f"there is no day {day!r}: use {', '.join(WEEKDAYS)}")
        mask |= 1 << WEEKDAYS.index(day)
    if not mask:
        raise CaseError("no-such-day", "name at least one working day")
    return mask


def _postcodes(starts: Sequence[str]) -> list[str]:
    plain = sorted({start.replace(" ", "").upper() for start in starts} - {""})
    if not plain:
        raise CaseError("no-postcodes", "name at least one beginning of a postcode, such as 10")
    return plain


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CaseError("no-such-zone", f"there is no time zone {name!r}: write it as Europe/Berlin") from error
