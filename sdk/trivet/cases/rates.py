"""How good the desk is: first guesses that were right, visits that mended at once, visits that found nothing. Takes a
session and which outcomes are meant, gives counts and shares; nothing of an owner is in them.

Names as the service trade has them: first-time-fix rate, no-fault-found rate. Precision is that of the first cause,
over the outcomes that named a cause or ruled one out. What owners answered after a closing stands beside, and changes
none of the others.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.history import FIXED, NOTHING_FOUND, WRONG_PART
from trivet.cases.outcomes import SENSOR
from trivet.store.cases import FeedbackRow, OutcomeRow


@dataclass(frozen=True)
class Rates:
    """Shares are None where nothing was counted."""

    outcomes: int
    judged: int  # named a cause, or ruled one out
    right: int  # the first cause was it
    visits: int
    first_visits: int  # first attempts at a case with somebody there
    first_time_fixed: int
    nothing_found: int  # visits that found no fault
    precision: float | None
    first_time_fix: float | None
    no_fault_found: float | None
    asked: int  # owners, after a closing
    answered: int
    said_fixed: int  # of those: it is mended
    fixed_by_owner: float | None  # said_fixed / answered


async def rates(
    session: AsyncSession, *, model: str | None = None, code: str | None = None, since: dt.datetime | None = None
) -> Rates:
    """Of all outcomes that stand, or of one model, one code, since a time."""
    row = OutcomeRow
    right = and_(row.kind != WRONG_PART, row.cause == row.predicted)
    mended = and_(row.visit, row.attempt == 1, row.kind.in_((FIXED, SENSOR)))
    query = select(
        func.count(),
        _count(or_(row.kind == NOTHING_FOUND, row.cause.is_not(None))),
        _count(right),
        _count(row.visit.is_(True)),
        _count(and_(row.visit, row.attempt == 1)),
        _count(mended),
        _count(and_(row.visit, row.kind == NOTHING_FOUND)),
    ).where(row.withdrawn_at.is_(None))
    for column, wanted in ((row.model, model), (row.code, code)):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(row.at >= since)
    whole, judged, good, visits, firsts, at_once, nothing = (await session.execute(query)).one()
    asked, answered, fixed = await _feedback(session, model, code, since)
    return Rates(
        asked=asked,
        answered=answered,
        said_fixed=fixed,
        fixed_by_owner=_share(fixed, answered),
        outcomes=whole,
        judged=judged,
        right=good,
        visits=visits,
        first_visits=firsts,
        first_time_fixed=at_once,
        nothing_found=nothing,
        precision=_share(good, judged),
        first_time_fix=_share(at_once, firsts),
        no_fault_found=_share(nothing, visits),
    )


async def _feedback(
    session: AsyncSession, model: str | None, code: str | None, since: dt.datetime | None
) -> tuple[int, int, int]:
    """Questions, answers, and of these how often it was mended."""
    row = FeedbackRow
    query = select(func.count(), func.count(row.answered_at), _count(row.fixed.is_(True)))
    for column, wanted in ((row.model, model), (row.code, code)):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(row.asked_at >= since)
    asked, answered, fixed = (await session.execute(query)).one()
    return asked, answered, fixed


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
