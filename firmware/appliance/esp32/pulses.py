"""A tachometer or flow meter on the chip's own pulse counter (ESP32 and S3 have one, the C3 has none). Takes a pin and
a counter's number, gives pulses a second since the last reading; reading never stops the counter.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false

import time
from array import array

from esp32 import PCNT
from machine import Pin

from .rate import rate

_ROUND = 32_767  # the counter goes from its limit to 0
_FILTER = 1023  # ticks of 80 MHz: pulses shorter than 12.8 µs are noise


class Pulses:
    def __init__(self, pin: int, unit: int) -> None:
        self._counter = PCNT(unit, pin=Pin(pin, Pin.IN), rising=PCNT.INCREMENT, filter=_FILTER, max=_ROUND)
        self._counter.start()
        self._last = array("i", (0,))
        self._when = time.ticks_ms()

    def read(self) -> int:
        now = time.ticks_ms()
        passed = time.ticks_diff(now, self._when)
        self._when = now
        return rate(self._last, self._counter.value(), _ROUND, passed)
