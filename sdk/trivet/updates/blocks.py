"""Answers FETCH with BLOCKs: takes what was found to be allowed (`asked`), sends it down in parts of at most
ids.MAX_BLOCK bytes. Slow enough for a small appliance's buffers, a few at a time for the house, and no more of one
appliance than it can use: what is beyond that is dropped and counted, for whoever misses a part asks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Protocol

from trivet_wire import cbor, ids

from trivet.updates.asked import Wanted
from trivet.updates.payloads import Payloads

log = logging.getLogger("trivet.updates")

TOPIC = ids.KIND_NAMES[ids.BLOCK]
PACE_S = 0.004  # between two blocks to one appliance: about 100 KB/s
WAITING = 4  # FETCHes of one appliance that wait their turn; an honest one asks for one or two at a time
AT_ONCE = 64  # appliances that are answered at the same time
_PAUSE_S = 0.5  # after the engine did not take one


class Down(Protocol):
    """The engine, as far as this room needs it. Raises OSError while it does not answer."""

    async def send(self, device: str, kind: str, data: bytes) -> None: ...


def block(payload: str, offset: int, data: bytes) -> bytes:
    """One part as it goes down: [first 8 bytes of the payload's SHA-256, offset, bytes]."""
    return cbor.encode([bytes.fromhex(payload)[:8], offset, data])


class Blocks:
    """`ask` never waits; `stop` ends what is under way. `sent` and `dropped` count blocks and FETCHes."""

    def __init__(self, down: Down, payloads: Payloads, *, pace_s: float = PACE_S) -> None:
        self._down = down
        self._payloads = payloads
        self._pace_s = pace_s
        self._waiting: dict[str, deque[Wanted]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.sent = 0
        self.dropped = 0

    def ask(self, wanted: Wanted) -> bool:
        """Whether it is answered; the same question while the first one waits is one question."""
        waiting = self._waiting.setdefault(wanted.device, deque())
        if wanted in waiting:
            return True
        if len(waiting) >= WAITING:
            self.dropped += 1
            return False
        waiting.append(wanted)
        if wanted.device not in self._tasks:
            self._tasks[wanted.device] = asyncio.create_task(self._answer(wanted.device), name="blocks")
        return True

    async def stop(self) -> None:
        """Whoever waits asks again."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        self._waiting.clear()

    async def _answer(self, device: str) -> None:
        """Everything that one appliance waits for, then nothing is left of it here."""
        waiting = self._waiting[device]
        try:
            while waiting:
                async with self._slots:
                    await self._parts(waiting[0])
                waiting.popleft()
        except OSError as error:
            log.warning("%s gets no blocks for now: %s", device, error)
            await asyncio.sleep(_PAUSE_S)
        finally:
            self._waiting.pop(device, None)
            self._tasks.pop(device, None)

    async def _parts(self, wanted: Wanted) -> None:
        data = await asyncio.to_thread(self._payloads.read, wanted.payload, wanted.offset, wanted.length)
        for at in range(0, len(data), ids.MAX_BLOCK):
            part = data[at : at + ids.MAX_BLOCK]
            await self._down.send(wanted.device, TOPIC, block(wanted.payload, wanted.offset + at, part))
            self.sent += 1
            await asyncio.sleep(self._pace_s)
