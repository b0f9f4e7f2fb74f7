"""Letters as they come in: kept once, landed on their case's timeline or kept waiting for a person. Takes a transaction
and a letter, gives what became of it. A letter's text is text: nothing in it is ever followed or rendered.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.timeline import Actor, tell
from trivet.consent import state
from trivet.consent.access import Reading
from trivet.inbound.finding import Hints, find, hints
from trivet.inbound.problem import LetterError
from trivet.store.letters import DISMISSED, LANDED, WAITING, LetterRow
from trivet.store.tables import CaseRecord, utcnow

KINDS = ("mention", "mail", "chat", "call")
MAX_TEXT, MAX_SUBJECT, MAX_SENDER = 20_000, 500, 254


@dataclass(frozen=True)
class Letter:
    """`case`, `device`, `code`: what the sending system knows; else they are looked for in subject and text."""

    kind: str
    sender: str
    text: str
    subject: str = ""
    case: int | None = None
    device: str | None = None
    code: str | None = None
    actor: str | None = None  # agent: written by somebody at the vendor, in a ticket
    said: Hints = field(init=False)

    def __post_init__(self) -> None:
        for name in ("sender", "subject", "text"):  # PostgreSQL keeps no NUL in a text
            object.__setattr__(self, name, getattr(self, name).replace("\0", "\N{REPLACEMENT CHARACTER}"))
        words = f"{self.subject}\n{self.text}"
        object.__setattr__(self, "said", hints(words, self.case, self.device, self.code))


@dataclass(frozen=True)
class Kept:
    """A letter, and what became of it."""

    id: int
    state: str  # waiting | landed | dismissed
    case: int | None
    source: str
    at: dt.datetime
    kind: str
    sender: str
    subject: str
    text: str
    how: str
    candidates: list[int]
    decided_by: str


async def receive(session: AsyncSession, source: str, message: str, letter: Letter) -> tuple[Kept, bool]:
    """What became of it, and whether it is new: the same message of the same source again changes nothing."""
    known = await session.scalar(select(LetterRow).where(LetterRow.source == source, LetterRow.message == message))
    if known is not None:
        return _kept(known), False
    found = await find(session, letter.sender, letter.said, utcnow())
    row = LetterRow(
        source=source,
        message=message,
        kind=letter.kind,
        sender=letter.sender,
        subject=letter.subject,
        text=letter.text,
        state=WAITING,
        how=found.how,
        candidates_json=found.candidates,
    )
    session.add(row)
    await session.flush()
    if found.case is not None:
        _land(session, row, found.case, letter.actor or ("owner" if found.owners else "system"))
    return _kept(row), True


def _land(session: AsyncSession, row: LetterRow, case: CaseRecord, actor: str) -> None:
    row.state, row.case = LANDED, case.id
    text = f"{row.subject}\n{row.text}" if row.subject else row.text
    who = Actor(actor, "owner" if actor == "owner" else row.source)
    tell(session, case.id, who, row.kind, text, letter=row.id, source=row.source)
    case.updated_at = utcnow()


async def listed(read: Reading, which: str, before: int | None, limit: int) -> list[Kept]:
    """Letters in a state (waiting, landed, dismissed), newest first; `before` continues a list. Those that landed are
    shown as far as the consent of their case's owner covers them now, who sees that somebody looked."""
    query = select(LetterRow, CaseRecord).outerjoin(CaseRecord, CaseRecord.id == LetterRow.case)
    query = query.where(LetterRow.state == which)
    if before is not None:
        query = query.where(LetterRow.id < before)
    rows = (await read.session.execute(query.order_by(LetterRow.id.desc()).limit(limit))).all()
    await read.ask({case.device for _, case in rows if case is not None})
    found = []
    for row, case in rows:
        if case is not None:
            if not read.covers(case.device, case.purpose):
                continue
            read.note(case.device, f"letter {row.id}", case.purpose)
        found.append(_kept(row))
    return found


def _kept(row: LetterRow) -> Kept:
    return Kept(
        id=row.id,
        state=row.state,
        case=row.case,
        source=row.source,
        at=row.at,
        kind=row.kind,
        sender=row.sender,
        subject=row.subject,
        text=row.text,
        how=row.how,
        candidates=list(row.candidates_json),
        decided_by=row.decided_by,
    )


async def land(session: AsyncSession, number: int, case: int, who: str) -> Kept:
    """A person decides where a waiting letter belongs. LetterError."""
    row = await _waiting(session, number)
    record = await session.get(CaseRecord, case)
    if record is None:
        raise LetterError("no-such-case", f"There is no case {case}.")
    masks = await state.masks(session, {record.device})
    if not masks[record.device] >> record.purpose & 1:
        raise LetterError("consent-withdrawn", f"The consent of its owner does not cover case {case} now.")
    _land(session, row, record, "owner")
    row.decided_by, row.decided_at = who, utcnow()
    return _kept(row)


async def dismiss(session: AsyncSession, number: int, why: str, who: str) -> Kept:
    """A person decides that a waiting letter belongs to no case. LetterError."""
    row = await _waiting(session, number)
    row.state, row.how = DISMISSED, why
    row.decided_by, row.decided_at = who, utcnow()
    return _kept(row)


async def _waiting(session: AsyncSession, number: int) -> LetterRow:
    row = await session.get(LetterRow, number, with_for_update=True)
    if row is None:
        raise LetterError("no-such-letter", f"There is no letter {number}.")
    if row.state != WAITING:
        raise LetterError("decided", f"Letter {number} is {row.state} already.")
    return row


async def stamp(session: AsyncSession) -> str:
    """A text that differs after every letter that came and every decision; nothing of a letter is in it."""
    query = select(func.count(), func.max(LetterRow.id), func.max(LetterRow.decided_at), func.count(LetterRow.case))
    return " ".join(str(one) for one in (await session.execute(query)).one())


async def waiting(session: AsyncSession) -> int:
    """How many wait for a person."""
    query = select(func.count()).select_from(LetterRow).where(LetterRow.state == WAITING)
    return await session.scalar(query) or 0
