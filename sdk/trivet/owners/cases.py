"""An owner's cases: what happened, what is proposed and what they said to it, what became of it. Takes a `Reading`
under the owner's own right and an `Own`, gives frozen values, the open ones first; never shows what an earlier owner
had, nor what the desk only weighs among its own people.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from trivet.cases import asked, proposals, rich, works
from trivet.consent.access import Reading
from trivet.owners import health
from trivet.owners.own import Own
from trivet.store.cases import CaseWorkRow, OutcomeRow
from trivet.store.tables import RESOLVED, CaseRecord, CatalogueRow, utcnow

SHOWN = dt.timedelta(days=90)  # how long a closed case stays on the page
MOST = 20  # closed ones
# Between people of the desk: what they refused or took back before anybody was asked.
_INSIDE = (proposals.REFUSED, proposals.WITHDRAWN)
_LIVE = (proposals.OPEN, proposals.APPROVED, proposals.ACCEPTED, proposals.ORDERED)

Texts = dict[str, str]


@dataclass(frozen=True)
class Offer:
    """A step that is proposed. `part_text`, `routine_text`: by language. `answers`: what its owner can say to it now,
    of accept and decline."""

    id: int
    step: str
    state: str
    why: str
    price: str | None
    warranty: str | None  # covered | over | unknown; None where no part is meant
    part: str | None
    part_text: Texts
    routine_text: Texts
    at: dt.datetime
    decided_at: dt.datetime | None
    answers: list[str]


@dataclass(frozen=True)
class OwnCase:
    """`outcome`: one of cases.outcomes.KINDS once somebody said what it was, else None."""

    trouble: health.Trouble
    offers: list[Offer]
    closed_at: dt.datetime | None
    outcome: str | None
    asked: bool  # whether it is mended: the one question
    fixed: bool | None  # what they last answered

    @property
    def live(self) -> bool:
        """Something is proposed, decided or being done."""
        return any(one.state in _LIVE for one in self.offers)

    @property
    def declined(self) -> bool:
        """Their last word on what was proposed is a no."""
        return bool(self.offers) and self.offers[-1].state == proposals.DECLINED

    @property
    def number(self) -> int:
        return self.trouble.case

    @property
    def open(self) -> bool:
        return self.closed_at is None


async def of(read: Reading, own: Own) -> list[OwnCase]:
    """Open ones as `health.troubles` sorts them, then those that were closed of late, the newest first."""
    session = read.session
    query = select(CaseRecord, CatalogueRow.rich_json).join(CatalogueRow, CatalogueRow.id == CaseRecord.catalogue)
    query = query.where(CaseRecord.device == own.device)
    if own.after is not None:
        query = query.where(CaseRecord.opened_at > own.after)
    open_ = query.where(CaseRecord.state != RESOLVED)
    open_ = open_.order_by(CaseRecord.hazard.desc(), CaseRecord.severity, CaseRecord.opened_at.desc())
    closed = query.where(CaseRecord.state == RESOLVED, CaseRecord.updated_at > utcnow() - SHOWN)
    closed = closed.order_by(CaseRecord.updated_at.desc()).limit(MOST)
    rows = [*(await session.execute(open_)).all(), *(await session.execute(closed)).all()]
    return [await _case(read, record, rich.load(catalogue)) for record, catalogue in rows]


async def _case(read: Reading, record: CaseRecord, catalogue: rich.Catalogue) -> OwnCase:
    found = await works.proposals(read, record)
    closed_at = None
    if record.state == RESOLVED:
        work = await read.session.get(CaseWorkRow, record.id)
        closed_at = (work.resolved_at if work else None) or record.updated_at
    answer = await asked.answered(read.session, record.id)
    return OwnCase(
        trouble=health.trouble(record, catalogue),
        offers=[_offer(one, catalogue) for one in found if one.state not in _INSIDE],
        closed_at=closed_at,
        outcome=await _outcome(read, record.id) if closed_at is not None else None,
        asked=await asked.open_question(read.session, record) is not None,
        fixed=answer.fixed if answer else None,
    )


async def _outcome(read: Reading, case: int) -> str | None:
    query = select(OutcomeRow.kind).where(OutcomeRow.case == case, OutcomeRow.withdrawn_at.is_(None))
    return await read.session.scalar(query.order_by(OutcomeRow.id.desc()).limit(1))


def _offer(one: works.Proposal, catalogue: rich.Catalogue) -> Offer:
    part = catalogue.part(one.part)
    routine = next((each for each in catalogue.routines if each.name == one.routine), None)
    return Offer(
        id=one.id,
        step=one.step,
        state=one.state,
        why=one.why,
        price=one.price,
        warranty=one.warranty,
        part=one.part,
        part_text=part.text if part else {},
        routine_text=routine.text if routine else {},
        at=one.at,
        decided_at=one.decided_at,
        answers=[act for act in proposals.OWNERS if act in one.acts],
    )
