"""Relays: takes the packed table's outputs, drives the chip's pins. A pin gets its safe level in the very call that
makes it an output, so that no relay closes for a moment; made first of all, before anything can fail.
"""

from machine import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

_GPIO = 2


class Outputs:
    """`levels` above 0 switch on; `lowered` ones are active low. Outputs of the maker's own are passed over."""

    def __init__(self, rows: "list[Any]") -> None:
        self._pins: list[Pin | None] = []
        self._flip = bytearray(len(rows))
        self._safe = bytearray(len(rows))
        for place in range(len(rows)):
            row = rows[place]
            if row[0] != _GPIO:
                self._pins.append(None)
                continue
            self._flip[place] = row[4]
            self._safe[place] = (1 if row[2] > 0 else 0) ^ row[4]
            self._pins.append(Pin(row[3], Pin.OUT, value=self._safe[place]))

    def write(self, levels: "array[int]") -> None:
        """ports.Actuators"""
        for i in range(len(levels)):
            pin = self._pins[i]
            if pin is not None:
                pin.value((1 if levels[i] > 0 else 0) ^ self._flip[i])

    def rest(self) -> None:
        """Every output to its safe level."""
        for i in range(len(self._pins)):
            pin = self._pins[i]
            if pin is not None:
                pin.value(self._safe[i])
