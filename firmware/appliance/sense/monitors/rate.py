"""FAILED while a value has moved further within its window than physics allows (a loose contact, a bad joint)."""

from array import array

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False

PARAMS = "signal:signal limit:value window_ms:ticks"


class Rate:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._limit = p[1]
        self._ring = array("i", [0] * p[2])
        self._seen = 0
        self._at = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        ring = self._ring
        value = values[self._signal]
        verdict = PREPASSED
        for i in range(self._seen):
            moved = value - ring[i]
            if moved > self._limit or -moved > self._limit:
                verdict = PREFAILED
        ring[self._at] = value
        self._at = (self._at + 1) % len(ring)
        if self._seen < len(ring):
            self._seen += 1
        return verdict

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._seen = 0
        self._at = 0
        return NOT_RUN
