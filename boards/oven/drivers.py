"""The maker's control program: a thermostat that runs two elements and a fan, and obeys inhibition.

Takes the tick's values and validity, writes `levels`. Allocates nothing in its tick; integers within ±2^30.

Elements are switched in windows of 40 s. In each, the upper element starts and stops 4 s before the lower one, so that
each runs alone for a moment: there its current says whether it is whole.
"""

from trivet_wire.ids import VALID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    class Board(Protocol):
        tick_ms: int

        def index(self, name: str) -> int: ...

        def output(self, name: str) -> int: ...

        def function(self, name: str) -> int: ...

    class Inhibit(Protocol):
        def allowed(self, function: int) -> bool: ...


WINDOW_MS = 40_000
ALONE_MS = 4_000
CHECK_MS = 5_000  # main relay open, upper element's closed: no current may flow
DOOR_MS = 2_000  # after the door closes, before heating goes on

# Programmes, and what each uses.
TOP = 1
BOTTOM = 2
FAN = 4
USES = bytes((0, TOP | BOTTOM, TOP | BOTTOM | FAN, TOP | BOTTOM | FAN, TOP, BOTTOM))

_AMBIENT = 250  # 0.1 °C
_HOLD = 150  # duty (1/1000) that holds 100 °C above ambient with both elements
_GAIN = 3  # duty (1/1000) per 0.1 °C of error: full power at 33 °C below
_TRIM = 150  # the slow part never adds more (1/1000)


class Application:
    """One oven. `tick` is called once per tick, after the monitors."""

    def __init__(self, board: "Board") -> None:
        self._cavity = board.index("cavity_temp")
        self._door = board.index("door")
        self._program = board.index("program")
        self._target = board.index("target_temp")
        self._main = board.output("relay_main")
        self._top = board.output("relay_top")
        self._bottom = board.output("relay_bottom")
        self._fan = board.output("fan")
        self._lamp = board.output("lamp")
        self._bake = board.function("bake")
        self._top_heat = board.function("top_heat")
        self._bottom_heat = board.function("bottom_heat")
        self._convection = board.function("convection_fan")
        self._window = WINDOW_MS // board.tick_ms
        self._alone = ALONE_MS // board.tick_ms
        self._check = CHECK_MS // board.tick_ms
        self._pause = DOOR_MS // board.tick_ms
        self._phase = 0  # ticks into the window
        self._duty = 0  # 1/1000, of the window that runs
        self._trim = 0  # 1/1000, what the error left over long
        self._checking = 0  # ticks left of the main relay's check
        self._waiting = 0  # ticks left after the door closed

    def tick(
        self, now: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        """Drive the outputs for the next tick."""
        program = values[self._program]
        uses = USES[program] if validity[self._program] == VALID and program < len(USES) else 0
        trusted = validity[self._cavity] == VALID and validity[self._target] == VALID
        sure = validity[self._door] == VALID  # a doubted door keeps the fan off, not the heat
        opened = sure and values[self._door] != 0
        levels[self._lamp] = 1 if uses or opened else 0
        levels[self._fan] = 1 if uses & FAN and sure and not opened and inhibit.allowed(self._convection) else 0
        if opened:
            self._waiting = self._pause
        elif self._waiting:
            self._waiting -= 1
        if not uses or not inhibit.allowed(self._bake) or not trusted:
            self._stop(levels)
        elif self._waiting:
            self._idle(levels)
        else:
            self._heat(uses, values[self._target] - values[self._cavity], values[self._target], inhibit, levels)

    def _idle(self, levels: "array[int]") -> None:
        """Ready to go on: the main relay stays closed, the elements off."""
        levels[self._main] = 1
        levels[self._top] = 0
        levels[self._bottom] = 0
        self._phase = 0

    def _stop(self, levels: "array[int]") -> None:
        """All heat off, the main relay first; then a moment in which it shows that it is open."""
        if levels[self._main]:
            self._checking = self._check
        levels[self._main] = 0
        levels[self._bottom] = 0
        levels[self._top] = 1 if self._checking else 0
        if self._checking:
            self._checking -= 1
        self._phase = 0
        self._trim = 0

    def _heat(self, uses: int, error: int, target: int, inhibit: "Inhibit", levels: "array[int]") -> None:
        self._checking = 0
        levels[self._main] = 1
        if self._phase == 0:
            self._duty = self._control(error, target)
        on = (self._window - self._alone) * self._duty // 1000
        phase = self._phase
        top = uses & TOP and inhibit.allowed(self._top_heat)
        bottom = uses & BOTTOM and inhibit.allowed(self._bottom_heat)
        if not bottom or not top:
            on = self._window * self._duty // 1000
        start = self._alone if top else 0
        levels[self._top] = 1 if top and phase < on else 0
        levels[self._bottom] = 1 if bottom and start <= phase < start + on else 0
        self._phase = phase + 1 if phase + 1 < self._window else 0

    def _control(self, error: int, target: int) -> int:
        """Duty of the next window (1/1000): what holds the target, plus what the error asks for."""
        if -200 < error < 200:
            self._trim += error // 8
            self._trim = max(-_TRIM, min(_TRIM, self._trim))
        duty = (target - _AMBIENT) * _HOLD // 1000 + error * _GAIN + self._trim
        return max(0, min(1000, duty))
