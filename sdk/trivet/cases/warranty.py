"""Whether a part is under warranty. Takes the catalogue's part, the desk's terms and the day on which an owner first
registered the appliance, gives the standing and what the part would cost. It follows from these and nothing else: no
advice that an owner declined, no case and no outcome is ever looked at here.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.rich import Part
from trivet.cases.terms import Terms
from trivet.store.tables import OwnershipRow

COVERED, OVER, UNKNOWN = "covered", "over", "unknown"


@dataclass(frozen=True)
class Standing:
    """`until`: last day of the warranty. `price`: the part's own, with its currency; `owner_pays`: nothing under
    warranty, None where no price is known."""

    part: str
    text: dict[str, str]  # by language
    van: bool  # it is on every van
    warranty: str  # covered | over | unknown
    until: dt.date | None
    price: str | None
    owner_pays: str | None


def standing(part: Part, terms: Terms, registered: dt.date | None, today: dt.date) -> Standing:
    """`registered`: first registration by an owner; unknown without one, and then the price is shown."""
    months = terms.warranty_months if part.warranty_months is None else part.warranty_months
    word, until = holds(months, registered, today)
    free = word == COVERED and part.price is not None
    pays = _free(str(part.price)) if free else part.price
    return Standing(part.number, part.text, part.van, word, until, part.price, pays)


def holds(months: int, registered: dt.date | None, today: dt.date) -> tuple[str, dt.date | None]:
    """Covered, over or unknown, and the last day of it."""
    if registered is None:
        return UNKNOWN, None
    until = _months_later(registered, months)
    return COVERED if today <= until else OVER, until


async def registered(session: AsyncSession, device: str) -> dt.date | None:
    """The day on which an owner first registered the appliance."""
    since = await session.scalar(select(func.min(OwnershipRow.since)).where(OwnershipRow.device == device))
    return None if since is None else since.date()


def _free(price: str) -> str:
    """Nothing, in the price's own currency."""
    return " ".join(["0", *price.split()[1:]])


def _months_later(day: dt.date, months: int) -> dt.date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
