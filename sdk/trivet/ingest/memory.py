"""A transport inside this process, for tests and for teams that bring messages themselves. Keeps the engine's
promises (again until acked, in order at first), never its durability."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.ingest.transport import DeadLetter


@dataclass
class MemoryIncoming:
    topic: str
    data: bytes
    key: str
    home: MemoryTransport = field(repr=False)
    deliveries: int = 0
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    async def ack(self) -> None:
        self.home.unacked.pop(self.key, None)

    async def follows(self, *names: str) -> bool:
        device = self.topic.split("/")[1]
        kept = [one for one in (*self.home.ready, *self.home.unacked.values()) if int(one.key) < int(self.key)]
        return any(one.topic == f"t/{device}/u/{name}" for one in kept for name in names)

    async def nak(self, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self.home.again, self)


class MemoryTransport:
    """`publish` is the appliance's side; `sent` holds what went down, newest last."""

    def __init__(self) -> None:
        self.ready: deque[MemoryIncoming] = deque()
        self.unacked: dict[str, MemoryIncoming] = {}
        self.sent: list[tuple[str, str, bytes]] = []
        self.dead: list[DeadLetter] = []
        self._buried: set[str] = set()
        self._count = 0
        self._wake = asyncio.Event()

    def publish(self, topic: str, data: bytes) -> None:
        self._count += 1
        self.again(MemoryIncoming(topic, data, str(self._count), self))

    def again(self, message: MemoryIncoming) -> None:
        self.ready.append(message)
        self._wake.set()

    async def start(self) -> None:
        """What a dead worker left unacked comes again."""
        for message in list(self.unacked.values()):
            if message not in self.ready:
                self.again(message)

    async def stop(self) -> None:
        return

    async def fetch(self, limit: int, timeout_s: float) -> Sequence[MemoryIncoming]:
        if not self.ready:
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), timeout_s)
            except TimeoutError:
                return []
        batch = [self.ready.popleft() for _ in range(min(limit, len(self.ready)))]
        for message in batch:
            message.deliveries += 1
            self.unacked[message.key] = message
        return batch

    async def send(self, device: str, kind: str, data: bytes) -> None:
        self.sent.append((device, kind, data))

    async def dead_letter(self, reason: int, device: str, topic: str, data: bytes, key: str = "") -> None:
        if key and f"{key}.{reason}" in self._buried:
            return
        self._buried.add(f"{key}.{reason}")
        self.dead.append(DeadLetter(reason, device, topic, data, dt.datetime.now(dt.UTC)))

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        return self.dead[-limit:]

    async def erase(self, device: str) -> int:
        before = len(self.ready) + len(self.unacked) + len(self.dead)
        self.ready = deque(one for one in self.ready if f"/{device}/" not in one.topic)
        self.unacked = {key: one for key, one in self.unacked.items() if f"/{device}/" not in one.topic}
        self.dead = [one for one in self.dead if device != one.device and f"/{device}/" not in one.topic]
        self.sent = [one for one in self.sent if one[0] != device]
        return before - len(self.ready) - len(self.unacked) - len(self.dead)

    async def scan(self, markers: Sequence[bytes]) -> dict[str, int]:
        kept = [one.data for one in (*self.ready, *self.unacked.values())] + [one.data for one in self.dead]
        return {"memory": sum(any(marker in data for marker in markers) for data in kept)}

    async def expire_dead_letters(self, days: int) -> None:
        oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        self.dead = [letter for letter in self.dead if letter.at >= oldest]

    async def dead_letter_counts(self) -> dict[int, int]:
        return dict(sorted(Counter(letter.reason for letter in self.dead).items()))
