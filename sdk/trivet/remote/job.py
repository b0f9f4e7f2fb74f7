"""Runs in a cloud: ends sessions by the clock, those whose appliance never answered too, and judges fixes that have
waited long enough. Takes a store; a failure is logged and tried again.
"""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import select
from trivet_wire import ids

from trivet.cases import work
from trivet.cases.terms import Terms
from trivet.cases.timeline import SYSTEM
from trivet.consent.access import Sessions
from trivet.remote import heard, sessions, verify
from trivet.store.remote import ASKED, ENDED, RemoteActRow, RemoteSessionRow
from trivet.store.tables import utcnow
from trivet.turns import repeat

EVERY_S = 5.0
GRACE = dt.timedelta(seconds=30)  # the appliance's own word that its time is over comes first
LATE = dt.timedelta(minutes=10)  # after its session a result is not waited for any more
log = logging.getLogger("trivet.remote")


async def run(store: Sessions, terms: Terms) -> None:
    """Until cancelled."""
    await repeat(lambda: turn(store, terms, utcnow()), EVERY_S, log, "service sessions")


async def turn(store: Sessions, terms: Terms, now: dt.datetime) -> None:
    """One look at `now`."""
    async with store.reading() as session:
        query = select(RemoteSessionRow.id).where(RemoteSessionRow.state != ENDED, RemoteSessionRow.until < now - GRACE)
        over = list(await session.scalars(query))
        query = select(RemoteSessionRow.id).join(RemoteActRow, RemoteActRow.session == RemoteSessionRow.id)
        open_ = RemoteActRow.state.in_(("asked", "running")), RemoteSessionRow.ended_at < now - LATE
        late = set(await session.scalars(query.where(*open_)))
    for number in over:
        await _end(store, number, now)
    for number in sorted(late):
        async with store.writing() as session:
            await heard.lost(session, await sessions.of(session, number))
    async with store.writing() as session:
        await verify.due(session, now, terms)


async def _end(store: Sessions, number: int, now: dt.datetime) -> None:
    async with store.writing() as session:
        found = await session.get_one(RemoteSessionRow, number)
        await work.record(session, found.case)
        row = await sessions.of(session, number)
        if row.state != ENDED and row.until < now - GRACE:
            by = ids.END_SILENT if row.state == ASKED else ids.END_TIME
            await sessions.over(session, row, by, SYSTEM)
