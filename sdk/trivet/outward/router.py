"""From the timeline to everybody who is to know: takes the outbox's rows, hands each to every plan (webhooks,
notifications, tickets) inside one transaction, and removes it there. Sends nothing itself.

Nothing is lost and nothing comes twice: a row is removed only together with what the plans made of it. The outbox is a
table of its own, not a cursor over `case_events`: numbers are given before a commit, so a cursor may pass one that
becomes visible later, and SQLite gives the highest number again once its row was erased.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases.timeline import FROM_EVIDENCE
from trivet.consent import state
from trivet.consent.access import Sessions
from trivet.store.outward import OutboxRow
from trivet.store.tables import CaseEventRow, CaseRecord, utcnow
from trivet.turns import repeat

BATCH = 200
POLL_S = 0.5
HOLD_S = 60.0  # before an entry that no plan can take is looked at again; doubled each time, a day at most
log = logging.getLogger("trivet.outward")


@dataclass(frozen=True)
class Told:
    """A line of a case's timeline. `covered`: its owner agrees now to what the case was sent for; where they do not,
    nothing about it leaves."""

    event: int
    at: dt.datetime
    actor: str
    kind: str
    text: str
    case: int
    device: str
    purpose: int
    hazard: bool
    covered: bool
    data: dict[str, Any] = field(default_factory=dict)


Plan = Callable[[AsyncSession, Sequence[Told]], Awaitable[None]]


class Router:
    """`run` until cancelled; `turn` is one look at the outbox. Several may run, in one process or in many."""

    def __init__(self, store: Sessions, plans: Sequence[Plan], *, now: Callable[[], dt.datetime] = utcnow) -> None:
        self._store = store
        self._plans = plans
        self._now = now

    async def run(self) -> None:
        await repeat(self.turn, POLL_S, log, "entries of timelines")

    async def turn(self) -> int:
        """Gives how many entries were looked at."""
        try:
            return await self._take(BATCH)
        except Exception:
            log.exception("entries of timelines are taken one by one")
            return await self._one_by_one()

    async def _take(self, most: int, only: int | None = None) -> int:
        async with self._store.writing() as session:
            due = select(OutboxRow.event).where(or_(OutboxRow.next_at.is_(None), OutboxRow.next_at <= self._now()))
            if only is not None:
                due = due.where(OutboxRow.event == only)
            due = due.order_by(OutboxRow.event).limit(most).with_for_update(skip_locked=True)
            events = list(await session.scalars(due))
            if events:
                told = await _told(session, events)
                for plan in self._plans:
                    await plan(session, told)
                await session.execute(delete(OutboxRow).where(OutboxRow.event.in_(events)))
        return len(events)

    async def _one_by_one(self) -> int:
        async with self._store.reading() as session:
            due = or_(OutboxRow.next_at.is_(None), OutboxRow.next_at <= self._now())
            events = list(await session.scalars(select(OutboxRow.event).where(due).limit(BATCH)))
        for event in events:
            try:
                await self._take(1, event)
            except Exception:
                log.exception("entry %d of a timeline waits: it could not be taken", event)
                await self._hold(event)
        return len(events)

    async def _hold(self, event: int) -> None:
        async with self._store.writing() as session:
            row = await session.get(OutboxRow, event)
            if row is not None:
                wait = min(HOLD_S * 2**row.tries, 86400.0)
                later = {"tries": row.tries + 1, "next_at": self._now() + dt.timedelta(seconds=wait)}
                await session.execute(update(OutboxRow).where(OutboxRow.event == event).values(later))


async def _told(session: AsyncSession, events: Sequence[int]) -> list[Told]:
    query = select(CaseEventRow, CaseRecord).join(CaseRecord, CaseRecord.id == CaseEventRow.case)
    query = query.where(CaseEventRow.id.in_(events)).order_by(CaseEventRow.id)
    rows = (await session.execute(query)).all()
    masks = await state.masks(session, {case.device for _, case in rows})
    return [
        Told(
            event=event.id,
            at=event.at,
            actor=event.actor,
            kind=event.kind,
            text=event.text,
            case=case.id,
            device=case.device,
            purpose=case.purpose,
            hazard=case.hazard,
            covered=_covered(masks[case.device], case, event),
            data=event.data_json,
        )
        for event, case in rows
    ]


def _covered(mask: int, case: CaseRecord, event: CaseEventRow) -> bool:
    """The case's own purpose, and service too for what came from evidence."""
    service = event.kind not in FROM_EVIDENCE or mask >> ids.SERVICE & 1
    return bool(mask >> case.purpose & 1 and service)
