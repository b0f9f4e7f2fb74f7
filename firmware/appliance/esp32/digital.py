"""A contact: takes a pin, its pull (0 none, 1 up, 2 down) and whether low means 1; gives 0 or 1."""

from machine import Pin


class Level:
    def __init__(self, pin: int, pull: int, lowered: int) -> None:
        if pull:
            self._pin = Pin(pin, Pin.IN, Pin.PULL_UP if pull == 1 else Pin.PULL_DOWN)
        else:
            self._pin = Pin(pin, Pin.IN)
        self._flip = lowered

    def read(self) -> int:
        return self._pin.value() ^ self._flip
