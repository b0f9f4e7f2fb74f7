"""The chip's time (ports.Clock): milliseconds since start, and Unix time once somebody trusted said it.

The chip's own counter goes round after twelve days; this one goes on.
"""

import time

from machine import RTC

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false

_YEARS = 946_684_800  # seconds from 1970 to 2000, where the chip begins to count


class ChipClock:
    def __init__(self) -> None:
        self._last = time.ticks_ms()
        self._now = 0
        self._said = False

    def ticks_ms(self) -> int:
        last = self._last
        now = time.ticks_ms()
        self._last = now
        self._now += time.ticks_diff(now, last)
        return self._now

    def link_ms(self) -> int:
        return self.ticks_ms()

    def wall_s(self) -> int:
        """0 while nobody said it."""
        if not self._said:
            return 0
        began = time.gmtime(0)[0]
        return time.time() + (_YEARS if began == 2000 else 0)

    def set(self, unix: int) -> None:
        """The chip's own calendar is set with it: certificates are judged by that."""
        began = time.gmtime(0)[0]
        t = time.gmtime(unix - (_YEARS if began == 2000 else 0))
        RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
        self._said = True
