"""Tells whoever watches what the appliance itself came to know: status changes, quarantined functions, cycles, heap.
Takes the rooms' state between ticks, gives events to the Teller; changes nothing. Telling allocates, so it is done
only on a change.
"""

import gc

from trivet_wire.ids import CONFIRMED, PENDING, TEST_FAILED, WARNING_INDICATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.catalogue import Catalogue

    from ..faults.inhibit import Inhibit
    from ..ports import Teller

_SHOWN = TEST_FAILED | PENDING | CONFIRMED | WARNING_INDICATOR
GC_THRESHOLD = 4096  # bytes allocated until the next collection
_HEAP_STEP = 512  # bytes by which the peak must rise to be told again


class Watch:
    """`poll(in_cycle)` after each tick."""

    def __init__(
        self, status: bytearray, inhibit: "Inhibit", functions: "list[str]", catalogue: "Catalogue", teller: "Teller"
    ) -> None:
        self.heap_peak = 0  # bytes, garbage not yet collected included
        self.free = 1 << 20  # bytes, now
        self._status = status
        self._inhibit = inhibit
        self._functions = functions
        self._catalogue = catalogue
        self._teller = teller
        self._seen = bytearray(len(status))
        self._mask = 0
        self._cycle = False
        self._told_peak = 0
        self._heap = 0  # all of it

    def poll(self, in_cycle: bool) -> None:
        if in_cycle != self._cycle:
            self._cycle = in_cycle
            self._teller.tell({"e": "cycle", "on": in_cycle})
        for event in range(len(self._status)):
            shown = self._status[event] & _SHOWN
            if shown != self._seen[event]:
                self._seen[event] = shown
                self._fault(event)
        if self._inhibit.mask != self._mask:
            self._mask = self._inhibit.mask
            off = [name for i, name in enumerate(self._functions) if self._mask >> i & 1]
            self._teller.tell({"e": "inhibited", "functions": off})

    def start(self) -> None:
        """Everything is built: say what stays in the heap, and collect often from now on, so that the peak stays near
        it."""
        gc.collect()
        gc.threshold(GC_THRESHOLD)
        self.heap_peak = self._told_peak = gc.mem_alloc()
        free = gc.mem_free()
        self._heap = self.heap_peak + free
        self._teller.tell({"e": "heap", "boot": self.heap_peak, "peak": self.heap_peak, "free": free})

    def heap(self) -> None:
        """Note the heap in use now."""
        used = gc.mem_alloc()
        self.free = self._heap - used
        if used > self.heap_peak:
            self.heap_peak = used
            if used >= self._told_peak + _HEAP_STEP:
                self._told_peak = used
                self._teller.tell({"e": "heap", "peak": used, "free": gc.mem_free()})

    def _fault(self, event: int) -> None:
        code = self._catalogue.text(event)
        self._teller.tell({"e": "fault", "event": event, "code": code, "status": self._status[event]})
