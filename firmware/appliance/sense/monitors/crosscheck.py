"""FAILED while two signals that should agree differ by more than `tolerance`.

Judged only while `other` is settled (moved no more than `settled` within `window_ms`): sensors of different lag
disagree while things move, and that says nothing of either.
"""

from array import array

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False

PARAMS = "signal:signal other:signal tolerance:value settled:value window_ms:ticks"


class Crosscheck:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._other = p[1]
        self._tolerance = p[2]
        self._settled = p[3]
        self._ring = array("i", [0] * p[4])
        self._seen = 0
        self._at = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        other = values[self._other]
        ring = self._ring
        at = self._at
        moved = other - ring[at]
        ring[at] = other
        self._at = (at + 1) % len(ring)
        if self._seen < len(ring):
            self._seen += 1
            return NOT_RUN
        if moved > self._settled or -moved > self._settled:
            return NOT_RUN
        apart = values[self._signal] - other
        return PREFAILED if apart > self._tolerance or -apart > self._tolerance else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._seen = 0
        self._at = 0
        return NOT_RUN
