"""Files of the board that only the service port reads: rows of cells, each read from flash when it is asked for. Takes
the board's packed files and a name, gives one cell at a time; keeps nothing. Layout:
sdk/trivet/boards/pack_service.py.
"""

from trivet_wire.ids import R_BUSY, R_CATALOGUE, R_FIELD
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..heart import Heart
    from ..ports import Packed

_HEAD = 8


class Cells:
    """One file. A bundle made before there were such files has none: OSError."""

    def __init__(self, packed: "Packed", name: str) -> None:
        head = packed.piece(name, 0, _HEAD)
        if len(head) < _HEAD or head[:4] != b"TVP\x01":
            raise WireError(R_CATALOGUE)
        self._packed = packed
        self._name = name
        self.rows = head[4] | head[5] << 8
        self._columns = head[6] | head[7] << 8

    def cell(self, row: int, column: int) -> bytes:
        """IndexError for a row that the file does not have."""
        if not 0 <= row < self.rows:
            raise IndexError
        position = row * self._columns + column
        ends = self._packed.piece(self._name, _HEAD + 4 * position, 8)
        start = ends[0] | ends[1] << 8 | ends[2] << 16
        end = ends[4] | ends[5] << 8 | ends[6] << 16
        base = _HEAD + 4 * (self.rows * self._columns + 1)
        return self._packed.piece(self._name, base + start, end - start)

    def text(self, row: int, column: int) -> str:
        """A cell of UTF-8."""
        return str(self.cell(row, column), "utf-8")


class Names(Cells):
    """Signals, then outputs."""

    def __init__(self, packed: "Packed") -> None:
        super().__init__(packed, "signals.bin")

    def name(self, source: int) -> str:
        """As in board.toml."""
        return self.text(source, 0)

    def unit(self, source: int) -> str:
        """Such as °C; empty for none."""
        return self.text(source, 1)

    def scale(self, source: int) -> int:
        """Steps per unit."""
        return int(self.text(source, 2))

    def scaled(self, source: int, value: int) -> "int | float":
        """In its unit."""
        scale = self.scale(source)
        return value if scale == 1 else float("%.7g" % (value / scale))  # as many digits as the chip's floats have

    def find(self, name: str) -> int:
        """The row of a name, -1 for none."""
        for source in range(self.rows):
            if self.name(source) == name:
                return source
        return -1


def event_of(heart: "Heart | None", code: str) -> int:
    """The event of a code as somebody typed it. R_FIELD: misread; R_CATALOGUE: this board has no such code; R_BUSY
    without a board."""
    if heart is None:
        raise WireError(R_BUSY)
    from trivet_wire.code import CodeError, parse

    try:
        event = heart.catalogue.find(parse(code))
    except CodeError:
        raise WireError(R_FIELD) from None
    if event < 0:
        raise WireError(R_CATALOGUE)
    return event


_VALIDITY = "valid|out of range|rate|stuck|stale|implausible|disconnected"  # ids.VALIDITY_NAMES


def validity(number: int) -> str:
    """How far a value may be believed, in words."""
    return _VALIDITY.split("|")[number]


def padded(text: str, width: int) -> str:
    """Filled with spaces, or cut, to so many characters; `%` counts bytes."""
    return text[:width] + " " * (width - len(text))


def wrapped(text: str, head: str = "") -> str:
    """Lines of at most 78 characters; the first begins with `head`, the others below it."""
    lines: "list[str]" = []
    line = head
    indent = " " * len(head)
    for word in text.split():
        if len(line) + len(word) > 77 and len(line) > len(head):
            lines.append(line)
            line = indent
        line += (" " if line not in (head, indent) else "") + word
    lines.append(line)
    return "\n".join(lines)
