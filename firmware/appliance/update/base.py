"""A base image in its slot: written as it comes, sector by sector, or read as what a delta builds on.

Takes the `Slots` port, gives what stands in flash. Erases one sector ahead of the one that is written, so that what is
there after a power cut can be told from the flash alone. Never writes the image that runs, nor while that one is on
trial itself: the other image is then the only good one.
"""

from trivet_wire.envelope import sha256
from trivet_wire.ids import R_SIZE, R_UNPROVEN
from trivet_wire.refuse import WireError

from .otadata import NEW, PENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Slots

    Buffer = bytes | bytearray | memoryview

STEP = 4096  # what `resume` counts in
_PIECE = 512  # bytes read at once
_SPAN = 16384  # bytes read back in one call: ticks go on in between


class Base:
    """One of the two images. `size`: bytes of the image that stands there, or is written."""

    def __init__(self, slots: "Slots", slot: int) -> None:
        self._slots = slots
        self._slot = slot
        self._sector = slots.sector_size
        self._rest = bytearray(slots.write_size)  # what is too short to be programmed yet
        self._waits = 0  # bytes in it
        self._at = 0  # bytes programmed
        self._erased = 0  # end of what is erased
        self._found: Any = None  # SHA-256 of what was read back so far
        self._checked = 0  # bytes
        self.size = slots.length(slot)

    def read(self, off: int, buf: "bytearray | memoryview") -> None:
        """Fill `buf` from `off`, as flash has it."""
        self._slots.read(self._slot, off, buf)

    # -- writing -------------------------------------------------------------------------------------------------------

    def begin(self, size: int) -> None:
        """A new image of `size` bytes; what was there is gone. R_SIZE where it does not fit, R_UNPROVEN while the
        running image is on trial, ValueError for the image that runs. Note that it began after this, not before."""
        self._open(size)
        self._start(0)

    def resume(self, size: int) -> int:
        """Go on with an image of `size` bytes that was begun in an earlier life; gives the bytes of it that are surely
        there, a multiple of 4096: `write` goes on from these."""
        self._open(size)
        step = max(self._sector, STEP)
        there = 0
        while there < size and not self._blank(there):
            there += step
        self._start(max(0, there - step))  # the one before the first that is erased may have been under way
        return self._at

    def back(self, off: int) -> None:
        """What stands from `off` on (a multiple of 4096, at most what was written) is written again."""
        if off % max(self._sector, STEP) or off > self._at + self._waits:
            raise ValueError("not a sector that was written")
        self._waits = 0
        top = self._at + self._sector - 1
        top -= top % self._sector
        while top > off:  # from the end: cut in between, the image ends within what is to be written again
            top -= self._sector
            self._slots.erase(self._slot, top)
        self._at = off

    def write(self, buf: "Buffer") -> None:
        """The next bytes, any number. R_SIZE beyond the size that was begun."""
        if self._at + self._waits + len(buf) > self.size:
            raise WireError(R_SIZE)
        view = memoryview(buf)
        unit = len(self._rest)
        taken = 0
        if self._waits:
            taken = min(unit - self._waits, len(view))
            self._rest[self._waits : self._waits + taken] = view[:taken]
            self._waits += taken
            if self._waits < unit:
                return
            self._waits = 0
            self._program(self._rest)
        while len(view) - taken >= unit:
            room = self._sector - self._at % self._sector
            length = min(room, (len(view) - taken) // unit * unit)
            self._program(view[taken : taken + length])
            taken += length
        self._waits = len(view) - taken
        self._rest[: self._waits] = view[taken:]

    def finish(self) -> "bytes | None":
        """Write what waits, then read all of it back, a part a call: None until it is done, then SHA-256 of the image
        as flash has it. R_SIZE when bytes are missing."""
        if self._found is None:
            if self._at + self._waits != self.size:
                raise WireError(R_SIZE)
            if self._waits:
                for i in range(self._waits, len(self._rest)):
                    self._rest[i] = 0xFF
                self._waits = 0
                self._program(self._rest)
            self._found = sha256(b"")
            self._checked = 0
        piece = memoryview(bytearray(_PIECE))
        end = min(self.size, self._checked + _SPAN)
        while self._checked < end:
            part = piece[: min(_PIECE, end - self._checked)]
            self._slots.read(self._slot, self._checked, part)
            self._found.update(part)
            self._checked += len(part)
        if end < self.size:
            return None
        whole: bytes = self._found.digest()
        self._found = None
        return whole

    def _open(self, size: int) -> None:
        slots = self._slots
        if self._slot == slots.running:
            raise ValueError("this image runs")
        if slots.state() in (NEW, PENDING):
            raise WireError(R_UNPROVEN)
        if not 0 < size <= slots.size:
            raise WireError(R_SIZE)
        self.size = size

    def _start(self, at: int) -> None:
        self._at = self._erased = at
        self._waits = 0
        self._found = None
        self._erase(at + self._sector)

    def _erase(self, end: int) -> None:
        """Up to `end`, as far as there is a sector."""
        while self._erased < min(end, self._slots.size):
            self._slots.erase(self._slot, self._erased)
            self._erased += self._sector

    def _program(self, part: "bytearray | memoryview") -> None:
        if self._at % self._sector == 0:
            self._erase(self._at + 2 * self._sector)
        self._slots.program(self._slot, self._at, part)
        self._at += len(part)

    def _blank(self, off: int) -> bool:
        """Whether a sector is erased, all of it."""
        piece = memoryview(bytearray(64))
        for at in range(off, off + self._sector, len(piece)):
            self._slots.read(self._slot, at, piece)
            for byte in piece:
                if byte != 0xFF:
                    return False
        return True
