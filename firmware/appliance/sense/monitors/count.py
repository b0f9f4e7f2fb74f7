"""FAILED while a signal rose above `above` more than `limit` times within the last `window_ms`: relay cycles, door
openings.

The window moves in eighths, so a burst is forgotten up to an eighth of `window_ms` early. It also counts and moves
while the monitor's conditions do not hold; only the verdict rests then.
"""

from array import array

from trivet_wire.ids import FAILED, NOT_RUN, PASSED

TYPE_CHECKING = False

PARAMS = "above:value=0 limit:int window_ms:ticks signal:signal"
_EIGHTHS = 8


class Count:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._above = p[0]
        self._limit = p[1]
        self._eighth = max(1, p[2] // _EIGHTHS)  # ticks
        self._signal = p[3]
        self._counts = array("i", [0] * _EIGHTHS)
        self._at = 0
        self._ticks = 0
        self._high = True  # what is high at start did not rise

    def check(self, values: "array[int]", validity: bytearray) -> int:
        self._watch(values)
        total = 0
        for i in range(_EIGHTHS):
            total += self._counts[i]
        return FAILED if total > self._limit else PASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        if valid:
            self._watch(values)
        return NOT_RUN

    def _watch(self, values: "array[int]") -> None:
        self._ticks += 1
        if self._ticks > self._eighth:
            self._ticks = 1
            self._at = (self._at + 1) % _EIGHTHS
            self._counts[self._at] = 0
        high = values[self._signal] > self._above
        if high and not self._high:
            self._counts[self._at] += 1
        self._high = high
