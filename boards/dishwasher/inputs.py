"""What the dishwasher reads beside the chip's own pins: its turbidity sensor on I2C, which measures its own temperature
too, and the panel, a key matrix behind a port expander (PCF8574) on the same bus.

Runs on the chip alone; in a simulation the physics says what they say. Allocates nothing while it reads.

    sensor 0x24   4 bytes: temperature in 0.1 °C (big-endian, signed), turbidity in NTU (big-endian)
    panel 0x20    in: bits 0..3 are the keys off, auto, intensive, quick (0: pressed); out: bits 4..7 show the phase
"""

from machine import I2C, Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Pins(Protocol):
        def input(self, text: str) -> int: ...

        def output(self, text: str) -> int: ...


_SILENT = -(1 << 31)
_OPTIC = 0x24
_PANEL = 0x20
_KEYS = 4
_IDLE = 0x0F  # the keys' pins are inputs while they are written high


class Inputs:
    def __init__(self, pins: "Pins") -> None:
        self._temperature = pins.input("i2c 0x24 0")
        self._turbidity = pins.input("i2c 0x24 1")
        self._program = pins.input("panel 0")
        self._phase = pins.output("panel 1")
        self._bus = I2C(0, scl=Pin(5), sda=Pin(15), freq=100_000, timeout=2_000)
        self._optic = bytearray(4)
        self._panel = bytearray(1)
        self._lamps = bytearray((_IDLE,))
        self._chosen = 0

    def read(self, raw: "array[int]") -> None:
        """Once a tick."""
        optic = self._optic
        try:
            self._bus.readfrom_into(_OPTIC, optic)
            value = optic[0] << 8 | optic[1]
            raw[self._temperature] = value - 0x10000 if value & 0x8000 else value
            raw[self._turbidity] = optic[2] << 8 | optic[3]
        except OSError:
            raw[self._temperature] = raw[self._turbidity] = _SILENT
        try:
            self._bus.readfrom_into(_PANEL, self._panel)
        except OSError:
            raw[self._program] = _SILENT
            return
        for key in range(_KEYS):
            if not self._panel[0] >> key & 1:
                self._chosen = key
        raw[self._program] = self._chosen

    def write(self, levels: "array[int]") -> None:
        """The lamps of the phase, where it changed."""
        lamps = (levels[self._phase] & 0x0F) << 4 | _IDLE
        if lamps != self._lamps[0]:
            self._lamps[0] = lamps
            try:
                self._bus.writeto(_PANEL, self._lamps)
            except OSError:  # tried again with the next phase; the panel's reading says that it is silent
                pass
