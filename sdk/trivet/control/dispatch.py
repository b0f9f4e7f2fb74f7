"""Sends what is queued: of each connected appliance the oldest open command, one at a time, so that none overtakes
another. Takes the store, the engine's `send` and the command key; never decides what is asked and judges no result.

Down is at most once: a command without a result is sent again after RESEND_S, and at once when the appliance says
HELLO. Several may run, in one process or in many: what comes twice to an appliance is done once.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import or_, select, update

from trivet.control.signed import signed
from trivet.keys import Signer
from trivet.store import Store
from trivet.store.tables import CommandRow, DeviceRow, utcnow
from trivet.turns import repeat

log = logging.getLogger("trivet.control")

POLL_S = 0.5
RESEND_S = 60.0
TOPIC = "command"


class Down(Protocol):
    """The engine, as far as this room needs it. Raises OSError while it does not answer."""

    async def send(self, device: str, kind: str, data: bytes) -> None: ...


class Dispatcher:
    """`start`, `stop`; `turn` is one look at the queue."""

    def __init__(self, store: Store, down: Down, signer: Signer) -> None:
        self._store = store
        self._down = down
        self._signer = signer
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(repeat(self.turn, POLL_S, log, "commands"), name="commands")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def turn(self) -> int:
        """Send what is due; gives how many."""
        now = utcnow()
        due = await self._due(now)
        for row in due:
            message = await asyncio.to_thread(signed, row, self._signer)
            await self._down.send(row.device, TOPIC, message)
            async with self._store.writing() as session:
                same = (CommandRow.device == row.device, CommandRow.counter == row.counter)
                await session.execute(update(CommandRow).where(*same, CommandRow.reason.is_(None)).values(sent_at=now))
        return len(due)

    async def _due(self, now: dt.datetime) -> Sequence[CommandRow]:
        """The oldest open command of each connected appliance, where it is not on its way."""
        query = (
            select(CommandRow)
            .join(DeviceRow, DeviceRow.id == CommandRow.device)
            .where(CommandRow.reason.is_(None), DeviceRow.connected, DeviceRow.revoked_at.is_(None))
            .where(or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > now))
            .order_by(CommandRow.device, CommandRow.counter)
        )
        async with self._store.reading() as session:
            oldest: dict[str, CommandRow] = {}
            for row in await session.scalars(query):
                oldest.setdefault(row.device, row)
        before = now - dt.timedelta(seconds=RESEND_S)
        return [row for row in oldest.values() if row.sent_at is None or row.sent_at < before]
