"""What people did with a case, as they look it up. Takes a `Reading`, gives frozen values; never writes. What a
decision rested on is shown as far as its owner's consent covers the evidence now; the decision itself always is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from trivet_wire import ids

from trivet.cases import coverage, views, warranty
from trivet.cases.judge import catalogue_of
from trivet.cases.proposals import acts
from trivet.cases.rich import Catalogue
from trivet.cases.terms import Terms
from trivet.cases.work import of
from trivet.consent.access import Reading
from trivet.store.cases import CaseTestRow, CaseWorkRow, OutcomeRow, ProposalRow
from trivet.store.tables import CaseRecord, utcnow


@dataclass(frozen=True)
class Clock:
    """Times are UTC. `late`: the promise was broken, or is being broken now."""

    started_at: dt.datetime
    respond_by: dt.datetime
    responded_at: dt.datetime | None
    respond_late: bool
    resolve_by: dt.datetime
    resolved_at: dt.datetime | None
    resolve_late: bool
    waits_since: dt.datetime | None  # the second one stands: its owner's word is waited for


@dataclass(frozen=True)
class Proposal:
    """`acts`: what can be done with it now. `basis`: empty where consent does not cover the evidence."""

    id: int
    step: str
    part: str | None
    routine: str | None
    fix: str | None
    price: str | None
    warranty: str | None
    why: str
    basis: dict[str, Any]
    by: str
    at: dt.datetime
    state: str
    decided_by: str | None
    decided_at: dt.datetime | None
    acts: list[str]


@dataclass(frozen=True)
class Test:
    routine: str
    passed: bool
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Outcome:
    """`stands`: it was not taken back."""

    id: int
    at: dt.datetime
    by: str
    kind: str
    cause: str | None
    part: str | None
    visit: bool
    attempt: int
    stands: bool


@dataclass(frozen=True)
class Work:
    """One case's people and decisions; each list oldest first."""

    case: int
    owner: str | None
    tier: int
    queue: str
    escalated: bool
    clock: Clock
    proposals: list[Proposal]
    tests: list[Test]
    outcomes: list[Outcome]


async def work(read: Reading, number: int, terms: Terms) -> Work | views.Withheld | None:
    """Of one case; `Withheld` when its owner's consent does not cover it now."""
    case = await seen(read, number)
    if not isinstance(case, CaseRecord):
        return case
    row = await of(read.session, case, terms, keep=False)
    return Work(
        case=number,
        owner=row.owner,
        tier=row.tier,
        queue=row.queue,
        escalated=row.escalated,
        clock=_clock(row, utcnow()),
        proposals=await proposals(read, case),
        tests=[Test(one.routine, one.passed, one.by, one.at) for one in await _rows(read, CaseTestRow, number)],
        outcomes=[_outcome(one) for one in await _rows(read, OutcomeRow, number)],
    )


async def parts(read: Reading, number: int, terms: Terms) -> list[warranty.Standing] | views.Withheld | None:
    """Every part of the appliance's catalogue with its price, and what the owner of this case would pay."""
    case = await seen(read, number)
    if not isinstance(case, CaseRecord):
        return case
    catalogue, _ = await catalogue_of(read.session, case)
    return await standings(read, case, catalogue, terms)


async def seen(read: Reading, number: int) -> CaseRecord | views.Withheld | None:
    """A case that somebody looks at, noted in its owner's log; `Withheld` when their consent does not cover it now."""
    case = await read.session.get(CaseRecord, number)
    if case is None:
        return None
    withheld = await coverage.withheld(read, case)
    if withheld is not None:
        return withheld
    read.note(case.device, f"case {number}", case.purpose)
    return case


async def standings(read: Reading, case: CaseRecord, catalogue: Catalogue, terms: Terms) -> list[warranty.Standing]:
    """Every part of the appliance, with what its owner would pay today."""
    registered, today = await warranty.registered(read.session, case.device), utcnow().date()
    return [warranty.standing(part, terms, registered, today) for part in catalogue.parts]


async def proposals(read: Reading, case: CaseRecord) -> list[Proposal]:
    """Everything that was proposed about it."""
    await read.ask({case.device})
    open_ = read.covers(case.device, ids.SERVICE)
    return [_proposal(one, open_=open_) for one in await _rows(read, ProposalRow, case.id)]


async def proposals_of(
    read: Reading, device: str, number: int, *, after: dt.datetime | None = None
) -> list[Proposal] | None:
    """Of one case of this appliance; None where it has none of that number, or it was an earlier owner's (`after`)."""
    case = await read.session.get(CaseRecord, number)
    if case is None or case.device != device or (after is not None and case.opened_at <= after):
        return None
    return await proposals(read, case)


async def _rows(read: Reading, table: type[Any], case: int) -> list[Any]:
    query = select(table).where(table.case == case).order_by(table.at)
    return list(await read.session.scalars(query))


def _clock(row: CaseWorkRow, now: dt.datetime) -> Clock:
    return Clock(
        started_at=row.started_at,
        respond_by=row.respond_by,
        responded_at=row.responded_at,
        respond_late=(row.responded_at or row.resolved_at or now) > row.respond_by,
        resolve_by=row.resolve_by,
        resolved_at=row.resolved_at,
        resolve_late=(row.resolved_at or row.waits_since or now) > row.resolve_by,
        waits_since=row.waits_since,
    )


def _proposal(row: ProposalRow, *, open_: bool) -> Proposal:
    own = [name for name in Proposal.__dataclass_fields__ if name not in ("basis", "acts")]
    values = {name: getattr(row, name) for name in own}
    return Proposal(**values, basis=dict(row.basis_json) if open_ else {}, acts=acts(row))


def _outcome(row: OutcomeRow) -> Outcome:
    names = ("id", "at", "by", "kind", "cause", "part", "visit", "attempt")
    return Outcome(**{name: getattr(row, name) for name in names}, stands=row.withdrawn_at is None)
