"""Which entries of a timeline go into a case's ticket. Takes entries, queues one job for each; asks no ticket
system."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.outward.router import Told
from trivet.store.tables import utcnow
from trivet.store.tickets import TicketJobRow, TicketRow

CLOSING = ("resolved",)


class Plan:
    """The plan for the router. A case's first entry opens its ticket, its resolution closes it, the others are
    comments. What came out of the ticket system is not told back to it."""

    def __init__(self, system: str, kinds: Sequence[str], now: Callable[[], dt.datetime] = utcnow) -> None:
        self._system, self._kinds, self._now = system, kinds, now

    async def __call__(self, session: AsyncSession, told: Sequence[Told]) -> None:
        for one in told:
            if one.kind in self._kinds and one.covered and one.data.get("source") != self._system:
                await self._job(session, one)

    async def _job(self, session: AsyncSession, one: Told) -> None:
        ticket = await session.get(TicketRow, one.case)
        act = "close" if one.kind in CLOSING else "comment"
        if ticket is None:
            if one.kind in CLOSING:
                return  # it was over before anybody had a ticket
            act = "open"
            ticket = TicketRow(case=one.case, system=self._system, key=f"trivet-{one.case}-{uuid.uuid4().hex[:8]}")
            session.add(ticket)
        key = ticket.key if act == "open" else f"{ticket.key}-{uuid.uuid4().hex[:6]}"
        session.add(TicketJobRow(case=one.case, event=one.event, act=act, key=key, next_at=self._now()))
        await session.flush()
