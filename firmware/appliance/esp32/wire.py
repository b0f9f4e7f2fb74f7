"""A thermometer DS18B20 on a 1-wire bus. Takes a pin and which of the bus's sensors in the order of their numbers,
gives sixteenths of a degree Celsius. A conversion takes 750 ms and is waited for by coming again; a reading is 9 bytes
with a CRC (about 6 ms of the tick).
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import time

from machine import Pin
from onewire import OneWire, OneWireError

_SILENT = -(1 << 31)
_CONVERT_MS = 750  # 12 bit, DS18B20 data sheet, table 2
_CONVERT = 0x44
_SCRATCHPAD = 0xBE
_POWER_ON = 0x0550  # 85 °C stands there before the first conversion …
_RESERVED = 0x0C  # … and byte 6 says that it was none


class Wire:
    def __init__(self, pin: int, which: int) -> None:
        self._bus = OneWire(Pin(pin))
        found = sorted([bytes(rom) for rom in self._bus.scan()])
        self._rom = found[which] if which < len(found) else None
        self._pad = bytearray(9)
        self._last = _SILENT
        self._asked = time.ticks_ms()
        self._ask()

    def read(self) -> int:
        """The newest conversion; silent when the sensor is, or when its answer is damaged."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._asked) >= _CONVERT_MS:
            self._last = self._fetch()
            self._ask()
            self._asked = now
        return self._last

    def _select(self, command: int) -> bool:
        rom = self._rom
        try:
            if rom is None or not self._bus.reset():
                return False
            self._bus.select_rom(rom)
            self._bus.writebyte(command)
        except OneWireError:
            return False
        return True

    def _ask(self) -> None:
        self._select(_CONVERT)

    def _fetch(self) -> int:
        pad = self._pad
        if not self._select(_SCRATCHPAD):
            return _SILENT
        self._bus.readinto(pad)
        if self._bus.crc8(pad) or pad[4] | pad[5] | pad[0] == 0:
            return _SILENT  # nine zeros have a good CRC too: a bus that is held down
        value = pad[0] | pad[1] << 8
        if value == _POWER_ON and pad[6] == _RESERVED:
            return _SILENT
        return value - 0x10000 if value & 0x8000 else value
