"""Raw readings in, scaled integers with a validity out. No floats; a tick allocates nothing and stays within ±2^30.

A reading becomes a value by the signal's table of points, read as straight lines between them and held flat beyond its
ends. What the table gives outside the signal's valid range is OUT_OF_RANGE; a reading that did not come is STALE.
"""

from array import array

from trivet_wire.ids import OUT_OF_RANGE, STALE, VALID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .board import Board

NO_SAMPLE = -(1 << 31)  # raw reading of an input that is silent
_SILENT = -(1 << 30)  # anything below is no reading


class Signals:
    """`values` and `validity`: signals in the board's order, then the outputs as they were driven last."""

    def __init__(self, board: "Board") -> None:
        self._n = board.n_signals
        self._input = board.input_of
        self._at = board.table_at
        self._raw = board.points_raw
        self._value = board.points_value
        self._line = array("h", board.table_at)  # where each signal's last reading lay: its next is near
        self._low = board.low
        self._high = board.high
        total = board.n_signals + board.n_outputs
        self.values = array("i", [0] * total)
        self.validity = bytearray(total)
        for i in range(self._n):
            self.validity[i] = STALE

    def convert(self, raw: "array[int]", now: int) -> None:
        """One tick's readings. A silent signal keeps its last value and is STALE."""
        values = self.values
        validity = self.validity
        inputs = self._input
        lines = self._line
        points = self._raw
        levels = self._value
        for i in range(self._n):
            reading = raw[inputs[i]]
            if reading < _SILENT:
                validity[i] = STALE
                continue
            at = lines[i]
            if not points[at] <= reading <= points[at + 1]:
                reading = self._search(i, reading)
                at = lines[i]
            start = levels[at]
            span = points[at + 1] - points[at]
            value = start + ((reading - points[at]) * (levels[at + 1] - start) + (span >> 1)) // span
            values[i] = value
            validity[i] = VALID if self._low[i] <= value <= self._high[i] else OUT_OF_RANGE

    def follow(self, levels: "array[int]") -> None:
        """Take over what the outputs are driven at: what the next tick's readings were made under."""
        values = self.values
        base = self._n
        for i in range(len(levels)):
            values[base + i] = levels[i]

    def _search(self, i: int, reading: int) -> int:
        """Move to the line that holds `reading`; gives the reading, or the end of the table that it lies beyond."""
        points = self._raw
        first = self._at[i]
        last = self._at[i + 1] - 1
        reading = min(max(reading, points[first]), points[last])
        while last - first > 1:
            middle = (first + last) >> 1
            if points[middle] <= reading:
                first = middle
            else:
                last = middle
        self._line[i] = first
        return reading
