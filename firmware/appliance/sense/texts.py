"""Texts for the appliance's own display, read where they lie in flash: `texts_<language>.bin`, written by the SDK.

    "TVT" version(1) events(u16) functions(u16), then offsets (u16) of all texts and of the end, then UTF-8.
    Texts: title, owner, now of each event in order, then the name of each function.

Takes the bytes (a memoryview over ROM costs no heap), gives one text at a time. All little-endian.
"""

from trivet_wire.ids import R_CATALOGUE
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

HEADER = 8
PER_EVENT = 3


class Texts:
    """An event or function that the file does not have raises IndexError."""

    def __init__(self, buf: "Buffer") -> None:
        if len(buf) < HEADER or bytes(memoryview(buf)[:4]) != b"TVT\x01":
            raise WireError(R_CATALOGUE)
        self._buf = buf
        self.events = buf[4] | buf[5] << 8
        self.functions = buf[6] | buf[7] << 8

    def title(self, event: int) -> str:
        """What it is, in a few words."""
        return self._event(event, 0)

    def owner(self, event: int) -> str:
        """What it means to the owner."""
        return self._event(event, 1)

    def now(self, event: int) -> str:
        """What the owner does now."""
        return self._event(event, 2)

    def function(self, function: int) -> str:
        if function < 0 or function >= self.functions:
            raise IndexError
        return self._text(self.events * PER_EVENT + function)

    def _event(self, event: int, which: int) -> str:
        if event < 0 or event >= self.events:
            raise IndexError
        return self._text(event * PER_EVENT + which)

    def _text(self, position: int) -> str:
        buf = self._buf
        at = HEADER + 2 * position
        base = HEADER + 2 * (self.events * PER_EVENT + self.functions + 1)
        start = base + (buf[at] | buf[at + 1] << 8)
        end = base + (buf[at + 2] | buf[at + 3] << 8)
        return str(memoryview(buf)[start:end], "utf-8")
