"""Self-tests and fixes within a session. Takes a hand on a case and an open session, queues the signed command; what it
came to is heard later (`heard`), whether a fix helped later still (`verify`). A fix needs a proposal that somebody
approved; what a fix replaced can be put back.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.cases import proposals, steps, work
from trivet.cases.judge import DID_NOT_HELP, catalogue_of
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Hand, tell
from trivet.store.cases import ProposalRow
from trivet.store.remote import OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import utcnow

TEST, FIX, UNDO = "test", "fix", "undo"
ASKED, RUNNING = "asked", "running"
PASSED, FAILED, REFUSED, LOST = "passed", "failed", "refused", "lost"
VERIFYING, CLEARING, HELPED, NOT_HELPED, DONE = "verifying", "clearing", "helped", "not_helped", "done"
STATES = (ASKED, RUNNING, PASSED, FAILED, REFUSED, LOST, VERIFYING, CLEARING, HELPED, NOT_HELPED, DONE)
REVERSIBLE = ("relearn",)
WAITS_H = 72  # hours in which the appliance's monitors say whether a fix helped, where nobody says otherwise
_STEP = {TEST: steps.REMOTE_TEST, FIX: steps.REMOTE_FIX}


class Wish(NamedTuple):
    """One of TEST, FIX, UNDO; of what; why, as the owner reads it; carried out for which proposal."""

    what: str
    name: str
    why: str
    proposal: int | None = None


async def run(hand: Hand, number: int, wish: Wish) -> RemoteActRow:
    """Run a self-test of the appliance. Raises CaseError."""
    session, case_id, terms, _ = hand
    case = await work.record(session, case_id, open_=True)
    catalogue, _ = await catalogue_of(session, case)
    routine = wish.name
    names = [one.name for one in catalogue.routines]
    if routine not in names:
        known = ", ".join(names) or "none"
        raise CaseError("no-such-self-test", f"{catalogue.model} has no self-test {routine!r}: it has {known}.")
    row = await _ask(hand, number, wish)
    await work.responded(session, case, terms)
    return row


async def fix(hand: Hand, number: int, wish: Wish, hours: int = WAITS_H) -> RemoteActRow:
    """Have a fix done that an approved proposal names; its monitors have `hours` to say whether it helped. Raises
    CaseError."""
    name = wish.name
    session, case_id, terms, _ = hand
    case = await work.record(session, case_id, open_=True)
    if name not in proposals.FIXES:
        raise CaseError("no-such-fix", f"There is no fix {name!r}: use one of {', '.join(proposals.FIXES)}.")
    row = await _ask(hand, number, wish)
    row.decide_by = utcnow() + dt.timedelta(hours=hours)
    await work.responded(session, case, terms)
    return row


async def undo(hand: Hand, number: int, act: int, why: str) -> RemoteActRow:
    """Put back what a fix replaced. Raises CaseError for a fix that replaced nothing, or was undone before."""
    session, case_id, _, _ = hand
    await work.record(session, case_id)
    done = await session.get(RemoteActRow, act)
    if done is None or done.case != case_id:
        raise CaseError("no-such-act", f"Case {case_id} has no fix {act}.")
    if not undoable(done):
        raise CaseError("not-now", f"{done.name} is {done.state}: there is nothing that could be put back.")
    return await _ask(hand, number, Wish(UNDO, done.name, why))


def undoable(row: RemoteActRow) -> bool:
    """Whether what it replaced can be put back."""
    done = row.state in (VERIFYING, CLEARING, HELPED, NOT_HELPED)
    return row.what == FIX and row.name in REVERSIBLE and done and not row.undone


async def abandon(session: AsyncSession, of: RemoteSessionRow) -> None:
    """The session is over: what was asked for and is not under way does not come any more."""
    waiting = RemoteActRow.session == of.id, RemoteActRow.state == ASKED
    for row in (await session.scalars(select(RemoteActRow).where(*waiting))).all():
        await control.drop(session, of.device, row.counter)
        await settle(session, row, LOST)


async def settle(session: AsyncSession, row: RemoteActRow, state: str, reason: int | None = None) -> None:
    """It came to this. A proposal whose act came to nothing waits for another try."""
    row.state, row.reason, row.ended_at = state, reason, utcnow()
    proposal = None if row.proposal is None else await session.get(ProposalRow, row.proposal)
    if proposal is None or proposal.state != proposals.ORDERED:
        return
    if state in (PASSED, FAILED, HELPED):
        proposal.state = proposals.DONE
    elif state == NOT_HELPED:
        proposal.state = DID_NOT_HELP
    elif state in (REFUSED, LOST):
        proposal.state = proposals.APPROVED


async def _ask(hand: Hand, number: int, wish: Wish) -> RemoteActRow:
    session, case_id, _, actor = hand
    what, name, why, proposal = wish
    of = await session.get(RemoteSessionRow, number, with_for_update=True, populate_existing=True)
    if of is None or of.case != case_id:
        raise CaseError("no-such-session", f"Case {case_id} has no service session {number}.")
    if of.state != OPEN:
        raise CaseError(
            "session-not-open", f"Service session {number} is {of.state}: begin one, and wait until it is open."
        )
    busy = select(RemoteActRow.id).where(RemoteActRow.session == number, RemoteActRow.state.in_((ASKED, RUNNING)))
    if await session.scalar(busy.limit(1)) is not None:
        raise CaseError("busy", "One thing after another: something is still under way in this session.")
    if proposal is not None:
        await _ordered(hand, proposal, wish)
    command = ids.C_TEST if what == TEST else ids.C_FIX
    args: list[object] = [number, ids.FIXES[-1] if what == UNDO else name]
    try:
        counter = await control.queue(session, of.device, command, args, ids.G_SERVICE, who=actor.who[:64])
    except control.ControlError as error:
        raise CaseError("command-refused", str(error)) from error
    row = RemoteActRow(
        case=case_id,
        session=number,
        proposal=proposal,
        what=what,
        name=name,
        by=actor.who,
        why=why,
        counter=counter,
        state=ASKED,
    )
    session.add(row)
    await session.flush()
    text = {TEST: f"has the self-test {name} run", FIX: f"has it {name}", UNDO: f"takes {name} back"}[what]
    tell(session, case_id, actor, f"remote_{what}", f"{actor.who} {text}", why=why, remote=number, act=row.id)
    return row


async def _ordered(hand: Hand, proposal: int, wish: Wish) -> None:
    session, case, _, actor = hand
    row = await session.get(ProposalRow, proposal, with_for_update=True, populate_existing=True)
    if row is None or row.case != case:
        raise CaseError("no-such-proposal", f"Case {case} has no proposal {proposal}.")
    if row.step != _STEP.get(wish.what) or wish.name not in (row.routine, row.fix):
        raise CaseError(
            "other-proposal", f"Proposal {proposal} is about something else: put this one up, and approve it."
        )
    if row.state != proposals.APPROVED:
        raise CaseError("not-now", f"Proposal {proposal} is {row.state}: it has to be approved first.")
    row.state, row.decided_by, row.decided_at = proposals.ORDERED, actor.who, utcnow()
