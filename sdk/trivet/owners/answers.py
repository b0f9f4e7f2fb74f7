"""An owner's word on a step, and on a visit. Takes a transaction, the terms and who they are, writes it; a no to a step
takes the visit that was booked for it back too, so that nobody comes whom the owner does not want. CaseError says what
does not follow; an appliance or case that is not theirs is never touched.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import proposals, steps
from trivet.cases.problem import CaseError
from trivet.cases.terms import Terms
from trivet.cases.timeline import Actor, Hand
from trivet.owners import looks
from trivet.owners.own import own
from trivet.store.cases import ProposalRow
from trivet.store.tables import CaseRecord
from trivet.store.visits import BOOKED, VisitRow
from trivet.visits import book

UNSAID = "No reason given."  # a no needs none


async def hand_of(session: AsyncSession, terms: Terms, owner: int, device: str, case: int) -> Hand:
    """Their hand on one of their cases. Raises CaseError "no-such-case" for everything else, whatever it is."""
    mine = await own(session, owner, device)
    record = await session.get(CaseRecord, case)
    theirs = record is not None and mine is not None and record.device == device
    if not theirs or (
        mine is not None and mine.after is not None and record is not None and record.opened_at <= mine.after
    ):
        raise CaseError("no-such-case", f"{device} has no case {case}.")
    return Hand(session, case, terms, Actor("owner", looks.name_of(owner)))


async def answer(hand: Hand, number: int, act: str, why: str) -> None:
    """`act`: one of proposals.OWNERS. Raises CaseError."""
    why = why.strip() or UNSAID
    row = await proposals.decide(hand, number, act, why)
    if act == proposals.DECLINE and row.step == steps.VISIT:
        await _nobody_comes(hand, row, why)


async def _nobody_comes(hand: Hand, row: ProposalRow, why: str) -> None:
    query = select(VisitRow.id).where(VisitRow.case == row.case, VisitRow.state == BOOKED)
    for visit in (await hand.session.scalars(query)).all():
        await book.cancel(hand, visit, why)


async def cancel(hand: Hand, visit: int, why: str) -> None:
    """Nobody comes. Raises CaseError where it is not booked any more."""
    await book.cancel(hand, visit, why.strip() or UNSAID)
