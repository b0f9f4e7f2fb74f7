"""An append-only log: records in a ring of flash sectors, oldest sector first; nothing is ever rewritten or copied.

Takes a `Flash` port (a raw partition), gives append, reading in order, and the erasing of sectors that its user has
cut off. A cut before, during or after any flash operation leaves a record whole or not there. Appending never erases:
`service()`, called in idle time, keeps a clean sector ahead. Never judges a number, a type or a payload.
"""

from .journal import JournalFull
from .ring import DIRTY, FIRST, HEAD, Ring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Flash


class Log:
    """One log on one partition. `mount()` first. One reader at a time: `rewind()`, then `next()`."""

    def __init__(self, flash: "Flash", beside: "Ring | None" = None) -> None:
        """`beside`: another ring of the same appliance, whose buffers serve this one too."""
        self.ring = Ring(flash, beside)
        self.first = False  # the record just read is its sector's first
        self.blank = False  # the sector that is appended to holds no sound record
        self._active = -1
        self._pos = 0
        self._sequence = 0
        self._sector = -1  # of the reader, and what it has still to read there
        self._at = self._end = 0

    def mount(self) -> None:
        """Find the end. Never fails for what the flash holds, never erases."""
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
        self.rewind(self._active)
        self.blank = True
        while self.next() >= 0:
            self.blank = False
        self._pos = self._at if self._active >= 0 else ring.size

    def open(self) -> None:
        """Begin the next sector; JournalFull where none is clean."""
        if not self.ring.clean:
            raise JournalFull
        self._active = self.ring.open(self._active, self._sequence + 1)
        self._sequence += 1
        self._pos = FIRST
        self.blank = True

    def append(self, kind: int, number: int, payload: bytes) -> bool:
        """Write a record and read it back; False, and nothing written, when the sector has no room for it. A failing
        write (OSError) closes the sector."""
        ring = self.ring
        end = self._pos + ring.need(len(payload))
        if end > ring.size:
            return False
        at = self._active * ring.size + self._pos
        self._pos = ring.size
        ring.write(at, kind, 0, 0, number, memoryview(payload))
        if not ring.head(at) or not ring.sound(at):
            raise OSError(5)
        self._pos = end
        self.blank = False
        return True

    def oldest(self) -> int:
        """Number of the last record of the oldest sector, as the first one behind it says; 0 when there is none."""
        sector = self.ring.next_used(0)
        if sector < 0 or sector == self._active:
            return 0
        self.rewind(self.ring.next_used(self.ring.sequence[sector]))
        return self.ring.seq - 1 if self.next() >= 0 else 0

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

    def rewind(self, sector: int = -1) -> None:
        """Read from this sector on (-1: the oldest)."""
        ring = self.ring
        self._sector = sector if sector >= 0 else ring.next_used(0)
        self.first = True
        self._at = FIRST
        self._end = ring.used_end(self._sector, FIRST) if self._sector >= 0 else 0

    def place(self) -> "tuple[int, int, int, int, bool]":
        """Where the reader is, for `back`."""
        sector = self._sector
        return sector, self.ring.sequence[sector] if sector >= 0 else 0, self._at, self._end, self.first

    def back(self, place: "tuple[int, int, int, int, bool]") -> bool:
        """Read on from a place, whoever read in between. False: it was erased."""
        self._sector, sequence, self._at, self._end, self.first = place
        return self._sector < 0 or self.ring.sequence[self._sector] == sequence

    def next(self) -> int:
        """Address of the next sound record, whose head then stands in the ring's fields; -1 at the end. What is torn,
        or does not fit its CRC, is passed over."""
        ring = self.ring
        first = self.first and self._at == FIRST
        while self._sector >= 0:
            while self._at < self._end:
                at = self._sector * ring.size + self._at
                if self._at + HEAD > ring.size or not ring.head(at):
                    self._at += ring.flash.write_size
                    continue
                self._at += ring.need(ring.length)
                if ring.sound(at):
                    self.first = first
                    return at
            behind = ring.next_used(ring.sequence[self._sector])
            if behind < 0:
                break
            self.rewind(behind)
            first = True
        self._at = max(self._at, self._end)
        return -1
