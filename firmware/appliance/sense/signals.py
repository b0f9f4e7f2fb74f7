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
        for i in range(self._n):
            reading = raw[self._input[i]]
            if reading < _SILENT:
                validity[i] = STALE
                continue
            value = self._scale(reading, self._at[i], self._at[i + 1] - 1)
            values[i] = value
            validity[i] = VALID if self._low[i] <= value <= self._high[i] else OUT_OF_RANGE

    def follow(self, levels: "array[int]") -> None:
        """Take over what the outputs are driven at: what the next tick's readings were made under."""
        values = self.values
        base = self._n
        for i in range(len(levels)):
            values[base + i] = levels[i]

    def _scale(self, reading: int, first: int, last: int) -> int:
        raw = self._raw
        value = self._value
        if reading <= raw[first]:
            return value[first]
        if reading >= raw[last]:
            return value[last]
        while last - first > 1:
            middle = (first + last) >> 1
            if raw[middle] <= reading:
                first = middle
            else:
                last = middle
        span = raw[last] - raw[first]
        return value[first] + ((reading - raw[first]) * (value[last] - value[first]) + (span >> 1)) // span
