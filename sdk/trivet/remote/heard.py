"""What the appliance says of a service session: answers to its commands, results of self-tests, that it is over. Takes
a transaction with the appliance's row locked and one message; writes session, act and the case's timeline. A result
goes to the case's evidence, so that its causes are ranked anew. What comes late changes nothing that was decided.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import proposals
from trivet.cases.judge import catalogue_of
from trivet.cases.problem import CaseError
from trivet.cases.rich import Catalogue
from trivet.cases.terms import Terms
from trivet.cases.timeline import APPLIANCE, Hand, tell
from trivet.models import Measured, SelfTest
from trivet.remote import acts, sessions
from trivet.store.remote import ASKED, ENDED, OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import CaseRecord, DeviceRow, utcnow

_OPERATORS = ("<", "<=", "=", "≠", ">=", ">")
_OPEN_ACTS = (acts.ASKED, acts.RUNNING)


class Said(NamedTuple):
    """By which appliance, in which message."""

    device: str
    boot: int
    seq: int


async def answered(session: AsyncSession, said: Said, counter: int, reason: int) -> None:
    """The result of a command, where it is one of a session."""
    query = select(RemoteSessionRow).where(RemoteSessionRow.device == said.device)
    row = await session.scalar(query.where(RemoteSessionRow.counter == counter, RemoteSessionRow.state == ASKED))
    if row is not None:
        await _begun(session, said, row, reason)
        return
    found = select(RemoteActRow, RemoteSessionRow).join(RemoteSessionRow, RemoteSessionRow.id == RemoteActRow.session)
    mine = RemoteSessionRow.device == said.device, RemoteActRow.counter == counter, RemoteActRow.state == acts.ASKED
    pair = (await session.execute(found.where(*mine))).first()
    if pair is not None:
        await _act(session, said, pair[0], pair[1], reason)


async def _begun(session: AsyncSession, said: Said, row: RemoteSessionRow, reason: int) -> None:
    if reason:
        row.state, row.reason, row.ended_at = ENDED, reason, utcnow()
        text = f"The appliance refused the service session: {_words(reason)}"
        tell(session, row.case, APPLIANCE, "remote_refused", text, remote=row.id, reason=reason)
        return
    row.state, row.begun_at, row.boot = OPEN, utcnow(), said.boot
    row.until = row.begun_at + dt.timedelta(seconds=row.seconds)
    text = f"The service desk is connected, for {row.seconds // 60} min at most"
    tell(session, row.case, APPLIANCE, "remote_begun", text, remote=row.id, why=row.why)


async def _act(session: AsyncSession, said: Said, row: RemoteActRow, of: RemoteSessionRow, reason: int) -> None:
    row.boot, row.seq = said.boot, said.seq
    if reason:
        await acts.settle(session, row, acts.REFUSED, reason)
        text = f"The appliance refused {row.what} {row.name}: {_words(reason)}"
        tell(session, of.case, APPLIANCE, "remote_refused", text, remote=of.id, act=row.id, reason=reason)
    elif row.what == acts.TEST:
        row.state = acts.RUNNING
    elif row.what == acts.UNDO:
        await acts.settle(session, row, acts.DONE, 0)
        await _undone(session, of.case, row.name)
        tell(session, of.case, APPLIANCE, "remote_undone", f"{row.name} was taken back", remote=of.id, act=row.id)
    else:
        row.state, row.reason = acts.VERIFYING, 0
        text = f"Done: {row.name}. Its own monitors say whether it helps"
        tell(session, of.case, APPLIANCE, "remote_done", text, remote=of.id, act=row.id)


async def _undone(session: AsyncSession, case: int, name: str) -> None:
    """Every fix of that name that stood: what the newest replaced holds again."""
    query = select(RemoteActRow)
    mine = RemoteActRow.case == case, RemoteActRow.what == acts.FIX, RemoteActRow.name == name
    for one in (await session.scalars(query.where(*mine))).all():
        if acts.undoable(one):
            one.undone = True
            if one.state in (acts.VERIFYING, acts.CLEARING):
                await acts.settle(session, one, acts.NOT_HELPED, one.reason)


async def tested(session: AsyncSession, said: Said, body: SelfTest, terms: Terms) -> None:
    """What a self-test came to."""
    query = select(RemoteActRow).where(RemoteActRow.session == body.session, RemoteActRow.counter == body.counter)
    row = await session.scalar(query.where(RemoteActRow.what == acts.TEST))
    of = await session.get(RemoteSessionRow, body.session)
    if row is None or of is None or of.device != said.device or row.measured_json or row.step is not None:
        return
    case = await session.get_one(CaseRecord, of.case)
    catalogue, _ = await catalogue_of(session, case)
    row.boot, row.seq, row.step, row.steps = said.boot, said.seq, body.step, body.steps
    row.measured_json = [_measured(catalogue, one) for one in body.measured] if case.catalogue == body.catalogue else []
    judged = {0: acts.PASSED, ids.R_MEASURED: acts.FAILED}.get(body.reason, acts.REFUSED)
    await acts.settle(session, row, judged, body.reason)
    if judged == acts.REFUSED:
        text = f"Self-test {row.name} ended in step {body.step} of {body.steps}: {_words(body.reason)}"
        tell(session, of.case, APPLIANCE, "remote_stopped", text, remote=of.id, act=row.id, reason=body.reason)
        return
    try:
        await proposals.tested(Hand(session, of.case, terms, APPLIANCE), row.name, judged == acts.PASSED)
    except CaseError:  # closed since: the result stands on its thread
        text = f"Self-test {row.name} {judged}"
        tell(session, of.case, APPLIANCE, "tested", text, remote=of.id, act=row.id)


async def ended(session: AsyncSession, said: Said, number: int, by: int) -> None:
    """The appliance says that a session is over."""
    row = await session.get(RemoteSessionRow, number)
    if row is not None and row.device == said.device and row.state != ENDED and by in sessions.ENDS:
        await sessions.over(session, row, by, APPLIANCE)


async def greeted(session: AsyncSession, device: DeviceRow, boot: int) -> None:
    """It is connected: no session outlives a start, nor its owner's no to service."""
    row = await sessions.current(session, device.id)
    if row is None or row.state != OPEN:
        return
    if row.boot is not None and boot > row.boot:
        await sessions.over(session, row, ids.END_RESTART, APPLIANCE)
        await lost(session, row)
    else:
        await decided(session, device)


async def decided(session: AsyncSession, device: DeviceRow) -> None:
    """The owner decided: without consent to `service` a session is over."""
    row = await sessions.current(session, device.id)
    if row is not None and not device.consent_mask >> ids.SERVICE & 1:
        await sessions.over(session, row, ids.END_CONSENT, APPLIANCE)
        await lost(session, row)


async def lost(session: AsyncSession, of: RemoteSessionRow) -> None:
    """Whatever ran in it comes to nothing that anybody will hear."""
    query = select(RemoteActRow).where(RemoteActRow.session == of.id, RemoteActRow.state.in_(_OPEN_ACTS))
    for row in (await session.scalars(query)).all():
        await acts.settle(session, row, acts.LOST)
        text = f"Nothing was heard of {row.what} {row.name} any more"
        tell(session, of.case, APPLIANCE, "remote_lost", text, remote=of.id, act=row.id)


def _measured(catalogue: Catalogue, one: Measured) -> dict[str, object]:
    """In the signal's own unit, as people read it."""
    known = range(len(catalogue.signals))
    name, unit, scale = f"signal {one.signal}", "", 1
    if one.signal in known:
        signal = catalogue.signals[one.signal]
        name, unit, scale = signal.name, signal.unit, signal.scale
    if one.minus is not None:
        name += " - " + (catalogue.signals[one.minus].name if one.minus in known else f"signal {one.minus}")
    expected = f"{_OPERATORS[one.operator]} {one.limit / scale:g}"
    return {"signal": name, "expected": expected, "measured": one.value / scale, "unit": unit}


def _words(reason: int) -> str:
    return ids.REASON_NAMES.get(reason, str(reason))


__all__ = ("Said", "answered", "decided", "ended", "greeted", "lost", "tested")
