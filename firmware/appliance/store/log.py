"""An append-only log: records in a ring of flash sectors, oldest sector first; nothing is ever rewritten or copied.

Takes a `Flash` port (a raw partition), gives append, a reader in order, and the erasing of sectors that its user has
cut off. A cut before, during or after any flash operation leaves a record whole or not there. Appending never erases:
`service()`, called in idle time, keeps a clean sector ahead. Never judges a number, a type or a payload.
"""

from .ring import DIRTY, FIRST, HEAD, Ring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Flash

_AHEAD = 1  # clean sectors that `service` keeps ready


class LogFull(Exception):
    """No clean sector: `service` was not called. Nothing was changed."""


class Log:
    """One log on one partition. `mount()` first."""

    def __init__(self, flash: "Flash", beside: "Ring | None" = None) -> None:
        self.ring = Ring(flash, beside)
        self.blank = False  # the present sector holds no sound record
        self._active = -1
        self._pos = 0
        self._sequence = 0

    def mount(self) -> None:
        """Find the end. Never fails for what the flash holds; erases only when nothing at all is clean or in use."""
        ring = self.ring
        ring.survey()
        self._active = -1
        self._sequence = 0
        while True:
            sector = ring.next_used(self._sequence)
            if sector < 0:
                break
            self._active = sector
            self._sequence = ring.sequence[sector]
        if self._active < 0:
            self.close()
            return
        last = Reader(self, self._active)
        self.blank = True
        while last.next() >= 0:
            self.blank = False
        self._pos = last.pos

    def close(self) -> None:
        """Append nothing more to the present sector."""
        self._pos = self.ring.size

    def fits(self, length: int) -> bool:
        """Whether a record with `length` bytes of payload fits the present sector."""
        return self._pos + self.ring.need(length) <= self.ring.size

    def open(self) -> None:
        """Begin the next sector; LogFull where none is clean."""
        if not self.ring.clean:
            raise LogFull
        self._active = self.ring.open(self._active, self._sequence + 1)
        self._sequence += 1
        self._pos = FIRST
        self.blank = True

    def append(self, kind: int, number: int, payload: memoryview) -> None:
        """Write a record that `fits`, and read it back. A failing write (OSError) closes the sector."""
        ring = self.ring
        at = self._active * ring.size + self._pos
        self._pos = ring.size
        ring.write(at, kind, 0, 0, number, payload)
        if not ring.head(at) or not ring.sound(at):
            raise OSError(5)
        self._pos = at % ring.size + ring.need(len(payload))
        self.blank = False

    def oldest(self) -> int:
        """Number of the last record of the oldest sector, as far as a record behind it says; 0 when there is none."""
        sector = self.ring.next_used(0)
        if sector < 0 or sector == self._active:
            return 0
        behind = Reader(self, self.ring.next_used(self.ring.sequence[sector]))
        return self.ring.seq - 1 if behind.next() >= 0 else 0

    def service(self, cut_off: int) -> bool:
        """Erase one sector: a dirty one, or the oldest if it holds only records up to number `cut_off`. True when it
        did."""
        ring = self.ring
        sector = ring.find(DIRTY)
        if sector < 0:
            if not 0 < self.oldest() <= cut_off:
                return False
            sector = ring.next_used(0)
        ring.erase(sector)
        return True

    def short(self) -> bool:
        """Whether the oldest sector must be cut off for a clean one."""
        return self.ring.clean < _AHEAD and self.ring.find(DIRTY) < 0


class Reader:
    """Goes over the sound records in their order, from one sector (-1: the oldest) on."""

    def __init__(self, log: Log, sector: int = -1) -> None:
        self._ring = log.ring
        self.first = False  # the record just read is its sector's first
        self._sector = -1
        self._end = self.pos = 0  # offsets within the sector; `pos`: behind what was read last
        self._enter(sector if sector >= 0 else log.ring.next_used(0))

    def _enter(self, sector: int) -> None:
        self._sector = sector
        self._fresh = True
        self.pos = FIRST
        self._end = self._ring.used_end(sector, FIRST) if sector >= 0 else 0

    def next(self) -> int:
        """Address of the next record, whose head then stands in the ring's fields; -1 at the end. What is torn, or
        does not fit its CRC, is passed over."""
        ring = self._ring
        while self._sector >= 0:
            base = self._sector * ring.size
            while self.pos < self._end:
                at = base + self.pos
                if self.pos + HEAD > ring.size or not ring.head(at):
                    self.pos += ring.flash.write_size
                    continue
                self.pos += ring.need(ring.length)
                if ring.sound(at):
                    self.first = self._fresh
                    self._fresh = False
                    return at
            behind = ring.next_used(ring.sequence[self._sector])
            if behind < 0:
                self.pos = max(self.pos, self._end)
                return -1
            self._enter(behind)
        return -1
