"""Messages become cases: opened once per appliance and root cause, kept up to date, reopened when the fault returns.

Takes one stored message at a time, inside the transaction that stored it and with its appliance's row locked; gives
the case it belongs to. Nothing here depends on the order in which messages arrive: a case is the fold of its messages
by (boot, seq) (`trivet.cases.story`), and one that comes late has its case told again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import proposals, retell, work
from trivet.cases.judge import judge
from trivet.cases.rich import Catalogue, Code
from trivet.cases.story import Observation, Order, Story, fold, observation, step
from trivet.cases.terms import DEFAULT, Terms
from trivet.store.tables import RESOLVED, CaseRecord, utcnow

__all__ = ["Observation", "observation", "observe"]

REOPEN = dt.timedelta(days=90)  # a fault that returns within this is the same case


class _About(NamedTuple):
    """What a message is looked at with."""

    catalogue: Catalogue
    code: Code
    terms: Terms


async def observe(
    session: AsyncSession, seen: Observation, catalogue: Catalogue, terms: Terms = DEFAULT
) -> CaseRecord | None:
    """Opens or updates the case of this message; None when it concerns none (a fault not yet confirmed)."""
    code = catalogue.code(seen.event)
    if code is None:
        return None
    about = _About(catalogue, code, terms)
    query = select(CaseRecord).where(CaseRecord.device == seen.device, CaseRecord.code == code.code)
    cases = (await session.scalars(query.order_by(CaseRecord.id))).all()
    newest = cases[-1] if cases else None
    if newest is not None and _same(newest, seen):
        await _update(session, newest, seen, about, after=_end(cases[:-1]))
    elif seen.status & ids.CONFIRMED:
        newest = await _open(session, seen, about, after=_end(cases))
    else:
        newest = None
    return newest


def _same(case: CaseRecord, seen: Observation) -> bool:
    """Whether the message is of this case: it is open, was resolved not long ago, or is of later than the message."""
    if case.state != RESOLVED or seen.at <= (case.last_boot, case.last_seq):
        return True
    return utcnow() - case.updated_at < REOPEN or seen.boot == case.operation


def _end(cases: Sequence[CaseRecord]) -> Order:
    """Up to where the messages are those of earlier cases."""
    return max(((case.last_boot, case.last_seq) for case in cases), default=retell.START)


async def _open(session: AsyncSession, seen: Observation, about: _About, after: Order) -> CaseRecord:
    """With all that came before it was opened: evidence, and reports that are newer than the one which opens it."""
    code = about.code
    made = fold(await retell.stored(session, seen.device, code.code, after), (), code)
    assert made is not None  # this message is among them
    story, entries = made
    case = CaseRecord(
        device=seen.device,
        code=code.code,
        event=seen.event,
        catalogue=seen.catalogue,
        purpose=code.purpose,
        severity=code.severity,
        hazard=code.hazard,
        ne107=code.ne107,
        **vars(story),
    )
    session.add(case)
    await session.flush()
    for entry in entries:
        retell.write(session, case.id, entry)
    await session.flush()
    await work.begun(session, case, about.terms, case.opened_at)
    if case.state == RESOLVED:
        await work.ended(session, case, about.terms, utcnow())
    await judge(session, case, about.catalogue, code)
    return case


async def _update(session: AsyncSession, case: CaseRecord, seen: Observation, about: _About, after: Order) -> None:
    before, evidence = case.state, (case.evidence_boot, case.evidence_seq)
    if seen.at > (case.last_boot, case.last_seq):
        story = Story.of(case)
        told = step(story, seen, about.code)
        for entry in told:
            retell.write(session, case.id, entry)
    else:
        made = await retell.told_again(session, case, about.code, after)
        if made is None:
            _count(case, seen)
            return
        story, entries = made
        told = await retell.align(session, case.id, entries)
    story.onto(case)
    case.updated_at = utcnow()
    await _moved(session, case, before, about.terms)
    failed = any(one.back and one.order == story.last for one in told) and await proposals.returned(session, case)
    if failed or evidence != (case.evidence_boot, case.evidence_seq):
        await judge(session, case, about.catalogue, about.code)


def _count(case: CaseRecord, seen: Observation) -> None:
    """A late message of a case whose other messages are no longer all there."""
    case.first_occurrence = min(case.first_occurrence, seen.occurrence)
    case.occurrences = max(case.occurrences, seen.occurrence)
    case.updated_at = utcnow()


async def _moved(session: AsyncSession, case: CaseRecord, before: str, terms: Terms) -> None:
    """The desk's clock stops when it is resolved, and runs anew when it is back."""
    if case.state == RESOLVED and before != RESOLVED:
        await work.ended(session, case, terms, utcnow())
    elif case.state != RESOLVED and before == RESOLVED:
        await work.begun(session, case, terms, utcnow())
