"""FAILED while a signal gets no fresh sample; how long that may last is the event's debounce."""

from trivet_wire.ids import NOT_RUN, OUT_OF_RANGE, PREFAILED, PREPASSED, STALE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal"


class Stale:
    tolerates = 1 << STALE | 1 << OUT_OF_RANGE

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]

    def check(self, values: "array[int]", validity: bytearray) -> int:
        return PREFAILED if validity[self._signal] == STALE else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        return NOT_RUN
