"""FAILED once a signal has risen above `above` more than `limit` times in this appliance's life: a relay's cycles,
a pump's dry starts.

Kept over restarts like what `drift` learned, every 64 rises: a power cut forgets at most the last 63 of them. A new
`limit` goes on with the old count.
"""

from array import array

from trivet_wire.ids import FAILED, NOT_RUN, PASSED

TYPE_CHECKING = False

PARAMS = "above:value=0 limit:int kept:int=64 signal:signal"
_MOST = (1 << 30) - 1


class Lifetime:
    tolerates = 0
    event = 0  # whose verdict it gives: its count is kept under that

    def __init__(self, p: "array[int]") -> None:
        self.basis = array("i", [0, 0, 0, p[3]])  # the signal alone: limits may change without losing the count
        self.dirty = False  # what is kept is out of date
        self.count = 0
        self._above = p[0]
        self._limit = p[1]
        self._step = max(1, p[2])
        self._signal = p[3]
        self._high = True  # what is high at start did not rise

    def check(self, values: "array[int]", validity: bytearray) -> int:
        self._watch(values)
        return FAILED if self.count > self._limit else PASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        if valid:
            self._watch(values)
        return NOT_RUN

    def learned(self) -> "array[int]":
        """The count so far."""
        return array("i", [self.count])

    def adopt(self, learned: "array[int]") -> None:
        """Go on from what was kept. ValueError when that is no count."""
        if len(learned) != 1 or not 0 <= learned[0] <= _MOST:
            raise ValueError("a lifetime is one count")
        self.count = learned[0]

    def relearn(self) -> bool:
        """A new normal is no new life: the count goes on."""
        return False

    def _watch(self, values: "array[int]") -> None:
        high = values[self._signal] > self._above
        if high and not self._high and self.count < _MOST:
            self.count += 1
            if self.count % self._step == 0:
                self.dirty = True
        self._high = high
