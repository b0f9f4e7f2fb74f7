"""FAILED when a level does not rise by what a flow brought: its rise less the flow's sum lies outside `low` … `high`.

One unit of the flow, kept up for `per_ms`, adds `gain` to the signal. Both are counted from when the conditions began
to hold, anew each `window_ms`; says nothing until one of them has moved by `least`. Too low: the level's sensor lies,
or water runs out. Too high: the flow's sensor is dead.
"""

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = (
    "signal:signal flow:signal gain:value per_ms:ticks rate:scale@flow low:value=min high:value=max least:value "
    "window_ms:ticks"
)

_MOST = 1 << 28  # of the flow's sum; a window that would reach it starts anew


class Balance:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._flow = p[1]
        self._gain = p[2]
        self._per = p[3]
        self._rate = p[4]
        self._low = p[5]
        self._high = p[6]
        self._least = p[7]
        self._window = p[8]
        self._start = 0
        self._sum = 0
        self._ticks = 0

    def check(self, values: "array[int]", validity: bytearray) -> int:
        value = values[self._signal]
        if self._ticks == 0 or self._ticks > self._window or self._sum > _MOST:
            self._start = value
            self._sum = 0
            self._ticks = 1
            return NOT_RUN
        self._ticks += 1
        self._sum += values[self._flow]
        rise = value - self._start
        brought = self._sum // self._per * self._gain // self._rate
        if rise < self._least and brought < self._least:
            return NOT_RUN
        apart = rise - brought
        return PREFAILED if apart < self._low or apart > self._high else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._ticks = 0
        return NOT_RUN
