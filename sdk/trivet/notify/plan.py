"""Which entries of a timeline an owner is told of, over which of their channels, and when. Takes entries, queues a
notice for each; writes no text and sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import asked
from trivet.cases.timeline import SYSTEM, tell
from trivet.consent import owners
from trivet.notify import choices
from trivet.notify.config import Config
from trivet.notify.quiet import due
from trivet.notify.texts import ASKED, STATES, TOLD
from trivet.outward.router import Told
from trivet.store.notices import OVERTAKEN, WAITING, NoticeRow
from trivet.store.tables import CaseRecord, utcnow


class Plan:
    """The plan for the router. What an owner did themselves, what their consent does not cover and what is nobody's is
    not told."""

    def __init__(self, config: Config, now: Callable[[], dt.datetime] = utcnow) -> None:
        self._config, self._now = config, now

    async def __call__(self, session: AsyncSession, told: Sequence[Told]) -> None:
        if not self._config.channels:
            return
        for one in told:
            if one.kind in TOLD and one.covered and one.actor != "owner" and one.data.get("ends", True):
                await self._notice(session, one)

    async def _notice(self, session: AsyncSession, one: Told) -> None:
        owner = await owners.present(session, one.device)
        if owner is None:
            return
        choice = await choices.of(session, owner.id, self._config)
        kind, now = TOLD[one.kind], self._now()
        if kind in ("closed", "resolved") and await _asked(session, one.case):
            kind += ASKED
        if kind in STATES:
            await _overtake(session, one.case, now)
        first, end = choice.quiet
        when = due(now, choice.zoneinfo, first, end, urgent=one.hazard)
        for channel in choice.channels:
            session.add(
                NoticeRow(
                    event=one.event,
                    case=one.case,
                    owner=owner.id,
                    channel=channel,
                    kind=kind,
                    urgent=one.hazard,
                    made_at=now,
                    due_at=when,
                )
            )
        if not choice.channels:
            tell(session, one.case, SYSTEM, "not notified", "The owner was not told: no channel of theirs is known.")
        await session.flush()


async def _asked(session: AsyncSession, case: int) -> bool:
    """Whether the owner's word on it is waited for."""
    return await asked.open_question(session, await session.get_one(CaseRecord, case)) is not None


async def _overtake(session: AsyncSession, case: int, now: dt.datetime) -> None:
    """What waits (for the morning, for a channel that is away) and is not so any more is not said."""
    before = (NoticeRow.case == case, NoticeRow.state == WAITING, NoticeRow.kind.in_(STATES))
    ended = {"state": OVERTAKEN, "ended_at": now}
    await session.execute(update(NoticeRow).where(*before).values(ended))
