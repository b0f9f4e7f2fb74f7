"""What a person may choose from when they work on a case: parts with price and warranty, self-tests, causes, fixes,
people, queues, tiers. Takes a `Reading` and a case, gives frozen values; never writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import views, warranty, works
from trivet.cases.judge import catalogue_of
from trivet.cases.proposals import FIXES
from trivet.cases.terms import TIERS, Terms
from trivet.cases.work import WORKING
from trivet.consent.access import Reading
from trivet.store.tables import CaseRecord, LoginRow


@dataclass(frozen=True)
class Named:
    """A name of the catalogue and its texts by language."""

    name: str
    text: views.Texts


@dataclass(frozen=True)
class Choices:
    """Of one case. `fixes`: what an appliance does from afar."""

    parts: list[warranty.Standing]
    routines: list[Named]
    causes: list[Named]
    fixes: list[str]
    people: list[str]  # logins that work on cases
    queues: list[str]
    tiers: list[int]


async def choices(read: Reading, number: int, terms: Terms) -> Choices | views.Withheld | None:
    """`Withheld` when its owner's consent does not cover the case now; None where there is none."""
    case = await works.seen(read, number)
    if not isinstance(case, CaseRecord):
        return case
    catalogue, code = await catalogue_of(read.session, case)
    return Choices(
        parts=await works.standings(read, case, catalogue, terms),
        routines=[Named(one.name, one.text) for one in catalogue.routines],
        causes=[Named(one.name, one.text) for one in code.causes],
        fixes=list(FIXES),
        people=await people(read.session),
        queues=list(terms.queues),
        tiers=list(TIERS),
    )


async def people(session: AsyncSession) -> list[str]:
    """Logins that may have a case, by name."""
    query = select(LoginRow.user).where(LoginRow.role.in_(WORKING)).order_by(LoginRow.user)
    return list(await session.scalars(query))
