"""Tells owners what is queued for them. Takes the store and the vendor's channels; reads each case as its owner's
consent allows at that moment, notes that in their log, sends by apprise, and writes onto the timeline that they were
told.

Once for each entry and channel; tried again for some hours where a channel does not answer, then a person is asked
to call. A death between sending and noting it may say a thing twice, never not at all.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import queries, views
from trivet.cases.timeline import SYSTEM, tell
from trivet.consent import owners
from trivet.consent.access import Access, Sessions, reading
from trivet.notify import choices, texts
from trivet.notify.config import Config
from trivet.notify.quiet import due
from trivet.notify.send import SEND_S, send
from trivet.outward import schedule
from trivet.store.leases import free, lease
from trivet.store.notices import FAILED, SENT, WAITING, WITHHELD, NoticeRow
from trivet.store.tables import CaseRecord, OwnerRow, utcnow
from trivet.turns import each, repeat, seldom

WHO, WHY = "notifications", "told you what happened, over the channel that you chose"
WIDTH = 8  # messages at a time
LEASE_S = 4 * SEND_S
TRIES = 6  # about seven hours
POLL_S = 1.0
KEPT = dt.timedelta(days=90)
_SWEEP_S = 3600.0
log = logging.getLogger("trivet.notify")


@dataclass(frozen=True)
class Ready:
    """What goes out: an address of apprise, and the text."""

    url: str
    message: texts.Message


class Teller:
    """`run` until cancelled; `turn` tells what is due now."""

    def __init__(
        self,
        store: Sessions,
        config: Config,
        base: str,
        *,
        now: Callable[[], dt.datetime] = utcnow,
        dice: random.Random | None = None,
    ) -> None:
        self._store, self._config, self._base = store, config, base
        self._now, self._dice = now, dice or random.Random()

    async def run(self) -> None:
        sweep = seldom(_SWEEP_S, self._sweep)

        async def turn() -> int:
            done = await self.turn()
            if not done:
                await sweep()
            return done

        await repeat(turn, POLL_S, log, "notices")

    async def turn(self) -> int:
        """Gives how many were looked at."""
        return await each(self._tell, await self._claim())

    async def _sweep(self) -> None:
        async with self._store.writing() as session:
            await session.execute(delete(NoticeRow).where(NoticeRow.ended_at < self._now() - KEPT))

    async def _claim(self) -> list[NoticeRow]:
        now = self._now()
        query = select(NoticeRow).where(
            NoticeRow.state == WAITING, NoticeRow.due_at <= now, free(NoticeRow.leased_until, now)
        )
        query = query.order_by(NoticeRow.urgent.desc(), NoticeRow.due_at, NoticeRow.id).limit(WIDTH)
        async with self._store.writing() as session:
            return await lease(session, query, now + dt.timedelta(seconds=LEASE_S))

    async def _tell(self, notice: NoticeRow) -> None:
        try:
            ready = await self._ready(notice)
            error = "" if ready is None else await send(ready.url, ready.message)
        except Exception as failed:
            log.exception("notice %d could not be made", notice.id)
            ready, error = Ready("", texts.Message("", "")), type(failed).__name__
        async with self._store.writing() as session:
            row = await session.get(NoticeRow, notice.id, with_for_update=True)
            if row is not None and row.state == WAITING:
                await self._note(session, row, ready, error)

    async def _ready(self, notice: NoticeRow) -> Ready | None:
        """None: its owner's consent does not cover it now, it is not theirs any more, or they want no such channel."""
        async with self._store.reading() as session:
            record = await session.get(CaseRecord, notice.case)
        if record is None:
            return None
        async with reading(self._store, Access(ids.PURPOSE_NAMES[record.purpose], WHO, WHY)) as read:
            owner = await owners.present(read.session, record.device)
            case = await queries.case(read, notice.case)
            if owner is None or owner.id != notice.owner or not isinstance(case, views.CaseView):
                return None
            choice = await choices.of(read.session, owner.id, self._config)
        address = choice.channels.get(notice.channel)
        if address is None:
            return None
        page = f"{self._base}/my"
        return Ready(
            self._config.channels[notice.channel].to(address), texts.message(notice.kind, case, owner.language, page)
        )

    async def _note(self, session: AsyncSession, row: NoticeRow, ready: Ready | None, error: str) -> None:
        now = self._now()
        row.leased_until, row.last_error = None, error
        row.tries += 1
        if ready is None:
            row.state, row.ended_at = WITHHELD, now
        elif not error:
            row.state, row.ended_at = SENT, now
            tell(
                session,
                row.case,
                SYSTEM,
                "notified",
                f"The owner was told by {row.channel}: {_words(row.kind)}.",
                notice=row.id,
            )
        elif row.tries < TRIES and (wait := schedule.wait_s(row.tries, self._dice)) is not None:
            row.due_at = await self._again(session, row, now + dt.timedelta(seconds=wait))
        else:
            row.state, row.ended_at = FAILED, now
            said = f"The owner could not be told by {row.channel} ({_words(row.kind)}): call them."
            tell(session, row.case, SYSTEM, "not notified", said, notice=row.id)

    async def _again(self, session: AsyncSession, row: NoticeRow, at: dt.datetime) -> dt.datetime:
        """The next try, not in quiet hours either."""
        owner = await session.get(OwnerRow, row.owner)
        if owner is None:
            return at
        choice = await choices.of(session, owner.id, self._config)
        return due(at, choice.zoneinfo, *choice.quiet, urgent=row.urgent)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
