"""FAILED when a value is outside its limits, with hysteresis on the way back. Judges also what no table can hold."""

from trivet_wire.ids import NOT_RUN, OUT_OF_RANGE, PREFAILED, PREPASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal low:value=min high:value=max hysteresis:value=0"


class Range:
    tolerates = 1 << OUT_OF_RANGE

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._low = p[1]
        self._high = p[2]
        self._back = p[3]
        self._failing = False

    def check(self, values: "array[int]", validity: bytearray) -> int:
        value = values[self._signal]
        if value < self._low or value > self._high:
            self._failing = True
        elif value >= self._low + self._back and value <= self._high - self._back:
            self._failing = False
        return PREFAILED if self._failing else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._failing = False
        return NOT_RUN
