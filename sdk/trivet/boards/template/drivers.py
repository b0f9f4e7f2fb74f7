"""The control program of My kettle: heats to the chosen temperature, and only while it is allowed to.

Runs on the appliance, in MicroPython. Takes the tick's values, writes `levels`. Allocates nothing in its tick: no
f-strings, no slices, no tuples, no floats; integers within ±2^30.
"""

from trivet_wire.ids import VALID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Board(Protocol):
        def index(self, name: str) -> int: ...

        def output(self, name: str) -> int: ...

        def function(self, name: str) -> int: ...

    class Inhibit(Protocol):
        def allowed(self, function: int) -> bool: ...


_BACK = 50  # 0.1 °C that it cools before it heats again
_MOST = 980  # 0.1 °C: beyond, water boils whatever was chosen


class Application:
    """One kettle. Names are those of board.toml; they are looked up once."""

    def __init__(self, board: "Board") -> None:
        self._water = board.index("water_temp")
        self._on_base = board.index("on_base")
        self._lid = board.index("lid")
        self._target = board.index("target_temp")
        self._heater = board.output("heater")
        self._heat = board.function("heat")
        self._hot = False

    def tick(
        self, now: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        """Once a tick, after the monitors. `levels` keeps what was written last."""
        wanted = min(values[self._target], _MOST)
        water = values[self._water]
        if water >= wanted:
            self._hot = True
        elif water < wanted - _BACK:
            self._hot = False
        trusted = validity[self._water] == VALID and validity[self._target] == VALID
        ready = values[self._on_base] == 1 and values[self._lid] == 0
        on = wanted > 0 and not self._hot and trusted and ready and inhibit.allowed(self._heat)
        levels[self._heater] = 1 if on else 0
