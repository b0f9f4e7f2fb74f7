"""Stands in for `gc` in what is lived here: as much room as a test says. An appliance collects after every few
kilobytes; the heap of a campaign, made for thousands of lives, takes long for one.
"""

from appliance import updating
from appliance.update import fetching, machine

ROOMY = 1 << 20  # bytes


class Heap:
    """What the update room asks of `gc`. Whoever makes it short makes it roomy again."""

    free = ROOMY

    def mem_free(self) -> int:
        return self.free

    def mem_alloc(self) -> int:
        return 0

    def collect(self) -> None:
        """Nothing is to be had."""

    def threshold(self, _: int) -> None:
        """Likewise."""


heap = Heap()
for _room in (updating, fetching, machine):
    setattr(_room, "gc", heap)  # noqa: B010  # MicroPython has no vars()
