"""FAILED when holding a temperature costs more power per degree above `base` than a sound cavity needs.

Power is current × voltage / `divisor` (watts); its mean over `window_ms` is put against the mean temperature of the
same window, in mW per degree. One verdict per window.
"""

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal base:value current:signal voltage:signal divisor:int limit:int window_ms:ticks scale:scale"

_MOST_TICKS = 4096  # a window's sums stay within 2^30 up to here


class Effort:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._base = p[1]
        self._current = p[2]
        self._voltage = p[3]
        self._divisor = p[4]
        self._limit = p[5]
        self._window = min(p[6], _MOST_TICKS)
        self._scale = p[7]
        self.mean = 0  # mW per degree of the last whole window, for the bench
        self._clear()

    def _clear(self) -> None:
        self._watts = 0
        self._above = 0
        self._ticks = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        self._watts += values[self._current] * values[self._voltage] // self._divisor
        self._above += values[self._signal] - self._base
        self._ticks += 1
        if self._ticks < self._window:
            return NOT_RUN
        watts = self._watts // self._ticks
        above = self._above // self._ticks
        self._clear()
        if above <= 0:
            return NOT_RUN
        self.mean = watts * 1000 // above * self._scale
        return PREFAILED if self.mean > self._limit else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._clear()
        return NOT_RUN
