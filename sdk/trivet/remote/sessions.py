"""Begins and ends service sessions. Takes a hand on a case, queues the signed command, writes the case's timeline: who
and why. A session begins under the owner's consent alone, ends with its time, and anybody may end it; never more than
one at an appliance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.cases import work
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Actor, Hand, tell
from trivet.consent import state
from trivet.remote import acts
from trivet.store.remote import ASKED, ENDED, OPEN, RemoteSessionRow
from trivet.store.tables import CommandRow, utcnow

ANSWER = dt.timedelta(minutes=5)  # an appliance that has not answered by then is not waited for
ENDS = {  # ids.END_*, as people read it
    ids.END_TIME: "its time was over",
    ids.END_DESK: "the desk ended it",
    ids.END_ACCOUNT: "its owner stopped it in their account",
    ids.END_PRESENT: "somebody at the appliance stopped it",
    ids.END_CONSENT: "its owner allows no service any more",
    ids.END_RESTART: "the appliance restarted",
    ids.END_SILENT: "the appliance did not answer",
}


async def begin(hand: Hand, seconds: int, why: str) -> RemoteSessionRow:
    """Ask the appliance for a session of so long (60 to ids.MAX_SESSION_S). Raises CaseError."""
    session, number, terms, actor = hand
    case = await work.record(session, number, open_=True)
    if not 60 <= seconds <= ids.MAX_SESSION_S:
        raise CaseError("bad-time", f"A session lasts 60 to {ids.MAX_SESSION_S} seconds.")
    masks = await state.masks(session, {case.device})
    if not masks.get(case.device, 0) >> ids.SERVICE & 1:
        raise CaseError("no-consent", "Its owner has not said yes to service: the appliance would refuse it.")
    other = await current(session, case.device)
    if other is not None:
        where = "" if other.case == number else f" for case {other.case}"
        raise CaseError("session-open", f"Session {other.id}{where} is not over yet: end it first.")
    now = utcnow()
    row = RemoteSessionRow(
        device=case.device, case=number, by=actor.who, why=why, seconds=seconds, counter=0, asked_at=now
    )
    row.until = now + ANSWER
    session.add(row)
    await session.flush()
    args = [row.id, seconds, ids.END_TIME]
    row.counter = await queued(session, case.device, ids.C_SESSION, args, actor)
    await work.responded(session, case, terms)
    text = f"{actor.who} asks for a service session of {seconds // 60} min"
    tell(session, number, actor, "remote_asked", text, why=why, remote=row.id, seconds=seconds)
    return row


async def current(session: AsyncSession, device: str) -> RemoteSessionRow | None:
    """The one that is not over."""
    query = select(RemoteSessionRow).where(RemoteSessionRow.device == device, RemoteSessionRow.state != ENDED)
    return (await session.scalars(query.order_by(RemoteSessionRow.id.desc()))).first()


async def of(session: AsyncSession, number: int, case: int | None = None) -> RemoteSessionRow:
    """Locked. Raises CaseError where there is none, or it is another case's."""
    row = await session.get(RemoteSessionRow, number, with_for_update=True, populate_existing=True)
    if row is None or case not in (None, row.case):
        raise CaseError("no-such-session", f"There is no service session {number}.")
    return row


async def stop(hand: Hand, number: int, by: int, why: str) -> RemoteSessionRow:
    """At the desk's (ids.END_DESK) or the owner's word (ids.END_ACCOUNT). One that is over stays as it ended."""
    session, case, _, actor = hand
    await work.record(session, case)
    row = await of(session, number, case)
    if row.state != ENDED:
        await over(session, row, by, actor, why)
    return row


async def over(session: AsyncSession, row: RemoteSessionRow, by: int, actor: Actor, why: str = "") -> None:
    """From now on nothing more is asked for in it. Where the appliance may not know, it is told, before anything else
    that waits: what was asked for and has not begun is not sent any more."""
    begun, row.state, row.ended_at, row.ended_by = row.state == OPEN, ENDED, utcnow(), by
    row.ended_who = actor.who[:128]
    sent = await session.get(CommandRow, (row.device, row.counter))
    may_run = begun or (sent is not None and sent.reason is None and sent.sent_at is not None)
    if not begun:
        await control.drop(session, row.device, row.counter)
    await acts.abandon(session, row)
    if may_run and actor.kind != "appliance":  # which may still hold it for open
        told = by if by == ids.END_ACCOUNT else ids.END_DESK
        await queued(session, row.device, ids.C_SESSION, [row.id, 0, told], actor)
    text = f"The service session is over: {ENDS[by]}"
    tell(session, row.case, actor, "remote_ended", text, why=why, remote=row.id, by=ids.SESSION_ENDS[by])
    await session.flush()


async def queued(session: AsyncSession, device: str, command: int, args: Sequence[object], actor: Actor) -> int:
    """The counter of a command of a session. Raises CaseError."""
    try:
        return await control.queue(session, device, command, args, ids.G_SERVICE, who=actor.who[:64])
    except control.ControlError as error:
        raise CaseError("command-refused", str(error)) from error


__all__ = ("ASKED", "ENDED", "ENDS", "OPEN", "begin", "current", "of", "over", "queued", "stop")
