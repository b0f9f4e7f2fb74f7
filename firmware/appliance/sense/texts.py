"""Texts for the appliance's own display, read where they lie in flash: `texts_<language>.bin`, written by the SDK.

    "TVT" version(1) events(u16) functions(u16), then offsets (u16) of all texts and of the end, then UTF-8.
    Texts: title, owner, now of each event in order, then the name of each function.

Takes the board's packed files, gives one text at a time, read when it is asked for. All little-endian.
"""

from trivet_wire.ids import R_CATALOGUE
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Packed

HEADER = 8
PER_EVENT = 3


class Texts:
    """An event or function that the file does not have raises IndexError."""

    def __init__(self, packed: "Packed", name: str) -> None:
        head = packed.piece(name, 0, HEADER)
        if len(head) < HEADER or head[:4] != b"TVT\x01":
            raise WireError(R_CATALOGUE)
        self._packed = packed
        self._name = name
        self.events = head[4] | head[5] << 8
        self.functions = head[6] | head[7] << 8

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
        ends = self._packed.piece(self._name, HEADER + 2 * position, 4)
        start = ends[0] | ends[1] << 8
        end = ends[2] | ends[3] << 8
        base = HEADER + 2 * (self.events * PER_EVENT + self.functions + 1)
        return str(self._packed.piece(self._name, base + start, end - start), "utf-8")
