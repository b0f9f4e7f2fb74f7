"""People on call: a hazard pages them at once, at any hour, and again until a person takes the case or it is over.
Takes `[oncall]` of notify.toml; a page names appliance, code and case, and nobody: who owns it stands behind the login.

A death between sending and noting it may page twice, never not at all.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import queries, views
from trivet.cases.timeline import SYSTEM, tell
from trivet.consent.access import Access, Sessions, reading
from trivet.notify import texts
from trivet.notify.config import OnCall
from trivet.notify.send import SEND_S, send
from trivet.outward.router import Told
from trivet.store.cases import CaseWorkRow
from trivet.store.leases import free, lease
from trivet.store.pages import CALLING, OVER, TAKEN, UNANSWERED, PageRow
from trivet.store.tables import RESOLVED, CaseRecord, utcnow
from trivet.turns import each, repeat

WHO, WHY = "people on call", "Somebody may be in danger: a person is called at once"
OPENS = ("opened", "regressed")  # kinds of timeline entries
WIDTH = 8
LEASE_S = 4 * SEND_S
POLL_S = 0.5
RETRY_S = 15.0  # where no address took it
log = logging.getLogger("trivet.oncall")


class Plan:
    """The plan for the router."""

    def __init__(self, config: OnCall | None, now: Callable[[], dt.datetime] = utcnow) -> None:
        self._config, self._now = config, now

    async def __call__(self, session: AsyncSession, told: Sequence[Told]) -> None:
        if self._config is None:
            return
        for one in told:
            if one.hazard and one.covered and one.kind in OPENS:
                now = self._now()
                session.add(PageRow(event=one.event, case=one.case, made_at=now, due_at=now))
        await session.flush()


class Pager:
    """`run` until cancelled; `turn` pages for what is due now."""

    def __init__(self, store: Sessions, config: OnCall, base: str, *, now: Callable[[], dt.datetime] = utcnow) -> None:
        self._store, self._config, self._base, self._now = store, config, base, now

    async def run(self) -> None:
        await repeat(self.turn, POLL_S, log, "pages")

    async def turn(self) -> int:
        """Gives how many were looked at."""
        return await each(self._page, await self._claim())

    async def _claim(self) -> list[PageRow]:
        now = self._now()
        query = select(PageRow).where(PageRow.state == CALLING, PageRow.due_at <= now, free(PageRow.leased_until, now))
        query = query.order_by(PageRow.due_at, PageRow.id).limit(WIDTH)
        async with self._store.writing() as session:
            return await lease(session, query, now + dt.timedelta(seconds=LEASE_S))

    async def _page(self, page: PageRow) -> None:
        reached: list[str] = []
        errors: list[str] = []
        try:
            over = await self._over(page)
            if not over and page.tries < self._config.most:
                message = await self._message(page)
                over = "" if message else OVER
                if message is not None:  # all at once: a slow channel holds up none
                    urls = self._config.urls
                    said = await asyncio.gather(*(send(url, message) for url in urls.values()))
                    reached = [name for name, error in zip(urls, said, strict=True) if not error]
                    errors = [f"{name}: {error}" for name, error in zip(urls, said, strict=True) if error]
        except Exception as failed:
            log.exception("page %d could not be made", page.id)
            over, errors = "", [type(failed).__name__]
        async with self._store.writing() as session:
            row = await session.get(PageRow, page.id, with_for_update=True)
            if row is not None and row.state == CALLING:
                self._note(session, row, over, reached, errors)

    async def _over(self, page: PageRow) -> str:
        """TAKEN by a person, OVER by itself, or empty."""
        async with self._store.reading() as session:
            case, work = await session.get(CaseRecord, page.case), await session.get(CaseWorkRow, page.case)
        if work is not None and work.responded_at is not None and work.responded_at >= work.started_at:
            return TAKEN
        return OVER if case is None or case.state == RESOLVED else ""

    async def _message(self, page: PageRow) -> texts.Message | None:
        """None: what its owner agreed to does not cover it now."""
        async with self._store.reading() as session:
            case = await session.get_one(CaseRecord, page.case)
        async with reading(self._store, Access(ids.PURPOSE_NAMES[case.purpose], WHO, WHY)) as read:
            view = await queries.case(read, page.case)
        if not isinstance(view, views.CaseView):
            return None
        return texts.paged(view, self._config.language, f"{self._base}/case/{page.case}")

    def _note(self, session: AsyncSession, row: PageRow, over: str, reached: list[str], errors: list[str]) -> None:
        now = self._now()
        row.leased_until, row.last_error = None, "; ".join(errors)
        if over:
            row.state, row.ended_at = over, now
        elif row.tries >= self._config.most:
            row.state, row.ended_at = UNANSWERED, now
            said = f"Nobody on call took it, paged {row.tries} times: see to it now."
            tell(session, row.case, SYSTEM, "not answered", said, page=row.id)
        elif reached:
            row.tries += 1
            row.due_at = now + dt.timedelta(minutes=self._config.again_minutes)
            tell(
                session, row.case, SYSTEM, "paged", f"People on call were paged over {', '.join(reached)}.", page=row.id
            )
        else:
            if row.due_at == row.made_at:  # once, not at each try
                tell(
                    session,
                    row.case,
                    SYSTEM,
                    "not paged",
                    "No channel reached the people on call: call them.",
                    page=row.id,
                )
            row.due_at = now + dt.timedelta(seconds=RETRY_S)
