"""FAILED while several signals together have left what this appliance itself learned as normal: `sense/normal.py`.

Learns from its first `calibrate` samples, one each `every_ms` while its conditions hold; says NOT_RUN until then.
"""

from array import array

from trivet_wire.ids import NOT_RUN

from ..normal import Detector

TYPE_CHECKING = False

PARAMS = "every_ms:ticks=1 calibrate:int=400 limit:int=6 signals:signals"


class Drift:
    tolerates = 0
    event = 0  # whose verdict it gives: what it learned is kept under that
    dirty = False  # learned once, it stays

    def __init__(self, p: "array[int]") -> None:
        self.basis = p
        self._every = p[0]
        self._from = p[3:]
        self._sample = array("i", [0] * len(self._from))
        self.detector = Detector(len(self._from), p[1], p[2])
        self._wait = 0
        self._verdict = NOT_RUN

    def check(self, values: "array[int]", validity: bytearray) -> int:
        if self._wait > 0:
            self._wait -= 1
            return self._verdict
        self._wait = self._every - 1
        for i in range(len(self._from)):
            self._sample[i] = values[self._from[i]]
        self._verdict = self.detector.feed(self._sample, 0)
        return self._verdict

    def rest(self, values: "array[int]", valid: bool) -> int:
        self._wait = 0
        self._verdict = NOT_RUN
        return NOT_RUN

    def learned(self) -> "array[int]":
        """What is worth keeping over a restart; empty while it learns."""
        return self.detector.learned()

    def adopt(self, learned: "array[int]") -> None:
        """Go on with what was kept. ValueError when it is not of these signals."""
        self.detector.adopt(learned)

    def relearn(self) -> bool:
        """After a repair, by an authorised command. True: what was kept is to be forgotten."""
        self.detector.relearn()
        return True

    def worst(self, nth: int) -> int:
        """The index in `values` of the signal that departs most (0), second most (1) …; -1 beyond the last."""
        departure = self.detector.departure
        for i in range(len(self._from)):
            before = 0
            for j in range(len(self._from)):
                ahead = abs(departure[j]) - abs(departure[i])
                if ahead > 0 or (ahead == 0 and j < i):
                    before += 1
            if before == nth:
                return self._from[i]
        return -1
