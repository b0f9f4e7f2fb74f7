"""Sends what is queued for receivers. Takes the store, a client and the seal; each receiver has a lane of its own, so
that a slow or dead one holds up nobody else. At least once, always under the same id; the order is not promised.

Taken is what is answered with 2xx. 410 ends a receiver at once, and so does a whole schedule without anything taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.consent import state
from trivet.consent.access import Sessions
from trivet.outward import schedule, signature
from trivet.outward.http import REQUEST_S, Answer, Client, SendError
from trivet.outward.seal import Seal
from trivet.store.leases import free
from trivet.store.outward import DELIVERED, DROPPED, FAILED, OPEN, DeliveryRow, WebhookRow
from trivet.store.tables import CaseRecord, utcnow
from trivet.turns import each, repeat, seldom
from trivet.webhooks import events, receivers

WIDTH = 4  # requests to one receiver at a time
POLL_S = 0.5
LEASE_S = 4 * REQUEST_S  # after that somebody else may send what was being sent
KEPT = dt.timedelta(days=30)  # ended deliveries
_SWEEP_S = 3600.0
GONE = 410
log = logging.getLogger("trivet.webhooks")


@dataclass(frozen=True)
class Letter:
    """What goes to whom."""

    url: str
    secrets: list[str]
    message: str
    payload: str


@dataclass(frozen=True)
class Outcome:
    """What became of one try."""

    status: int | None
    error: str  # empty: taken
    retry_after_s: float | None = None


class Sender:
    """`run` until cancelled; `turn` sends everything that is due now and waits for it. Several may run at once."""

    def __init__(
        self,
        store: Sessions,
        seal: Seal,
        client: Client,
        *,
        now: Callable[[], dt.datetime] = utcnow,
        dice: random.Random | None = None,
    ) -> None:
        self._store, self._seal, self._client = store, seal, client
        self._now = now
        self._dice = dice or random.Random()
        self._lanes: dict[int, asyncio.Task[int]] = {}

    async def run(self) -> None:
        sweep = seldom(_SWEEP_S, self._sweep)

        async def turn() -> None:
            await self._start_lanes()
            await sweep()

        try:
            await repeat(turn, POLL_S, log, "webhooks")
        finally:
            await self._stop()

    async def turn(self) -> int:
        """Gives how many tries were made."""
        return sum(await asyncio.gather(*await self._start_lanes()))

    async def _start_lanes(self) -> list[asyncio.Task[int]]:
        self._lanes = {number: lane for number, lane in self._lanes.items() if not lane.done()}
        async with self._store.reading() as session:
            due = set(await session.scalars(select(DeliveryRow.webhook).where(*self._due()).distinct()))
        for number in due - self._lanes.keys():
            self._lanes[number] = asyncio.create_task(self._lane(number), name=f"webhook {number}")
        return list(self._lanes.values())

    async def _stop(self) -> None:
        for lane in self._lanes.values():
            lane.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _lane(self, number: int) -> int:
        """Everything that is due for one receiver, a few at a time."""
        tried = 0
        try:
            while claimed := await self._claim(number):
                tried += await each(self._try, claimed)
        except Exception:
            log.exception("deliveries to webhook %d wait", number)
            await asyncio.sleep(POLL_S)
        return tried

    def _due(self) -> tuple[ColumnElement[bool], ...]:
        now = self._now()
        return DeliveryRow.state == OPEN, DeliveryRow.next_at <= now, free(DeliveryRow.leased_until, now)

    async def _claim(self, number: int) -> list[tuple[DeliveryRow, Letter]]:
        """A few due deliveries, leased to this sender; those that the owner's consent does not cover any more are
        dropped instead."""
        async with self._store.writing() as session:
            receiver = await session.get(WebhookRow, number)
            query = select(DeliveryRow).where(*self._due(), DeliveryRow.webhook == number)
            query = query.order_by(DeliveryRow.next_at, DeliveryRow.id).limit(WIDTH).with_for_update(skip_locked=True)
            rows = list(await session.scalars(query))
            if receiver is None:
                return []
            covered = await _covered(session, rows)
            secrets = receivers.signing(self._seal, receiver, self._now())
            claimed = []
            for row in rows:
                if receiver.disabled_at is not None:
                    _end(row, DROPPED, self._now(), "the receiver is disabled")
                elif row.case is not None and row.case not in covered:
                    _end(row, DROPPED, self._now(), "its owner's consent does not cover it any more")
                else:
                    row.leased_until = self._now() + dt.timedelta(seconds=LEASE_S)
                    claimed.append((row, Letter(receiver.url, secrets, row.message, row.payload)))
            return claimed

    async def _try(self, claimed: tuple[DeliveryRow, Letter]) -> None:
        delivery, letter = claimed
        outcome = await attempt(self._client, letter, self._now())
        async with self._store.writing() as session:
            # the receiver first: whoever disables it takes all of its deliveries
            receiver = await session.get(WebhookRow, delivery.webhook, with_for_update=True)
            row = await session.get(DeliveryRow, delivery.id, with_for_update=True)
            if row is not None and receiver is not None and row.state == OPEN:
                await self._note(session, row, receiver, outcome)

    async def _note(self, session: AsyncSession, row: DeliveryRow, receiver: WebhookRow, outcome: Outcome) -> None:
        now = self._now()
        row.leased_until, row.last_at = None, now
        row.last_status, row.last_error = outcome.status, outcome.error
        row.tries += 1
        if not outcome.error:
            _end(row, DELIVERED, now)
            receiver.failing_since = None
            return
        receiver.failing_since = receiver.failing_since or now
        wait = schedule.wait_s(row.tries, self._dice, outcome.retry_after_s)
        if outcome.status == GONE:
            await self._disable(session, receiver, "it answered 410: gone")
        elif wait is not None:
            row.next_at = now + dt.timedelta(seconds=wait)
        else:
            _end(row, FAILED, now, outcome.error)
            if (now - receiver.failing_since).total_seconds() >= schedule.WHOLE_S * (1 - schedule.JITTER):
                whole = schedule.span(schedule.WHOLE_S)
                await self._disable(session, receiver, f"nothing was taken in {whole}, the whole schedule")

    async def _disable(self, session: AsyncSession, receiver: WebhookRow, why: str) -> None:
        now = self._now()
        receiver.disabled_at, receiver.disabled_why = now, why
        log.warning("webhook %d is disabled: %s", receiver.id, why)
        ended = {"state": DROPPED, "ended_at": now, "last_error": "the receiver is disabled", "leased_until": None}
        open_ = (DeliveryRow.webhook == receiver.id, DeliveryRow.state == OPEN)
        await session.execute(update(DeliveryRow).where(*open_).values(ended))

    async def _sweep(self) -> None:
        async with self._store.writing() as session:
            await session.execute(delete(DeliveryRow).where(DeliveryRow.ended_at < self._now() - KEPT))


async def attempt(client: Client, letter: Letter, now: dt.datetime) -> Outcome:
    """One request, signed for this moment."""
    body = letter.payload.encode()
    told: Mapping[str, str] = {
        "content-type": events.MEDIA_TYPE,
        "user-agent": "trivet-webhooks/1",
        **signature.headers(letter.secrets, letter.message, now, body),
    }
    try:
        answer = await client.request("POST", letter.url, told, body)
    except SendError as error:
        return Outcome(None, str(error))
    return Outcome(answer.status, "" if answer.good else _why(answer), answer.retry_after_s)


async def test(store: Sessions, seal: Seal, client: Client, number: int, base: str) -> Outcome:
    """Sends one event of the type `trivet.test` now, and never again. WebhookError when there is no such receiver."""
    async with store.reading() as session:
        row = await receivers.get(session, number)
    message, now = events.new_id(), utcnow()
    payload = events.event(message, events.TEST, now, base, {"links": {"api": f"{base}/api/openapi.json"}})
    return await attempt(client, Letter(row.url, receivers.signing(seal, row, now), message, payload), now)


def _why(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"it answered {answer.status}, a redirect: none is followed; give the receiver's new URL"
    return f"it answered {answer.status}"


def _end(row: DeliveryRow, how: str, now: dt.datetime, why: str = "") -> None:
    row.state, row.ended_at, row.last_error, row.leased_until = how, now, why, None


async def _covered(session: AsyncSession, rows: list[DeliveryRow]) -> set[int]:
    """The cases among these that their owners agree to be read now."""
    query = select(CaseRecord.id, CaseRecord.device, CaseRecord.purpose)
    found = (await session.execute(query.where(CaseRecord.id.in_({row.case for row in rows if row.case})))).all()
    masks = await state.masks(session, {device for _, device, _ in found})
    return {case for case, device, purpose in found if masks[device] >> purpose & 1}
