"""Who works on a case and until when: owner, tier, queue, escalation, clock. Takes a transaction, a case and who acts,
writes the row and the timeline; never judges the fault.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import asked
from trivet.cases.problem import CaseError
from trivet.cases.sla import Calendar, due, worked
from trivet.cases.terms import TIERS, Terms
from trivet.cases.timeline import Hand, tell
from trivet.store.cases import CaseWorkRow
from trivet.store.tables import RESOLVED, CaseRecord, DeviceRow, LoginRow, utcnow

WORKING = ("agent", "engineer", "admin")  # roles that may have a case


async def record(session: AsyncSession, number: int, *, open_: bool = False) -> CaseRecord:
    """The case, locked until the transaction ends; its appliance's row first, as ingest does: what the appliance says
    and what people decide come one after the other. Raises CaseError where there is none, or it must be open and is
    not."""
    device = select(CaseRecord.device).where(CaseRecord.id == number).scalar_subquery()
    await session.execute(select(DeviceRow.id).where(DeviceRow.id == device).with_for_update())
    query = select(CaseRecord).where(CaseRecord.id == number).with_for_update()
    case = await session.scalar(query.execution_options(populate_existing=True))
    if case is None:
        raise CaseError("no-such-case", f"There is no case {number}.")
    if open_ and case.state == RESOLVED:
        raise CaseError("case-closed", f"Case {number} is closed: open it again first.")
    return case


async def of(session: AsyncSession, case: CaseRecord, terms: Terms, *, keep: bool = True) -> CaseWorkRow:
    """Its row of work; made where none was, with the clock from when it was opened. `keep` False: for a look only."""
    row = await session.get(CaseWorkRow, case.id)
    if row is None:
        row = CaseWorkRow(case=case.id, tier=2 if case.hazard else 1, queue=terms.queues[0], escalated=case.hazard)
        row.waited_s = 0
        _wind(row, case, terms, case.opened_at)
        if keep:
            session.add(row)
            await session.flush()
    return row


async def begun(session: AsyncSession, case: CaseRecord, terms: Terms, start: dt.datetime) -> None:
    """The case was opened, or its fault came back: the clock runs from `start`. Whoever had it keeps it."""
    row = await of(session, case, terms)
    if row.started_at != start:
        row.waited_s, row.waits_since = 0, row.waits_since and start
        _wind(row, case, terms, start)
        row.responded_at = row.resolved_at = None


async def ended(session: AsyncSession, case: CaseRecord, terms: Terms, at: dt.datetime) -> None:
    """Solved, by whom ever. Where a person had a hand in it, its owner is asked whether it is."""
    row = await of(session, case, terms)
    _go_on(row, case, terms, at)
    row.resolved_at = row.resolved_at or at
    if row.responded_at is not None:
        await asked.ask(session, case)


def _wind(row: CaseWorkRow, case: CaseRecord, terms: Terms, start: dt.datetime) -> None:
    target, calendar = terms.target(row.tier, hazard=case.hazard), _calendar(case, terms)
    row.started_at = start
    row.respond_by = due(start, target.respond, calendar)
    row.resolve_by = due(start, target.resolve + dt.timedelta(seconds=row.waited_s), calendar)


def _calendar(case: CaseRecord, terms: Terms) -> Calendar | None:
    return None if case.hazard else terms.calendar


async def waits(session: AsyncSession, case: CaseRecord, terms: Terms, *, yes: bool) -> None:
    """Its owner's word is waited for, or no longer: meanwhile the clock of the solution stands, but for a hazard."""
    row = await of(session, case, terms)
    if not yes:
        _go_on(row, case, terms, utcnow())
    elif row.waits_since is None and not case.hazard:
        row.waits_since = utcnow()


def _go_on(row: CaseWorkRow, case: CaseRecord, terms: Terms, at: dt.datetime) -> None:
    """The clock runs again: what it stood for is added to what was promised."""
    if row.waits_since is None:
        return
    calendar = _calendar(case, terms)
    stood = worked(row.waits_since, at, calendar)
    row.waited_s, row.waits_since = row.waited_s + int(stood.total_seconds()), None
    row.resolve_by = due(row.resolve_by, stood, calendar)


async def responded(session: AsyncSession, case: CaseRecord, terms: Terms) -> CaseWorkRow:
    """A person has done something about it."""
    row = await of(session, case, terms)
    row.responded_at = row.responded_at or utcnow()
    case.updated_at = utcnow()
    return row


async def assign(hand: Hand, to: str | None, why: str, *, was: tuple[str | None] | None = None) -> None:
    """Give it to a login, or to nobody. `was`: who had it, as the actor saw it. Raises CaseError where the login may
    not have cases, or somebody else was faster."""
    session, number, terms, actor = hand
    case = await record(session, number)
    if to is not None:
        login = await session.get(LoginRow, to)
        if login is None or login.role not in WORKING:
            raise CaseError("no-such-login", f"{to!r} has no login that works on cases ({', '.join(WORKING)}).")
    row = await responded(session, case, terms)
    if was is not None and row.owner not in (*was, to):
        holder = f"{row.owner} has it" if row.owner else "Nobody has it"
        raise CaseError("changed", f"{holder} since you looked. Do it once more if you mean it.")
    before, row.owner = row.owner, to
    text = f"{actor.who} gave it to {to}" if to else f"{actor.who} put it back: nobody has it"
    tell(session, number, actor, "assigned", text, why=why, before=before, after=to)


async def place(hand: Hand, tier: int | None, queue: str | None, why: str) -> None:
    """Another tier, another queue or both. A new tier winds the clock anew from the same start."""
    session, number, terms, actor = hand
    case = await record(session, number)
    row = await responded(session, case, terms)
    if tier is not None and tier not in TIERS:
        raise CaseError("no-such-tier", f"There is no tier {tier}: use one of {', '.join(map(str, TIERS))}.")
    if queue is not None and queue not in terms.queues:
        raise CaseError("no-such-queue", f"There is no queue {queue!r}: use one of {', '.join(terms.queues)}.")
    if tier is not None and tier != row.tier:
        before, row.tier = row.tier, tier
        _wind(row, case, terms, row.started_at)
        tell(session, number, actor, "tier", f"Tier {before} → {tier}", why=why, before=before, after=tier)
    if queue is not None and queue != row.queue:
        moved, row.queue = row.queue, queue
        tell(session, number, actor, "queue", f"Queue {moved} → {queue}", why=why, before=moved, after=queue)


async def escalate(hand: Hand, *, up: bool, why: str) -> None:
    """A person must look at it now; or no longer (`up` False)."""
    session, number, terms, actor = hand
    case = await record(session, number, open_=up)
    row = await responded(session, case, terms)
    if row.escalated == up:
        return
    row.escalated = up
    text = f"{actor.who} escalated it" if up else f"{actor.who} took the escalation back"
    tell(session, number, actor, "escalated" if up else "calmed", text, why=why)


async def note(hand: Hand, text: str) -> None:
    """What people should know; shown as text and never read by any program."""
    session, number, terms, actor = hand
    case = await record(session, number)
    await responded(session, case, terms)
    tell(session, number, actor, "note", text)
