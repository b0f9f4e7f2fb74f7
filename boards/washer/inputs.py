"""What the washer reads and drives beside the chip's own pins: its motor module on UART 2, which takes a speed and
tells how far the laundry is out of balance, and the panel on UART 1. Both speak in frames of a kind, at 9600 baud.

Runs on the chip alone; in a simulation the physics says what they say. Allocates nothing while it reads.

    frame            0xA5, low, high, checksum (low byte of the sum of the two)
    motor to washer  grams out of balance             washer to motor  turns of the drum a minute, signed
    panel to washer  programme, 0                     washer to panel  phase, tries
"""

import time

from machine import UART

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Pins(Protocol):
        def input(self, text: str) -> int: ...

        def output(self, text: str) -> int: ...


_SILENT = -(1 << 31)
_HEAD = 0xA5
_SIZE = 4
_LATE_MS = 2_000  # both speak ten times a second


class Line:
    """One module at the other end."""

    def __init__(self, number: int, tx: int, rx: int) -> None:
        self._uart = UART(number, 9600, tx=tx, rx=rx, timeout=0)
        self._byte = bytearray(1)
        self._frame = bytearray(_SIZE)
        self._sent = bytearray((_HEAD, 0, 0, 0))
        self._at = 0
        self._heard = time.ticks_ms()
        self._value = _SILENT

    def value(self) -> int:
        """The newest frame's, silent when none came for a while."""
        while self._uart.any() and self._uart.readinto(self._byte):
            self._take(self._byte[0])
        if time.ticks_diff(time.ticks_ms(), self._heard) > _LATE_MS:
            self._value = _SILENT
        return self._value

    def send(self, value: int) -> None:
        """16 bits."""
        sent = self._sent
        sent[1] = value & 0xFF
        sent[2] = value >> 8 & 0xFF
        sent[3] = (sent[1] + sent[2]) & 0xFF
        self._uart.write(sent)

    def _take(self, byte: int) -> None:
        frame = self._frame
        if self._at == 0 and byte != _HEAD:
            return
        frame[self._at] = byte
        self._at += 1
        if self._at == _SIZE:
            self._at = 0
            if (frame[1] + frame[2]) & 0xFF == frame[3]:
                self._value = frame[1] | frame[2] << 8
                self._heard = time.ticks_ms()


class Inputs:
    def __init__(self, pins: "Pins") -> None:
        self._heap = pins.input("uart 2")
        self._motor = pins.output("uart 2")
        self._program = pins.input("panel 0")
        self._phase = pins.output("panel 1")
        self._tries = pins.output("panel 2")
        self._module = Line(2, 5, 15)
        self._panel = Line(1, 13, 14)

    def read(self, raw: "array[int]") -> None:
        """Once a tick."""
        raw[self._heap] = self._module.value()
        raw[self._program] = self._panel.value()

    def write(self, levels: "array[int]") -> None:
        """Once a tick: a module that misses a frame hears the next one."""
        self._module.send(levels[self._motor])
        self._panel.send(levels[self._phase] & 0xFF | (levels[self._tries] & 0xFF) << 8)
