"""What outcomes taught, as stored. Takes a transaction, a model and a code, gives `Weights` and an appliance's
`History`; teaches one outcome, and forgets it again. Which outcome teaches what, `outcomes` says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.history import FIXED, NOTHING_FOUND, WRONG_PART, History
from trivet.cases.weights import REMEMBERED, Lesson, Weights, fit
from trivet.store.cases import CauseWeightRow, OutcomeRow, SharpnessRow
from trivet.store.tables import CaseRecord, utcnow

LOOK_BACK = dt.timedelta(days=90)  # of an appliance's own history
_ONE = 1


async def weights(session: AsyncSession, model: str, code: str) -> Weights:
    """Of one code of one model."""
    query = select(CauseWeightRow).where(CauseWeightRow.model == model, CauseWeightRow.code == code)
    counts = {row.cause: row.count for row in await session.scalars(query)}
    row = await session.get(SharpnessRow, _ONE, populate_existing=True)
    return Weights(counts, row.value if row is not None else 1.0)


async def history(session: AsyncSession, device: str, code: str) -> History:
    """What was done about this code on this appliance lately."""
    query = (
        select(OutcomeRow.kind, OutcomeRow.cause)
        .join(CaseRecord, CaseRecord.id == OutcomeRow.case)
        .where(CaseRecord.device == device, CaseRecord.code == code)
        .where(OutcomeRow.withdrawn_at.is_(None), OutcomeRow.at > utcnow() - LOOK_BACK)
        .order_by(OutcomeRow.id)
    )
    tried: dict[str, str] = {}
    nothing = 0
    for kind, cause in await session.execute(query):
        if kind == NOTHING_FOUND:
            nothing += 1
        elif cause is not None:
            tried[cause] = WRONG_PART if kind == WRONG_PART else FIXED
    return History(tried, nothing)


async def teach(session: AsyncSession, model: str, code: str, taught: Mapping[str, float], sign: int = 1) -> None:
    """Add an outcome to the weights (`sign` 1) or take it away (-1), then fit the sharpness anew."""
    for cause, count in taught.items():
        await _add(session, {"model": model, "code": code, "cause": cause}, sign * count)
    await session.flush()
    await _sharpen(session)


async def _add(session: AsyncSession, key: dict[str, str], count: float) -> None:
    """In one statement: two outcomes at once are both counted."""
    made = _insert(session)(CauseWeightRow).values(**key, count=count)
    await session.execute(
        made.on_conflict_do_update(index_elements=list(key), set_={"count": CauseWeightRow.count + count})
    )


async def _sharpen(session: AsyncSession) -> None:
    query = (
        select(OutcomeRow.stated_json, OutcomeRow.cause)
        .where(OutcomeRow.withdrawn_at.is_(None), OutcomeRow.cause.is_not(None), OutcomeRow.kind != WRONG_PART)
        .order_by(OutcomeRow.id.desc())
        .limit(REMEMBERED)
    )
    lessons = [Lesson(stated, cause) for stated, cause in await session.execute(query) if cause is not None]
    value = fit(lessons[::-1])
    new = {"value": value, "outcomes": len(lessons), "at": utcnow()}
    made = _insert(session)(SharpnessRow).values(id=_ONE, **new)
    await session.execute(made.on_conflict_do_update(index_elements=["id"], set_=new))


def _insert(session: AsyncSession) -> Any:
    """An INSERT that knows ON CONFLICT, of the database at hand."""
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
