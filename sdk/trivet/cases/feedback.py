"""The owner's answer to whether it is mended. Takes their hand on a case, keeps the answer once, puts it onto the
timeline; a no opens the case again and calls a person, whatever anybody reported before. It teaches no weights: what
the cause was is a technician's word.
"""

from __future__ import annotations

from sqlalchemy import select

from trivet.cases import asked, work
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Hand, tell
from trivet.store.tables import ONGOING, RESOLVED, CaseRecord, utcnow

MAX_WORDS = 2000


async def answer(hand: Hand, *, fixed: bool, words: str) -> None:
    """`words`: theirs, if any. Raises CaseError "not-asked" where nothing stands to be answered."""
    session, number, _, actor = hand
    case = await work.record(session, number)
    row = await asked.open_question(session, case)
    if row is None:
        raise CaseError("not-asked", f"Nothing is asked about case {number}: it is open, or was answered already.")
    row.answered_at, row.fixed, row.words = utcnow(), fixed, words.strip()[:MAX_WORDS]
    case.updated_at = utcnow()
    text = "The owner says that it is mended" if fixed else "The owner says that it is not mended"
    tell(session, number, actor, "feedback", text, why=row.words, fixed=fixed)
    if not fixed:
        await _again(hand, case)
    await session.flush()


async def _again(hand: Hand, case: CaseRecord) -> None:
    """Open, and a person must look at it now; where another case of the same fault is open, that one."""
    session, number, terms, actor = hand
    same = (CaseRecord.device == case.device, CaseRecord.code == case.code, CaseRecord.id != number)
    other = await session.scalar(select(CaseRecord.id).where(*same, CaseRecord.state != RESOLVED))
    if other is None:
        case.state = ONGOING
        await work.begun(session, case, terms, utcnow())
        upto = [case.last_boot, case.last_seq]
        tell(session, number, actor, "reopened", "Opened again: the owner says that it is not mended", upto=upto)
    target = case if other is None else await work.record(session, other)
    row = await work.of(session, target, terms)
    if not row.escalated:
        row.escalated = True
        tell(
            session, target.id, actor, "escalated", f"Not mended, says the owner in case {number}: a person looks at it"
        )
