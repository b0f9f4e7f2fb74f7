"""Does in the ticket system what is queued, and brings what is written there onto the cases' timelines. Takes the
store and an adapter. A case's jobs are done in their order; one that fails is tried again in the schedule of
webhooks, later where the system asks for it (429 with Retry-After), and every job has one key at all its tries.

A ticket says code, state and where to read more: what it says is read as its owner's consent allows at that moment.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import queries, views
from trivet.consent.access import Access, Sessions, reading
from trivet.inbound import letters
from trivet.inbound.letters import Letter
from trivet.outward import schedule
from trivet.store.leases import free, lease
from trivet.store.tables import CaseEventRow, CaseRecord, utcnow
from trivet.store.tickets import TicketCursorRow, TicketJobRow, TicketRow
from trivet.tickets.system import Change, Ticket, TicketError, TicketSystem
from trivet.turns import each, repeat, seldom

WHO, WHY = "ticket system", "the vendor's ticket for this case"
POLL_S, CHANGES_S = 1.0, 60.0
LEASE_S = 120.0
BATCH = 8
log = logging.getLogger("trivet.tickets")


class Clerk:
    """`run` until cancelled; `turn` does what is due, `read` takes over what changed there."""

    def __init__(
        self,
        store: Sessions,
        system: TicketSystem,
        base: str,
        *,
        now: Callable[[], dt.datetime] = utcnow,
        dice: random.Random | None = None,
    ) -> None:
        self._store, self._system, self._base = store, system, base
        self._now, self._dice = now, dice or random.Random()

    async def run(self) -> None:
        read = seldom(CHANGES_S, self.read)

        async def turn() -> int:
            done = await self.turn()
            if not done:
                try:
                    await read()
                except TicketError as error:
                    log.warning("changes of the ticket system wait: %s", error)
            return done

        await repeat(turn, POLL_S, log, "tickets")

    async def turn(self) -> int:
        """Gives how many jobs were looked at."""
        return await each(self._do, await self._claim())

    async def read(self) -> int:
        """Gives how many comments came onto timelines. What is on one already, or was written by us, is not."""
        async with self._store.reading() as session:
            row = await session.get(TicketCursorRow, self._system.name)
        changes = await self._system.changed_since(row.cursor if row else "", self._now())
        taken = 0
        async with self._store.writing() as session:
            for change in changes.found:
                taken += await self._take(session, change)
            kept = await session.get(TicketCursorRow, self._system.name)
            if kept is None:
                kept = TicketCursorRow(system=self._system.name)
                session.add(kept)
            kept.cursor, kept.at = changes.cursor, self._now()
        return taken

    async def _take(self, session: AsyncSession, change: Change) -> int:
        query = select(TicketRow).where(TicketRow.system == self._system.name, TicketRow.number == change.ticket)
        ticket = await session.scalar(query)
        if ticket is None:
            return 0
        ticket.closed_there = change.closed
        if not change.text.strip() or ticket.key in change.text or change.at < ticket.made_at - dt.timedelta(minutes=1):
            return 0
        text = change.text[: letters.MAX_TEXT]
        letter = Letter("chat", self._system.name, text, case=ticket.case, actor="agent")
        message = f"{change.ticket}-{change.id}"[:128]
        _, new = await letters.receive(session, self._system.name, message, letter)
        return int(new)

    async def _claim(self) -> list[TicketJobRow]:
        """The oldest open job of each case, where it is due."""
        now = self._now()
        async with self._store.writing() as session:
            open_ = TicketJobRow.state == "open"
            first = select(func.min(TicketJobRow.id)).where(open_).group_by(TicketJobRow.case)
            due = TicketJobRow.next_at <= now, free(TicketJobRow.leased_until, now)
            query = select(TicketJobRow).where(TicketJobRow.id.in_(first), *due)
            query = query.order_by(TicketJobRow.next_at, TicketJobRow.id).limit(BATCH)
            return await lease(session, query, now + dt.timedelta(seconds=LEASE_S))

    async def _do(self, job: TicketJobRow) -> None:
        number, failed, dropped = None, None, False
        try:
            number = await self._ask(job)
            dropped = number is None
        except TicketError as error:
            failed = error
        except Exception as error:
            log.exception("job %d of the ticket system could not be made", job.id)
            failed = TicketError(type(error).__name__, again=True)
        async with self._store.writing() as session:
            row = await session.get(TicketJobRow, job.id, with_for_update=True)
            ticket = await session.get(TicketRow, job.case)
            if row is None or ticket is None or row.state != "open":
                return
            ticket.number = number or ticket.number
            self._note(row, failed, dropped=dropped)

    def _note(self, row: TicketJobRow, failed: TicketError | None, *, dropped: bool) -> None:
        now = self._now()
        row.leased_until, row.last_error = None, "" if failed is None else str(failed)
        row.tries += 1
        wait = None
        if failed is not None and failed.again:
            wait = schedule.wait_s(row.tries, self._dice, failed.retry_after_s)
        if wait is not None:
            row.next_at = now + dt.timedelta(seconds=wait)
            return
        row.state, row.ended_at = "failed" if failed else "dropped" if dropped else "done", now
        if failed is not None:
            log.warning("the ticket of case %d was not kept: %s", row.case, failed)

    async def _ask(self, job: TicketJobRow) -> str | None:
        """The ticket's number; None where nothing may be said about the case any more, or it has no ticket."""
        async with self._store.reading() as session:
            record = await session.get(CaseRecord, job.case)
            ticket = await session.get(TicketRow, job.case)
            event = await session.get(CaseEventRow, job.event)
        if record is None or ticket is None or event is None:
            return None
        async with reading(self._store, Access(ids.PURPOSE_NAMES[record.purpose], WHO, WHY)) as read:
            case = await queries.case(read, job.case)
        if not isinstance(case, views.CaseView):
            return None
        text = self._text(case, event.kind)
        if job.act == "open":
            marked = f"{text}\n[{job.key}]"  # by which our own words are known again
            return await self._system.open(Ticket(job.key, _subject(case), marked, urgent=case.row.hazard))
        if ticket.number is None:
            return None
        if job.act == "close":
            await self._system.close(ticket.number, text, job.key)
        else:
            await self._system.comment(ticket.number, text, job.key)
        return ticket.number

    def _text(self, case: views.CaseView, kind: str) -> str:
        """Nothing of the owner: who reads it there finds them behind the link, with a login and for a purpose."""
        title = case.text.get("en", {}).get("title", case.event)
        return (
            f"{kind.capitalize().replace('_', ' ')}: {case.code} {title} ({case.row.state}).\n"
            f"Next: {case.next_step.text or case.next_step.name}\n{self._base}/case/{case.row.id}"
        )


def _subject(case: views.CaseView) -> str:
    title = case.text.get("en", {}).get("title", case.event)
    return f"Case {case.row.id}: {title} ({case.row.model})"
