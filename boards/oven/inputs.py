"""What the oven reads beside the chip's own pins: the panel, an electronics of its own on UART 1 (9600 baud).

Runs on the chip alone; in a simulation the physics says what the panel says. Allocates nothing while it reads.

    panel to oven   0xA5, programme, target low, target high, checksum (low byte of the sum of the three)
    oven to panel   text in UTF-8, then a zero byte
"""

import time

from machine import UART

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Pins(Protocol):
        def input(self, text: str) -> int: ...


_SILENT = -(1 << 31)
_HEAD = 0xA5
_SIZE = 5
_LATE_MS = 2_000  # the panel speaks ten times a second


class Inputs:
    def __init__(self, pins: "Pins") -> None:
        self._program = pins.input("panel 0")
        self._target = pins.input("panel 1")
        self._uart = UART(1, 9600, tx=23, rx=22, timeout=0)
        self._frame = bytearray(_SIZE)
        self._byte = bytearray(1)
        self._at = 0
        self._said = bytearray(3)
        self._heard = time.ticks_ms()
        self._known = False

    def read(self, raw: "array[int]") -> None:
        """Once a tick: what the panel said last, silent when it has not spoken for a while."""
        while self._uart.any() and self._uart.readinto(self._byte):
            self._take(self._byte[0])
        silent = not self._known or time.ticks_diff(time.ticks_ms(), self._heard) > _LATE_MS
        said = self._said
        raw[self._program] = _SILENT if silent else said[0]
        raw[self._target] = _SILENT if silent else said[1] | said[2] << 8

    def show(self, text: str) -> None:
        """The display is the panel's."""
        self._uart.write(text.encode() + b"\0")

    def _take(self, byte: int) -> None:
        frame = self._frame
        if self._at == 0 and byte != _HEAD:
            return
        frame[self._at] = byte
        self._at += 1
        if self._at < _SIZE:
            return
        self._at = 0
        if (frame[1] + frame[2] + frame[3]) & 0xFF == frame[4]:
            for i in range(3):
                self._said[i] = frame[i + 1]
            self._heard = time.ticks_ms()
            self._known = True
