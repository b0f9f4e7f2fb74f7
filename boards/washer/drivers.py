"""The maker's control program: wash programmes as small tables of steps, run one after another, obeying inhibition.

Takes the tick's values and validity, writes `levels`. Allocates nothing in its tick; integers within ±2^30.

A step that may not run ends the programme: the water is drained, the door unlocked, and the panel must be switched off.
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
SPIN = 5
UNLOCK = 6
STOPPED = 7
LOCK = 8

# fmt: off
# Programmes: rows of step, argument (level in mm, °C, or turns in tens), time in units of 10 s: the least it lasts.
_COTTON_40 = bytes((
    LOCK, 0, 0, DRAIN, 0, 2,
    FILL, 90, 0, HEAT, 40, 48, DRAIN, 0, 1, SPIN, 60, 3,
    FILL, 110, 0, WASH, 0, 18, DRAIN, 0, 1, SPIN, 80, 3,
    FILL, 110, 0, WASH, 0, 18, DRAIN, 0, 1, SPIN, 120, 24,
    UNLOCK, 0, 0,
))
_COTTON_60 = bytes((
    LOCK, 0, 0, DRAIN, 0, 2,
    FILL, 90, 0, HEAT, 60, 60, DRAIN, 0, 1, SPIN, 60, 3,
    FILL, 110, 0, WASH, 0, 18, DRAIN, 0, 1, SPIN, 120, 24,
    UNLOCK, 0, 0,
))
_QUICK = bytes((
    LOCK, 0, 0, DRAIN, 0, 2,
    FILL, 80, 0, HEAT, 30, 30, DRAIN, 0, 1, SPIN, 60, 3,
    FILL, 110, 0, WASH, 0, 12, DRAIN, 0, 1, SPIN, 120, 12,
    UNLOCK, 0, 0,
))
_RINSE = bytes((
    LOCK, 0, 0, DRAIN, 0, 2,
    FILL, 110, 0, WASH, 0, 18, DRAIN, 0, 1, SPIN, 120, 24,
    UNLOCK, 0, 0,
))
# fmt: on
_NONE = b""
PROGRAMS = (_NONE, _COTTON_40, _COTTON_60, _QUICK, _RINSE)

UNIT_MS = 10_000  # of a step's time
FILL_MS = 600_000  # the longest fill
DRAIN_MS = 240_000  # the longest drain
DRAIN_ON_MS = 10_000  # beyond an empty tub
DOUBT_MS = 12_000  # a sensor in doubt ends a step after this: until then its monitor makes up its mind
LOCK_MS = 25_000
UNLOCK_MS = 300_000
HEAT_MS = 4_200_000  # the longest heating up
EMPTY = 100  # 0.1 mm
COVERED = 400  # 0.1 mm: the element lies under water
NEAR_FULL = 1700  # 0.1 mm: water that nobody asked for is drained from here
HYSTERESIS = 20  # 0.1 °C

TUMBLE = 50  # turns a minute
TUMBLE_MS = 25_000
PAUSE_MS = 5_000
SPREAD = 90  # turns a minute: the laundry lies against the drum, and its unbalance shows
SPREAD_MS = 20_000
LOOSEN_MS = 15_000
HEAPED = 350  # g: not spun
TRIES = 5
GENTLE = 400  # turns a minute, when it does not spread


class Application:
    """One washer. `tick` is called once per tick, after the monitors."""

    def __init__(self, board: "Board") -> None:
        self._temp = board.index("water_temp")
        self._level = board.index("level")
        self._speed = board.index("drum_speed")
        self._heap = board.index("unbalance_mass")
        self._door = board.index("door")
        self._locked = board.index("locked")
        self._program = board.index("program")
        self._valve = board.output("inlet_valve")
        self._motor = board.output("motor")
        self._pump = board.output("drain_pump")
        self._main = board.output("relay_main")
        self._heater = board.output("heater")
        self._lock = board.output("door_lock")
        self._phase = board.output("phase")
        self._shown = board.output("tries")
        self._f_fill = board.function("fill")
        self._f_heat = board.function("heat")
        self._f_wash = board.function("wash")
        self._f_spin = board.function("spin")
        self._tick_ms = board.tick_ms
        self._steps = PROGRAMS[0]
        self._at = -1  # row of the step that runs; -1: none, and the panel was off since
        self._spent = 0  # ms in this step
        self._hold = 0  # ms: beyond empty, in doubt, at temperature, at full turns
        self._reached = False
        self._spreading = 0  # ms of this attempt to spread the laundry
        self._tries = 0
        self._coast = False
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
            self._run(self._steps[self._at * 3], values, validity, inhibit, levels)
        else:
            self._rid(values, validity, levels)

    def _begin(self, at: int) -> None:
        self._at = at
        self._spent = 0
        self._hold = 0
        self._reached = False
        self._spreading = 0
        self._tries = 0
        self._coast = False

    def _run(
        self, step: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        argument = self._steps[self._at * 3 + 1]
        time = self._steps[self._at * 3 + 2] * UNIT_MS
        levels[self._phase] = step
        self._spent += self._tick_ms
        if step == UNLOCK:
            if values[self._locked] == 0 or self._spent >= UNLOCK_MS:
                self._begin(self._at + 1)
            return
        levels[self._lock] = 1
        if not inhibit.allowed(self._f_wash) or not inhibit.allowed(self._f_fill):
            self._halt()
        elif step == LOCK:
            if validity[self._door] == VALID and values[self._door] != 0:
                levels[self._lock] = 0
                self._spent = 0
            elif values[self._locked] != 0:
                self._begin(self._at + 1)
            elif self._spent >= LOCK_MS:
                self._halt()
        elif step == DRAIN:
            self._do_drain(time, values, validity, levels)
        elif step == FILL:
            self._do_fill(argument * 10, values, validity, levels)
        elif step == WASH:
            self._tumble(levels)
            if self._spent >= time:
                self._begin(self._at + 1)
        elif step == HEAT:
            self._do_heat(argument * 10, time, values, validity, inhibit, levels)
        else:
            self._do_spin(argument * 10, time, values, validity, inhibit, levels)

    def _do_drain(self, time: int, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Until the tub is empty, and a little longer; by time alone when the level is not to be trusted."""
        levels[self._pump] = 1
        if validity[self._level] == VALID and values[self._level] > EMPTY:
            self._hold = 0
        else:
            self._hold += self._tick_ms
        if self._hold >= DRAIN_ON_MS and self._spent >= time:
            self._begin(self._at + 1)
        elif self._spent >= DRAIN_MS:
            self._halt()

    def _do_fill(self, target: int, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """To the level, never longer than FILL_MS."""
        known = validity[self._level] == VALID
        self._hold = 0 if known else self._hold + self._tick_ms
        if self._hold >= DOUBT_MS or self._spent >= FILL_MS:
            self._halt()
        elif known and values[self._level] >= target:
            self._begin(self._at + 1)
        elif known:
            levels[self._valve] = 1

    def _tumble(self, levels: "array[int]") -> None:
        """To and fro, with pauses."""
        period = TUMBLE_MS + PAUSE_MS
        if self._spent % period < TUMBLE_MS:
            levels[self._motor] = TUMBLE if self._spent // period & 1 else -TUMBLE

    def _do_heat(
        self,
        target: int,
        time: int,
        values: "array[int]",
        validity: bytearray,
        inhibit: "Inhibit",
        levels: "array[int]",
    ) -> None:
        """Tumble and heat to the target, then hold it for `time`. Without heat: wash on, cold, for as long."""
        self._tumble(levels)
        covered = validity[self._level] == VALID and values[self._level] > EMPTY
        able = inhibit.allowed(self._f_heat) and validity[self._temp] == VALID
        if covered and values[self._level] < COVERED and not self._reached:
            levels[self._valve] = 1  # the laundry drank it
        if able and covered:
            levels[self._main] = 1
            below = values[self._temp] < (target - HYSTERESIS if self._reached else target)
            if self._spent < 5000:
                below = False  # main relay alone: no current may flow
            elif not below:
                self._reached = True
            levels[self._heater] = 1 if below and values[self._level] > COVERED // 2 else 0
        if self._reached or not able or self._spent >= HEAT_MS or self._hold:
            self._hold += self._tick_ms
        if self._hold >= time:
            self._begin(self._at + 1)

    def _do_spin(
        self,
        turns: int,
        time: int,
        values: "array[int]",
        validity: bytearray,
        inhibit: "Inhibit",
        levels: "array[int]",
    ) -> None:
        """Spread the laundry, see how even it lies, spin for `time`, run out. Skipped where it may not be done."""
        levels[self._pump] = 1
        levels[self._shown] = self._tries
        if validity[self._speed] != VALID or not inhibit.allowed(self._f_spin):
            self._coast = True
        if self._coast:
            if validity[self._speed] != VALID or values[self._speed] < 10:
                self._begin(self._at + 1)
            return
        self._spreading += self._tick_ms
        if self._spreading <= LOOSEN_MS:
            levels[self._motor] = TUMBLE
        elif self._spreading <= LOOSEN_MS + SPREAD_MS:
            levels[self._motor] = SPREAD
        elif self._hold == 0 and values[self._heap] > HEAPED and self._tries < TRIES:
            self._tries += 1
            self._spreading = 0
        else:
            levels[self._motor] = turns if self._tries < TRIES else min(turns, GENTLE)
            self._hold += self._tick_ms
            self._coast = self._hold >= time + turns * 60  # a little more for getting there

    def _halt(self) -> None:
        self._halted = True
        self._draining = DRAIN_MS

    def _stop(self, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Get rid of the water once, then only of what comes in unasked; the door opens when it is safe."""
        levels[self._phase] = STOPPED
        unknown = validity[self._level] != VALID
        if self._draining > 0:
            self._draining -= self._tick_ms
            levels[self._pump] = 1 if unknown or values[self._level] > EMPTY // 2 else 0
            levels[self._lock] = levels[self._pump]
        else:
            self._rid(values, validity, levels)

    def _rid(self, values: "array[int]", validity: bytearray, levels: "array[int]") -> None:
        """Also while off: water above NEAR_FULL is drained down to empty, and the door held while it stands high."""
        if validity[self._level] != VALID:
            return
        if values[self._level] > COVERED:
            levels[self._lock] = 1
        if values[self._level] > NEAR_FULL:
            self._draining = DRAIN_MS
        if self._draining > 0 and not self._halted:
            self._draining -= self._tick_ms
            levels[self._pump] = 1 if values[self._level] > EMPTY else 0
