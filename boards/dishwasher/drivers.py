"""The maker's control program: wash programmes as small tables of steps, run one after another, obeying inhibition.

Takes the tick's values and validity, writes `levels`. Allocates nothing in its tick; integers within ±2^30.

A step that may not run ends the programme: the water is drained, then everything stops until the panel is switched off.
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


# What a step does; also what the output `phase` shows.
OFF = 0
DRAIN = 1
FILL = 2
WASH = 3
HEAT = 4
DRY = 5
STOPPED = 7

# fmt: off
# Programmes: rows of step, argument (level in mm, or °C), time in units of 10 s. A step's time is the least it lasts.
_AUTO = bytes((
    DRAIN, 0, 2, FILL, 64, 0, WASH, 0, 24,
    DRAIN, 0, 1, FILL, 64, 0, HEAT, 55, 60,
    DRAIN, 0, 1, FILL, 64, 0, WASH, 0, 18,
    DRAIN, 0, 1, FILL, 64, 0, HEAT, 60, 18,
    DRAIN, 0, 1, DRY, 0, 36,
))
_INTENSIVE = bytes((
    DRAIN, 0, 2, FILL, 64, 0, HEAT, 40, 18,
    DRAIN, 0, 1, FILL, 70, 0, HEAT, 65, 60,
    DRAIN, 0, 1, FILL, 64, 0, HEAT, 65, 18,
    DRAIN, 0, 1, DRY, 0, 36,
))
_QUICK = bytes((
    DRAIN, 0, 2, FILL, 60, 0, HEAT, 45, 36,
    DRAIN, 0, 1, FILL, 60, 0, HEAT, 50, 12,
    DRAIN, 0, 1, DRY, 0, 6,
))
# fmt: on
_NONE = b""
PROGRAMS = (_NONE, _AUTO, _INTENSIVE, _QUICK)

UNIT_MS = 10_000  # of a step's time
FILL_MS = 360_000  # the longest fill
DOUBT_MS = 12_000  # a level in doubt ends a fill after this: until then its monitor makes up its mind
FILL_MOST = 550  # 0.01 l: more than this is never let in at once, whatever the level says
DRAIN_MS = 180_000  # the longest drain
DRAIN_ON_MS = 8_000  # beyond an empty sump
EMPTY = 80  # 0.1 mm
NEAR_FULL = 900  # 0.1 mm: water that nobody asked for is drained from here
HEAT_MS = 2_700_000  # the longest heating up
HYSTERESIS = 20  # 0.1 °C
DISPENSE_MS = 15_000
CLEAR = 60  # NTU: water as clear as this has rinsed enough


class Application:
    """One dishwasher. `tick` is called once per tick, after the monitors."""

    def __init__(self, board: "Board") -> None:
        self._temp = board.index("water_temp")
        self._turbid = board.index("turbidity")
        self._level = board.index("level")
        self._flow = board.index("flow")
        self._door = board.index("door")
        self._latch = board.index("latch")
        self._program = board.index("program")
        self._valve = board.output("inlet_valve")
        self._pump = board.output("circulation_pump")
        self._drain = board.output("drain_pump")
        self._main = board.output("relay_main")
        self._heater = board.output("heater")
        self._dispenser = board.output("dispenser")
        self._phase = board.output("phase")
        self._f_fill = board.function("fill")
        self._f_heat = board.function("heat")
        self._f_wash = board.function("wash")
        self._tick_ms = board.tick_ms
        self._flow_most = FILL_MOST * 60_000 // board.tick_ms
        self._steps = PROGRAMS[0]
        self._at = -1  # row of the step that runs; -1: none, and the panel was off since
        self._spent = 0  # ms in this step
        self._brought = 0  # sum of the flow in this step, 0.01 l/min by tick
        self._hold = 0  # ms since the step's temperature was reached
        self._reached = False
        self._halted = False
        self._draining = 0  # ms left of the drain after a halt

    def tick(
        self, now: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        """Drive the outputs for the next tick."""
        wanted = values[self._program] if validity[self._program] == VALID else 0
        for output in range(len(levels)):
            levels[output] = 0
        if wanted <= 0 or wanted >= len(PROGRAMS):
            self._at = -1
            self._halted = False
            self._rid(values, validity, levels)
            return
        if self._at < 0:
            self._steps = PROGRAMS[wanted]
            self._begin(0)
        if self._halted:
            self._stop(values, validity, levels)
        elif self._at * 3 < len(self._steps):
            step = self._steps[self._at * 3]
            levels[self._phase] = step
            if values[self._door] == 0 and values[self._latch] == 0:
                self._run(step, values, validity, inhibit, levels)
        else:
            self._rid(values, validity, levels)

    def _begin(self, at: int) -> None:
        self._at = at
        self._spent = 0
        self._brought = 0
        self._hold = 0
        self._reached = False

    def _run(
        self, step: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        argument = self._steps[self._at * 3 + 1]
        time = self._steps[self._at * 3 + 2] * UNIT_MS
        self._spent += self._tick_ms
        if not inhibit.allowed(self._f_wash) or not inhibit.allowed(self._f_fill):
            self._halt()
        elif step == DRAIN:
            self._do_drain(time, values, validity, levels)
        elif step == FILL:
            self._do_fill(argument * 10, values, validity, levels)
        elif step == WASH:
            levels[self._pump] = 1
            clear = validity[self._turbid] == VALID and values[self._turbid] < CLEAR
            if self._spent >= time or (clear and self._spent >= time // 2):
                self._begin(self._at + 1)
        elif step == HEAT:
            self._do_heat(argument * 10, time, values, validity, inhibit, levels)
        elif self._spent >= time:
            self._begin(self._at + 1)

    def _do_drain(self, time: int, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Until the sump is empty, and a little longer; by time alone when the level is not to be trusted."""
        levels[self._drain] = 1
        if validity[self._level] == VALID and values[self._level] > EMPTY:
            self._hold = 0
        else:
            self._hold += self._tick_ms
        if self._hold >= DRAIN_ON_MS and self._spent >= time:
            self._begin(self._at + 1)
        elif self._spent >= DRAIN_MS:
            self._halt()

    def _do_fill(self, target: int, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """To the level, but never more than FILL_MOST by the flow meter nor longer than FILL_MS."""
        if validity[self._flow] == VALID:
            self._brought += values[self._flow]
        known = validity[self._level] == VALID
        self._hold = 0 if known else self._hold + self._tick_ms
        if self._hold >= DOUBT_MS or self._spent >= FILL_MS:
            self._halt()
        elif (known and values[self._level] >= target) or self._brought >= self._flow_most:
            self._begin(self._at + 1)
        else:
            levels[self._valve] = 1

    def _do_heat(
        self,
        target: int,
        time: int,
        values: "array[int]",
        validity: bytearray,
        inhibit: "Inhibit",
        levels: "array[int]",
    ) -> None:
        """Circulate and heat to the target, then hold it for `time`. Without heat: wash on, cold, for as long."""
        levels[self._pump] = 1
        levels[self._dispenser] = 1 if self._spent < DISPENSE_MS else 0
        able = inhibit.allowed(self._f_heat) and validity[self._temp] == VALID
        if able:
            levels[self._main] = 1
            below = values[self._temp] < (target - HYSTERESIS if self._reached else target)
            if self._spent < 5000:
                below = False  # main relay alone: no current may flow
            if below:
                levels[self._heater] = 1
                self._reached = False
            elif self._spent >= 5000:
                self._reached = True
        if self._reached or not able or self._spent >= HEAT_MS or self._hold:
            self._hold += self._tick_ms
        if self._hold >= time:
            self._begin(self._at + 1)

    def _halt(self) -> None:
        self._halted = True
        self._draining = DRAIN_MS

    def _stop(self, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Get rid of the water once, then only of what comes in unasked."""
        levels[self._phase] = STOPPED
        if self._draining > 0:
            self._draining -= self._tick_ms
            unknown = validity[self._level] != VALID
            levels[self._drain] = 1 if unknown or values[self._level] > EMPTY // 2 else 0
        else:
            self._rid(values, validity, levels)

    def _rid(self, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Also while off: water above NEAR_FULL is drained down to empty."""
        if validity[self._level] != VALID:
            return
        if values[self._level] > NEAR_FULL:
            self._draining = DRAIN_MS
        if self._draining > 0 and not self._halted:
            self._draining -= self._tick_ms
            levels[self._drain] = 1 if values[self._level] > EMPTY else 0
