"""FAILED when a value has not moved by more than `band` for `for_ms` while its conditions say that it must.

A movement passes at any time, also while nothing forces one, so that a sensor that works again is believed again.
"""

from trivet_wire.ids import FAILED, NOT_RUN, PASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal band:value=0 for_ms:ticks"


class Stuck:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._band = p[1]
        self._limit = p[2]
        self._ticks = -1  # -1: nothing seen yet
        self._low = 0
        self._high = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        if self._moved(values[self._signal]):
            return PASSED
        if self._ticks < self._limit:
            self._ticks += 1
            return NOT_RUN
        return FAILED

    def rest(self, values: "array[int]", valid: bool) -> int:
        if not valid:
            self._ticks = -1
            return NOT_RUN
        if self._moved(values[self._signal]):
            return PASSED
        self._ticks = 0
        return NOT_RUN

    def _moved(self, value: int) -> bool:
        if self._ticks < 0:
            self._low = value
            self._high = value
            self._ticks = 0
            return False
        if value < self._low:
            self._low = value
        elif value > self._high:
            self._high = value
        if self._high - self._low <= self._band:
            return False
        self._low = value
        self._high = value
        self._ticks = 0
        return True
