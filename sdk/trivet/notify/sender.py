"""Tells owners what is queued for them. Takes the store and the vendor's channels; reads each case as its owner's
consent allows at that moment, notes that in their log, sends by apprise, and writes onto the timeline that they were
told.

Once for each entry and channel; tried again for some hours where a channel does not answer, then a person is asked
to call. A death between sending and noting it may say a thing twice, never not at all.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

import apprise
from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import queries, views
from trivet.cases.timeline import SYSTEM, tell
from trivet.consent import owners
from trivet.consent.access import Access, Sessions, reading
from trivet.notify import choices, texts
from trivet.notify.config import Config
from trivet.notify.quiet import due
from trivet.outward import schedule
from trivet.store.notices import FAILED, SENT, WAITING, WITHHELD, NoticeRow
from trivet.store.tables import CaseRecord, OwnerRow, utcnow

WHO, WHY = "notifications", "told you what happened, over the channel that you chose"
WIDTH = 8  # messages at a time
SEND_S = 30.0
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
        swept = -_SWEEP_S
        while True:
            try:
                while await self.turn():
                    pass
                if asyncio.get_running_loop().time() - swept > _SWEEP_S:
                    swept = asyncio.get_running_loop().time()
                    async with self._store.writing() as session:
                        await session.execute(delete(NoticeRow).where(NoticeRow.ended_at < self._now() - KEPT))
            except Exception:  # a database that is away: notices wait
                log.exception("notices wait %s s", POLL_S * 10)
                await asyncio.sleep(POLL_S * 9)
            await asyncio.sleep(POLL_S)

    async def turn(self) -> int:
        """Gives how many were looked at."""
        claimed = await self._claim()
        async with asyncio.TaskGroup() as all_of_them:  # whoever stops this waits for each
            for notice in claimed:
                all_of_them.create_task(self._tell(notice))
        return len(claimed)

    async def _claim(self) -> list[NoticeRow]:
        now = self._now()
        free = or_(NoticeRow.leased_until.is_(None), NoticeRow.leased_until <= now)
        query = select(NoticeRow).where(NoticeRow.state == WAITING, NoticeRow.due_at <= now, free)
        query = query.order_by(NoticeRow.urgent.desc(), NoticeRow.due_at, NoticeRow.id).limit(WIDTH)
        async with self._store.writing() as session:
            rows = list(await session.scalars(query.with_for_update(skip_locked=True)))
            for row in rows:
                row.leased_until = now + dt.timedelta(seconds=LEASE_S)
        return rows

    async def _tell(self, notice: NoticeRow) -> None:
        try:
            ready = await self._ready(notice)
            error = "" if ready is None else await _send(ready)
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
                f"The owner was told by {row.channel}: {row.kind}.",
                notice=row.id,
            )
        elif row.tries < TRIES and (wait := schedule.wait_s(row.tries, self._dice)) is not None:
            row.due_at = await self._again(session, row, now + dt.timedelta(seconds=wait))
        else:
            row.state, row.ended_at = FAILED, now
            said = f"The owner could not be told by {row.channel} ({row.kind}): call them."
            tell(session, row.case, SYSTEM, "not notified", said, notice=row.id)

    async def _again(self, session: AsyncSession, row: NoticeRow, at: dt.datetime) -> dt.datetime:
        """The next try, not in quiet hours either."""
        owner = await session.get(OwnerRow, row.owner)
        if owner is None:
            return at
        choice = await choices.of(session, owner.id, self._config)
        return due(at, choice.zoneinfo, *choice.quiet, urgent=row.urgent)


async def _send(ready: Ready) -> str:
    """Empty when the channel took it, else why not. apprise blocks: it works in a thread, bounded in time."""
    target = apprise.Apprise()
    if not target.add(ready.url):
        return "apprise does not take this address"
    work = asyncio.to_thread(target.notify, body=ready.message.body, title=ready.message.subject, body_format="text")
    try:
        taken = await asyncio.wait_for(work, SEND_S)
    except TimeoutError:
        return f"the channel did not answer within {SEND_S:g} s"
    return "" if taken else "the channel did not take it"
