"""What the kettle reads beside the chip's own pins: the knob on its base, a potentiometer behind a small converter of
the base (MCP3021, I2C). Runs on the chip alone; in a simulation the physics says where the knob stands.

Whatever has another bus, protocol or unit than board.toml knows is read here: `pins.input("…")` gives the place of what
board.toml calls so.
"""

from machine import I2C, Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Pins(Protocol):
        def input(self, text: str) -> int: ...


_SILENT = -(1 << 31)  # no reading: whoever needs it does not run
_ADDRESS = 0x4D


class Inputs:
    def __init__(self, pins: "Pins") -> None:
        self._target = pins.input("panel 0")
        self._bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=100_000, timeout=2_000)
        self._buf = bytearray(2)

    def read(self, raw: "array[int]") -> None:
        """Once a tick. 10 bits of the knob are 0..100 °C; below 30 °C it is off."""
        try:
            self._bus.readfrom_into(_ADDRESS, self._buf)
        except OSError:
            raw[self._target] = _SILENT
            return
        degrees = (self._buf[0] << 6 | self._buf[1] >> 2) * 100 // 1023
        raw[self._target] = degrees if degrees >= 30 else 0
