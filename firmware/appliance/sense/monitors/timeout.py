"""FAILED when a phase (its conditions) outlasts `limit_ms`; PASSED when it ends in time."""

from trivet_wire.ids import FAILED, NOT_RUN, PASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "limit_ms:ticks"


class Timeout:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._limit = p[0]
        self._ticks = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        if self._ticks > self._limit:
            return FAILED
        self._ticks += 1
        return NOT_RUN

    def rest(self, values: "array[int]", valid: bool) -> int:
        in_time = 0 < self._ticks <= self._limit
        self._ticks = 0
        return PASSED if in_time else NOT_RUN
