"""Steps that are proposed, and what people decide about them. Takes a transaction, a case and who acts; writes the
proposal and the timeline; sends nobody anywhere, and commands nothing: what an appliance does by itself it does within
a service session (`trivet.remote`).

Nothing that costs the owner money or time is done without their yes, and nothing at all without a person's. What an
owner declines changes nothing for them: it is kept so that nobody asks again, and the warranty never looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import steps, warranty, work
from trivet.cases.judge import DID_NOT_HELP, catalogue_of, found_of, judge
from trivet.cases.problem import CaseError
from trivet.cases.rich import Catalogue
from trivet.cases.timeline import SYSTEM, Actor, Hand, tell
from trivet.store.cases import CaseTestRow, ProposalRow
from trivet.store.tables import CaseRecord, utcnow

OPEN, APPROVED, ACCEPTED, ORDERED = "open", "approved", "accepted", "ordered"
DONE, REFUSED, DECLINED, WITHDRAWN = "done", "refused", "declined", "withdrawn"
STATES = (OPEN, APPROVED, ACCEPTED, ORDERED, DONE, DID_NOT_HELP, REFUSED, DECLINED, WITHDRAWN)
APPROVE, REFUSE, ACCEPT, DECLINE = "approve", "refuse", "accept", "decline"
WITHDRAW, REOPEN, FINISH = "withdraw", "reopen", "finish"
ACTS = (APPROVE, ACCEPT, FINISH, REOPEN, REFUSE, DECLINE, WITHDRAW)  # what goes on stands first: Enter means it
DESPITE = ("engineer", "admin")  # roles that may propose a visit against the rule
OWNERS = (ACCEPT, DECLINE)  # the owner's word: theirs, or told to the desk by them

# What each act makes of each state; whatever is not here is refused.
MOVES: Mapping[tuple[str, str], str] = {
    (OPEN, APPROVE): APPROVED,
    (OPEN, REFUSE): REFUSED,
    (OPEN, DECLINE): DECLINED,
    (OPEN, WITHDRAW): WITHDRAWN,
    (APPROVED, ACCEPT): ACCEPTED,
    (APPROVED, DECLINE): DECLINED,
    (APPROVED, WITHDRAW): WITHDRAWN,
    (APPROVED, FINISH): DONE,
    (ACCEPTED, DECLINE): DECLINED,
    (ACCEPTED, WITHDRAW): WITHDRAWN,
    (ACCEPTED, FINISH): DONE,
    (ORDERED, FINISH): DONE,
    (REFUSED, REOPEN): OPEN,
    (DECLINED, REOPEN): OPEN,
    (WITHDRAWN, REOPEN): OPEN,
}
FIXES = ids.FIXES[:-1]  # what an appliance does from afar, within a service session; the last takes one back
_SAID = {
    APPROVE: "approved it",
    REFUSE: "refused it",
    ACCEPT: "accepted it",
    WITHDRAW: "withdrew it",
    REOPEN: "put it up again",
    FINISH: "marked it as done",
}
_DECLINED = "declined, warranty unchanged"


@dataclass(frozen=True)
class Wish:
    """What somebody proposes. Without `step`: what triage says now. `despite`: an engineer's reason to propose a visit
    against the rule."""

    why: str
    step: str | None = None
    part: str | None = None
    routine: str | None = None
    fix: str | None = None
    despite: bool = False


async def propose(hand: Hand, wish: Wish) -> ProposalRow:
    """Put a step up for decision. Raises CaseError, also for a visit that evidence does not carry."""
    session, number, terms, actor = hand
    case = await work.record(session, number, open_=True)
    catalogue, code = await catalogue_of(session, case)
    found = await found_of(session, case, catalogue, code)
    now = steps.step(found)
    wish = wish if wish.step is not None else Wish(wish.why, now.name, now.part, now.routine, now.fix)
    _judge(catalogue, wish)
    if wish.step == steps.VISIT and not wish.despite and not steps.allows_visit(found, wish.part):
        raise CaseError("no-evidence", f"Nobody is sent yet. {now.text}")
    assert wish.step is not None
    row = ProposalRow(
        case=number,
        step=wish.step,
        part=wish.part,
        routine=wish.routine,
        fix=wish.fix,
        why=wish.why,
        basis_json=_basis(case, found, despite=wish.despite),
        by=actor.who,
        state=OPEN,
    )
    part = catalogue.part(wish.part)
    if part is not None:
        registered = await warranty.registered(session, case.device)
        stands = warranty.standing(part, terms, registered, utcnow().date())
        row.price, row.warranty = stands.owner_pays, stands.warranty
    session.add(row)
    await session.flush()
    await work.responded(session, case, terms)
    text = f"{actor.who} proposed: {_words(row)}"
    tell(session, number, actor, "proposed", text, why=wish.why, id=row.id, step=row.step, basis=row.basis_json)
    return row


async def decide(hand: Hand, proposal: int, act: str, why: str) -> ProposalRow:
    """One act of ACTS by a person. Raises CaseError for what does not follow from its state."""
    session, number, terms, actor = hand
    case = await work.record(session, number)
    row = await session.get(ProposalRow, proposal, with_for_update=True, populate_existing=True)
    if row is None or row.case != number:
        raise CaseError("no-such-proposal", f"Case {number} has no proposal {proposal}.")
    state = MOVES.get((row.state, act))
    if state is None or not _may_follow(row, act):
        raise CaseError("not-now", _cannot(row, act))
    row.state, row.decided_by, row.decided_at = state, actor.who, utcnow()
    await work.responded(session, case, terms)
    await work.waits(session, case, terms, yes=await _waits(session, number))
    said = _DECLINED if act == DECLINE else _SAID[act]
    text = f"{_words(row)}: {said}" if act == DECLINE else f"{actor.who} {said}: {_words(row)}"
    tell(session, number, actor, state if act != REOPEN else "reopened", text, why=why, id=row.id, act=act)
    await session.flush()
    return row


async def _waits(session: AsyncSession, case: int) -> bool:
    """Whether something that was approved waits for the owner's yes."""
    query = select(ProposalRow.id).where(ProposalRow.case == case, ProposalRow.state == APPROVED)
    return await session.scalar(query.where(ProposalRow.step.in_(steps.COSTS)).limit(1)) is not None


async def returned(session: AsyncSession, case: CaseRecord) -> bool:
    """The fault came again: what the appliance did against it did not help. Gives whether anything had been done."""
    query = select(ProposalRow).where(ProposalRow.case == case.id, ProposalRow.step == steps.REMOTE_FIX)
    rows = (await session.scalars(query.where(ProposalRow.state.in_((ORDERED, DONE))))).all()
    for row in rows:
        row.state = DID_NOT_HELP
        tell(session, case.id, SYSTEM, "not_fixed", f"{_words(row)}: the fault came back", id=row.id)
    await session.flush()
    return bool(rows)


async def tested(hand: Hand, routine: str, passed: bool) -> None:
    """The result of a self-test, wherever it was run: the case is judged anew."""
    session, number, terms, actor = hand
    case = await work.record(session, number, open_=True)
    catalogue, code = await catalogue_of(session, case)
    _need(routine, [one.name for one in catalogue.routines], "self-test", catalogue)
    await _keep(session, number, actor, routine, passed=passed)
    await work.responded(session, case, terms)
    text = f"Self-test {routine} {'passed' if passed else 'failed'}"
    tell(session, number, actor, "tested", text, routine=routine, passed=passed)
    await judge(session, case, catalogue, code)


async def _keep(session: AsyncSession, case: int, actor: Actor, routine: str, *, passed: bool) -> None:
    row = await session.get(CaseTestRow, (case, routine))
    if row is None:
        row = CaseTestRow(case=case, routine=routine, passed=passed, by=actor.who)
        session.add(row)
    row.passed, row.by, row.at = passed, actor.who, utcnow()
    await session.flush()


def _judge(catalogue: Catalogue, wish: Wish) -> None:
    if wish.step not in steps.STEPS:
        raise CaseError("no-such-step", f"There is no step {wish.step!r}: use one of {', '.join(steps.STEPS)}.")
    if wish.part is not None:
        _need(wish.part, [one.number for one in catalogue.parts], "part", catalogue)
    if wish.routine is not None:
        _need(wish.routine, [one.name for one in catalogue.routines], "self-test", catalogue)
    if wish.step == steps.REMOTE_FIX and wish.fix is None:
        raise CaseError("no-fix", f"Say which fix: one of {', '.join(FIXES)}.")
    if wish.fix is not None:
        _need(wish.fix, FIXES, "fix", catalogue)


def _need(name: str, known: Sequence[str], what: str, catalogue: Catalogue) -> None:
    if name not in known:
        names = ", ".join(known) or "none"
        raise CaseError(f"no-such-{what}", f"{catalogue.model} has no {what} {name!r}: it has {names}.")


def _may_follow(row: ProposalRow, act: str) -> bool:
    """What costs the owner something waits for their yes; what does not is done once it is approved."""
    costs = row.step in steps.COSTS
    if act == ACCEPT:
        return costs
    return act != FINISH or row.state != APPROVED or not costs


def acts(row: ProposalRow) -> list[str]:
    """What can be done with it now."""
    return [one for one in ACTS if (row.state, one) in MOVES and _may_follow(row, one)]


def _cannot(row: ProposalRow, act: str) -> str:
    can = ", ".join(acts(row)) or "nothing"
    return f"The proposal is {row.state}: it cannot be used for {act!r} now, but for {can}."


def _basis(case: CaseRecord, found: steps.Found, *, despite: bool) -> dict[str, Any]:
    """What a decision rests on, as it is now."""
    return {
        "confidence": round(found.confidence, 4),
        "sensor_doubt": round(found.doubt.level, 4),
        "causes": [[one.cause.name, round(one.probability, 4)] for one in found.causes[:3]],
        "evidence": [case.evidence_boot, case.evidence_seq] if case.evidence_json else None,
        "against_rule": despite,
    }


def _words(row: ProposalRow) -> str:
    words = row.step.replace("_", " ")
    detail = row.part or row.routine or row.fix
    return f"{words} ({detail})" if detail else words
