"""A slow tachometer on any pin, counted by an interrupt: for chips without a pulse counter, up to about 1,000 pulses a
second. The handler adds one to a number that exists already, and does nothing else.
"""

import time
from array import array

from machine import Pin

from .rate import rate

_ROUND = 1 << 16


class Edges:
    def __init__(self, pin: int) -> None:
        self._count = array("H", (0,))
        self._last = array("i", (0,))
        self._when = time.ticks_ms()
        self._pin = Pin(pin, Pin.IN)
        self._pin.irq(self._edge, Pin.IRQ_RISING)

    def _edge(self, _pin: Pin) -> None:
        self._count[0] = (self._count[0] + 1) & 0xFFFF

    def read(self) -> int:
        now = time.ticks_ms()
        passed = time.ticks_diff(now, self._when)
        self._when = now
        return rate(self._last, self._count[0], _ROUND, passed)
