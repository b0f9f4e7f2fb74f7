"""Moves of status bytes that are worth telling, in order, between the tick that makes them and the task that tells
them.

Takes (event, old, new, edge) four bytes at a time; when full the newest is dropped and counted, so that a reader who
sees `dropped` rise looks at all status bytes once. Never allocates after start.
"""


class Changes:
    """A ring for one writer and one reader."""

    def __init__(self, size: int = 32) -> None:
        self._size = size
        self._ring = bytearray(size * 4)
        self._first = 0
        self._held = 0
        self.dropped = 0

    def __len__(self) -> int:
        return self._held

    def push(self, event: int, old: int, new: int, edge: int) -> None:
        if self._held == self._size:
            self.dropped += 1
            return
        at = (self._first + self._held) % self._size * 4
        self._ring[at] = event
        self._ring[at + 1] = old
        self._ring[at + 2] = new
        self._ring[at + 3] = edge
        self._held += 1

    def take(self, out: bytearray) -> bool:
        """Move the oldest change into `out[0:4]`: event, old status, new status, edge of `status`. False when there
        is none."""
        if not self._held:
            return False
        at = self._first * 4
        for i in range(4):
            out[i] = self._ring[at + i]
        self._first = (self._first + 1) % self._size
        self._held -= 1
        return True
