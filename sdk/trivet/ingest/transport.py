"""How bytes reach the cloud and go back: the one interface that an engine must serve. Gives messages that stay
with the engine until `ack`; never looks into one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class TransportError(OSError):
    """The engine does not answer: wait, then try again. Nothing is lost meanwhile."""


class Incoming(Protocol):
    """One delivery. Without `ack` it comes again."""

    @property
    def topic(self) -> str: ...  # t/<device>/u/<kind>

    @property
    def data(self) -> bytes: ...

    @property
    def deliveries(self) -> int: ...  # 1 at the first

    @property
    def at(self) -> dt.datetime: ...  # when the engine took it, the same at every delivery

    @property
    def key(self) -> str: ...  # the same at every delivery of the same publication

    async def ack(self) -> None: ...

    async def follows(self, *names: str) -> bool:
        """Whether the engine keeps an older one of its appliance, of a kind with one of these names. Raises
        TransportError."""

    async def nak(self, delay_s: float) -> None: ...  # again, not before `delay_s`


@dataclass(frozen=True)
class DeadLetter:
    """A message that reached no case, kept with its numeric reason (`trivet_wire.ids.R_*`)."""

    reason: int
    device: str
    topic: str
    data: bytes
    at: dt.datetime


class Transport(Protocol):
    async def start(self) -> None:
        """Returns when messages that appliances send from now on are kept for us."""

    async def stop(self) -> None: ...

    async def fetch(self, limit: int, timeout_s: float) -> Sequence[Incoming]:
        """Up to `limit` messages as soon as there is one; empty after `timeout_s`. Raises TransportError."""

    async def send(self, device: str, kind: str, data: bytes) -> None:
        """Down, at most once: `t/<device>/d/<kind>`."""

    async def dead_letter(self, reason: int, device: str, topic: str, data: bytes, key: str = "") -> None:
        """Returns when it is kept; once for one `key`."""

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The newest `limit`, oldest of them first."""

    async def erase(self, device: str) -> int:
        """Everything of this appliance that waits or is kept, bytes and all; gives how many messages."""

    async def scan(self, markers: Sequence[bytes]) -> dict[str, int]:
        """How many messages hold one of the markers, by stream."""

    async def expire_dead_letters(self, days: int) -> None:
        """From now on none older than this is kept."""

    async def dead_letter_counts(self) -> dict[int, int]:
        """How many are kept, by reason."""
