"""A thermometer with a two-byte register (LM75, TMP102, TMP117, MCP9808 by its own bits) on the I2C bus of the board.
Takes the bus's pins, the sensor's address and register, gives the register as a signed number; silent where nobody
answers. A bus that is held waits for at most 2 ms.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false

from machine import I2C, Pin

_SILENT = -(1 << 31)
_HERTZ = 100_000
_WAIT_US = 2_000


class _Bus:
    made: "I2C | None" = None


def bus(sda: int, scl: int) -> I2C:
    """The one bus of the board."""
    if _Bus.made is None:
        _Bus.made = I2C(0, scl=Pin(scl), sda=Pin(sda), freq=_HERTZ, timeout=_WAIT_US)
    return _Bus.made


class Thermometer:
    def __init__(self, sda: int, scl: int, address: int, register: int) -> None:
        self._bus = bus(sda, scl)
        self._address = address
        self._register = register
        self._buf = bytearray(2)

    def read(self) -> int:
        try:
            self._bus.readfrom_mem_into(self._address, self._register, self._buf)
        except OSError:
            return _SILENT
        value = self._buf[0] << 8 | self._buf[1]
        return value - 0x10000 if value & 0x8000 else value
