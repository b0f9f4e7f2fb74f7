"""The consumer: fetches batches, stores each in one transaction, then buries, receipts and acks, in that order.

A message is acked to the engine only after the commit; a death anywhere in between makes it come again, and the key
(device, boot, seq) absorbs that. A batch that fails is taken one by one; a message that cannot be taken for a reason
of ours waits at the engine and holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.ingest.known import Known
from trivet.ingest.receipts import raise_floor, seal_ack
from trivet.ingest.take import Outcome, take
from trivet.ingest.transport import Incoming, Transport, TransportError
from trivet.store import Store
from trivet.store.tables import DeviceRow
from trivet.updates.blocks import Blocks

log = logging.getLogger("trivet.ingest")

BATCH = 100
FETCH_S = 1.0
_CUT_AGAIN_S = 0.5
PAUSE_S = (0.1, 0.5, 2.0, 5.0)  # after the n-th failure in a row
Acks = list[tuple[str, bytes]]


class Worker:
    """`run` until cancelled. Several may run, in one process or in many."""

    def __init__(self, store: Store, transport: Transport, known: Known, blocks: Blocks | None = None) -> None:
        """Without `blocks` no appliance gets anything that it fetches."""
        self._store = store
        self._transport = transport
        self._known = known
        self._blocks = blocks
        self.taken = 0
        self.buried = 0

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                batch = await self._transport.fetch(BATCH, FETCH_S)
                if batch:
                    await self._batch(batch)
                failures = 0
            except TransportError as error:
                log.warning("%s", error)
                await asyncio.sleep(PAUSE_S[min(failures, len(PAUSE_S) - 1)])
                failures += 1

    async def _batch(self, batch: Sequence[Incoming]) -> None:
        try:
            await self.process(batch)
        except TransportError:
            raise
        except Exception:
            log.exception("a batch of %d failed: taking its messages one by one", len(batch))
            for incoming in batch:
                await self._alone(incoming)

    async def _alone(self, incoming: Incoming) -> None:
        try:
            await self.process([incoming])
        except TransportError:
            raise
        except Exception:
            delay = min(2.0**incoming.deliveries, 60.0)
            log.exception("%s waits %s s: it could not be taken", incoming.topic, delay)
            await incoming.nak(delay)

    async def process(self, batch: Sequence[Incoming]) -> None:
        """One transaction for all; in it the appliances' rows are locked, in one order for all workers."""
        ordered = sorted(batch, key=_device_of)  # stable: within an appliance as they came
        async with self._store.writing() as session:
            devices = await _lock(session, {_device_of(incoming) for incoming in ordered})
            outcomes = [await take(session, self._known, incoming, devices) for incoming in ordered]
            acks = await self._acks(session, outcomes)
            await asyncio.gather(
                *(self._bury(incoming, outcome) for incoming, outcome in zip(ordered, outcomes, strict=True))
            )
        for device, data in acks:
            await self._transport.send(device, "ack", data)
        for outcome in outcomes:
            if outcome.wanted is not None and self._blocks is not None:
                self._blocks.ask(outcome.wanted)
        for incoming, outcome in zip(ordered, outcomes, strict=True):
            if outcome.delay_s is None:
                await incoming.ack()
            else:
                await incoming.nak(outcome.delay_s)
        self.taken += sum(outcome.dead is None and outcome.delay_s is None for outcome in outcomes)

    async def _bury(self, incoming: Incoming, outcome: Outcome) -> None:
        if outcome.dead is not None:
            data = incoming.data if outcome.keep else b""
            await self._transport.dead_letter(outcome.dead, outcome.device, incoming.topic, data, incoming.key)
            self.buried += 1

    async def _acks(self, session: AsyncSession, outcomes: Sequence[Outcome]) -> Acks:
        """One receipt for each device and boot that this batch touched."""
        epochs: dict[tuple[str, int], int] = {}
        floors: dict[tuple[str, int], int] = {}
        refused: dict[tuple[str, int], dict[int, int]] = {}
        for outcome in outcomes:
            if outcome.receipt is None:
                continue
            epoch, boot, seq = outcome.receipt
            where = outcome.device, boot
            epochs[where] = epoch
            floors[where] = max(floors.get(where, 0), outcome.floor)
            if outcome.dead is not None:
                refused.setdefault(where, {})[seq] = outcome.dead
        acks = []
        for (device, boot), epoch in epochs.items():
            floor = await raise_floor(session, device, boot, floors[device, boot])
            key = self._known.key(device, epoch)
            acks.append((device, seal_ack(key, boot, floor, refused.get((device, boot), {}))))
        return acks


class Ingest:
    """A transport and its workers, started and stopped together."""

    def __init__(
        self, store: Store, transport: Transport, known: Known, workers: int = 1, blocks: Blocks | None = None
    ) -> None:
        self.transport = transport
        self.blocks = blocks
        self.workers = [Worker(store, transport, known, blocks) for _ in range(workers)]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.transport.start()
        self._tasks = [asyncio.create_task(worker.run(), name="ingest") for worker in self.workers]

    async def stop(self) -> None:
        """Cuts the workers wherever they are: what was not acked comes again. Cut again until they are gone: a message
        that arrives in that very moment can swallow a cancellation (asyncio.wait_for before Python 3.12)."""
        while running := [task for task in self._tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=_CUT_AGAIN_S)
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self.blocks is not None:
            await self.blocks.stop()
        await self.transport.stop()

    kill = stop  # there is no gentler end: each step may be the last


def _device_of(incoming: Incoming) -> str:
    parts = incoming.topic.split("/")
    return parts[1] if len(parts) > 1 else ""


async def _lock(session: AsyncSession, wanted: set[str]) -> dict[str, DeviceRow]:
    query = select(DeviceRow).where(DeviceRow.id.in_(wanted)).order_by(DeviceRow.id).with_for_update()
    return {row.id: row for row in await session.scalars(query)}
