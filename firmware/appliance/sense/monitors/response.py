"""FAILED when a driven signal does not follow: in each window it must rise by `rise_min` at least, `rise_max` at most.

The conditions say under which drive; a window that began below `above` says nothing. One verdict per window; with
`once`, the first window after the drive began decides and its verdict is repeated until the drive ends: what follows at
once says more than what follows later.
"""

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal window_ms:ticks rise_min:value=min rise_max:value=max above:value=min once:flag=0"


class Response:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._window = p[1]
        self._least = p[2]
        self._most = p[3]
        self._above = p[4]
        self._once = p[5]
        self._start = 0
        self._ticks = 0
        self._verdict = NOT_RUN
        self._decided = False

    def check(self, values: "array[int]", validity: bytearray) -> int:
        if self._once and self._decided:
            return self._verdict
        value = values[self._signal]
        if self._ticks == 0:
            self._start = value
        if self._ticks < self._window:
            self._ticks += 1
            return NOT_RUN
        rise = value - self._start
        self._decided = True
        if self._start < self._above:
            self._verdict = NOT_RUN
        else:
            self._verdict = PREFAILED if rise < self._least or rise > self._most else PREPASSED
        self._ticks = 1
        self._start = value
        return self._verdict

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._ticks = 0
        self._verdict = NOT_RUN
        self._decided = False
        return NOT_RUN
