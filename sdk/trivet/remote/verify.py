"""Whether a fix helped: the appliance's own monitors say so. Takes a transaction and a case whose fault was reported
anew, or whose time to be judged is over; settles the fix, closes the case where its fault is gone, escalates it where
it is not. Never takes silence for a cure while the fault's test still fails.

Where the monitor passes again the fault memory is cleared by command: only what fails after that is a fault.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.cases import outcomes, work
from trivet.cases.history import FIXED
from trivet.cases.judge import DID_NOT_HELP, catalogue_of, judge
from trivet.cases.rich import Code
from trivet.cases.terms import Terms
from trivet.cases.timeline import SYSTEM, Hand, tell
from trivet.remote import acts
from trivet.store.cases import ProposalRow
from trivet.store.remote import RemoteActRow
from trivet.store.tables import RESOLVED, CaseRecord

_WAITS = (acts.VERIFYING, acts.CLEARING)


async def observed(session: AsyncSession, case: CaseRecord, boot: int, seq: int, terms: Terms) -> None:
    """A report of the case's fault came, and the case is as it is after it."""
    for row in await _waiting(session, RemoteActRow.case == case.id):
        if row.boot is None or row.seq is None or (boot, seq) <= (row.boot, row.seq):
            continue  # of before the fix
        proposal = None if row.proposal is None else await session.get(ProposalRow, row.proposal)
        if proposal is not None and proposal.state == DID_NOT_HELP:
            await _failed(session, case, row, terms, "the fault came back")
        elif case.state == RESOLVED:
            await _helped(session, case, row, terms)
        elif row.state == acts.VERIFYING and not case.status & ids.TEST_FAILED:
            await _passes(session, case, row)


async def due(session: AsyncSession, now: dt.datetime, terms: Terms) -> int:
    """Judge what has waited long enough; gives how many that were."""
    rows = await _waiting(session, RemoteActRow.decide_by <= now)
    for row in rows:
        case = await work.record(session, row.case)
        if case.state == RESOLVED:
            await _helped(session, case, row, terms)
        elif case.status & ids.TEST_FAILED:
            await _failed(session, case, row, terms, "its monitor still fails")
        elif row.state == acts.VERIFYING:  # it was silent, and is: what comes after the clearing is judged
            await _passes(session, case, row)
            row.decide_by = now + dt.timedelta(hours=acts.WAITS_H)
        else:
            await _failed(session, case, row, terms, "the appliance does not say that it is gone")
    return len(rows)


async def _waiting(session: AsyncSession, which: ColumnElement[bool]) -> list[RemoteActRow]:
    query = select(RemoteActRow).where(RemoteActRow.what == acts.FIX, RemoteActRow.state.in_(_WAITS), which)
    return list((await session.scalars(query.order_by(RemoteActRow.id))).all())


async def _passes(session: AsyncSession, case: CaseRecord, row: RemoteActRow) -> None:
    row.state = acts.CLEARING
    tell(session, case.id, SYSTEM, "remote_passes", f"{row.name}: the monitor passes again", act=row.id)
    try:
        await control.queue(session, case.device, ids.C_CLEAR, [], ids.G_SERVICE, who=row.by)
    except control.ControlError as error:  # revoked: nothing more is heard of it
        tell(session, case.id, SYSTEM, "remote_refused", str(error), act=row.id)


async def _helped(session: AsyncSession, case: CaseRecord, row: RemoteActRow, terms: Terms) -> None:
    await acts.settle(session, row, acts.HELPED, 0)
    _, code = await catalogue_of(session, case)
    form = outcomes.Form(FIXED, cause=_cause(case, code, row.name), visit=False, note=f"remote_fix: {row.name}")
    await outcomes.keep(Hand(session, case.id, terms, SYSTEM), case, form)
    tell(session, case.id, SYSTEM, "remote_helped", f"{row.name} helped: the fault is gone", act=row.id)


async def _failed(session: AsyncSession, case: CaseRecord, row: RemoteActRow, terms: Terms, why: str) -> None:
    await acts.settle(session, row, acts.NOT_HELPED, 0)
    offer = " It can be taken back." if acts.undoable(row) else ""
    tell(session, case.id, SYSTEM, "remote_not_helped", f"{row.name} did not help: {why}.{offer}", act=row.id)
    await session.flush()
    if case.state != RESOLVED:
        await judge(session, case, *await catalogue_of(session, case))
        hand = Hand(session, case.id, terms, SYSTEM)
        await work.escalate(hand, up=True, why=f"{row.name} from afar did not help: {why}")


def _cause(case: CaseRecord, code: Code, fix: str) -> str | None:
    """The likeliest cause that this fix mends; None where the catalogue names none."""
    mended = [one.name for one in code.causes if one.fix == fix]
    ranked = [one["name"] for one in case.triage_json.get("causes", [])]
    return next((name for name in ranked if name in mended), mended[0] if mended else None)
