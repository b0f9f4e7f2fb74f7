"""One payload on its way, whichever way it comes: a window of it is filled piece by piece, in any order, any number of
times, and handed on when it is whole. Takes pieces as they come, gives what is missing and the full window. Believes
nothing: whoever takes the window judges it, and asks for it again. Allocates nothing for what it is sent.

    asked for   up to WINDOW bytes from `at` on; answered in pieces of PIECE bytes from the place asked for
    taken       a piece of this payload, within the window, of the length that its place must have
"""

from trivet_wire.cbor_read import Reader
from trivet_wire.ids import MAX_BLOCK
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

PIECE = MAX_BLOCK
WINDOW = 3 * PIECE  # bytes: what an appliance has to spare while everything else lies in its heap
_START = 8


class Download:
    """`size` bytes of the payload whose SHA-256 begins with `start`, from `at` on, through `room`, WINDOW bytes."""

    def __init__(self, start: "Buffer", size: int, room: bytearray, at: int = 0) -> None:
        self.start = bytes(start[:_START])
        self.size = size
        self.room = memoryview(room)
        self.at = at
        self.filled = 0  # bytes from the window's start without a gap
        self.came = 0  # pieces that were new, ever
        self._pieces = 0  # bit i: piece i of the window is there
        self.goal = min(WINDOW, size - at)

    def whole(self) -> bool:
        """Whether the window is complete: `room[:goal]`."""
        return self.filled >= self.goal

    def done(self) -> bool:
        return self.at >= self.size

    def missing(self) -> "tuple[int, int]":
        """Offset and length of the first gap."""
        end = self.filled
        while end < self.goal and not self._pieces >> end // PIECE & 1:
            end += PIECE
        return self.at + self.filled, min(end, self.goal) - self.filled

    def next(self) -> None:
        """The window was taken: on to the one behind it."""
        self.again(self.at + self.goal)

    def again(self, at: int) -> None:
        """From `at` on, whatever is there already."""
        self.at = at
        self.goal = min(WINDOW, self.size - at)
        self.filled = self._pieces = 0

    def block(self, message: "Buffer") -> bool:
        """A BLOCK as it came: [start, offset, bytes]. False, and nothing is changed, for any that has no place here."""
        try:
            reader = Reader(message)
            if reader.array() != 3:
                return False
            at = reader.bstr()
            start = bytes(message[at : reader.pos])
            offset = reader.unsigned(0x3FFFFFFF)
            at = reader.bstr()
            reader.done()
            return self.piece(start, offset, memoryview(message)[at : reader.pos])
        except WireError:
            return False

    def piece(self, start: bytes, offset: int, data: "Buffer") -> bool:
        """Bytes of a payload. False for those that are of another, outside the window, or there already."""
        off = offset - self.at
        if start != self.start or not 0 <= off < self.goal or off % PIECE:
            return False
        bit = 1 << off // PIECE
        if len(data) != min(PIECE, self.goal - off) or self._pieces & bit:
            return False
        self.room[off : off + len(data)] = data
        self._pieces |= bit
        self.came += 1
        while self.filled < self.goal and self._pieces >> self.filled // PIECE & 1:
            self.filled = min(self.filled + PIECE, self.goal)
        return True

    def poured(self, count: int) -> None:
        """Bytes were read straight into `room[filled:goal]`."""
        self.filled += count
        self.came += 1


class Asking:
    """A source that answers in blocks: broker or line. `send(start, offset, length)` asks; False: not now."""

    PATIENCE_MS = 2000  # without a new piece, until the same is asked for again
    TRIES = 5  # in vain, until it is of no use now

    def __init__(self, send: "Callable[[bytes, int, int], bool]") -> None:
        self._send = send
        self._came = -1
        self._asked_at = -1  # ms of the link's clock; -1: nothing is asked for
        self._tries = 0
        self._at: int = -1  # of the window that it was asked for

    def poll(self, now: int, download: Download) -> bool:
        """Ask for what is missing, when it is time. False: nobody answers."""
        if download.came != self._came:
            self._came = download.came
            self._tries = 0
            if self._asked_at >= 0:
                self._asked_at = now
        if download.at != self._at:
            self._at = download.at
            self._asked_at = -1
        if 0 <= self._asked_at and now - self._asked_at < self.PATIENCE_MS:
            return True
        if self._tries >= self.TRIES:
            return False
        offset, length = download.missing()
        if self._send(download.start, offset, length):
            self._asked_at = now
            self._tries += 1
        return True

    def close(self) -> None:
        """Nothing is held."""


if TYPE_CHECKING:
    from collections.abc import Callable
