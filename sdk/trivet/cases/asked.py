"""The one question after a case was closed: is it mended? Takes a transaction and the case, keeps that it was asked;
says what stands open. Asked once for each closing on which somebody worked, of nobody while an earlier one
still stands, and never again: who does not answer is left in peace.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.cases import FeedbackRow, OutcomeRow
from trivet.store.tables import RESOLVED, CaseRecord, CatalogueRow, utcnow


async def ask(session: AsyncSession, case: CaseRecord) -> None:
    """The case was closed after somebody had worked on it. A question that still stands is not asked twice."""
    row = await _newest(session, case.id)
    if row is None or row.answered_at is not None:
        catalogue = await session.get_one(CatalogueRow, case.catalogue)
        row = FeedbackRow(case=case.id, model=catalogue.model, code=case.code, words="")
        session.add(row)
    row.asked_at = utcnow()
    query = select(OutcomeRow.kind).where(OutcomeRow.case == case.id, OutcomeRow.withdrawn_at.is_(None))
    row.outcome = await session.scalar(query.order_by(OutcomeRow.id.desc()).limit(1))
    await session.flush()


async def open_question(session: AsyncSession, case: CaseRecord) -> FeedbackRow | None:
    """What stands to be answered: nothing while the case is open again."""
    row = await _newest(session, case.id)
    return row if row is not None and row.answered_at is None and case.state == RESOLVED else None


async def answered(session: AsyncSession, case: int) -> FeedbackRow | None:
    """The newest answer."""
    query = select(FeedbackRow).where(FeedbackRow.case == case, FeedbackRow.answered_at.is_not(None))
    return await session.scalar(query.order_by(FeedbackRow.id.desc()).limit(1))


async def _newest(session: AsyncSession, case: int) -> FeedbackRow | None:
    query = select(FeedbackRow).where(FeedbackRow.case == case).order_by(FeedbackRow.id.desc()).limit(1)
    return await session.scalar(query)
