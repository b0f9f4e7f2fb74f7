"""Debounce by counter or by time, for all events at once (AUTOSAR Dem, counter based and time based algorithms).

Takes verdicts and `now` (ms, modulo 2^30), gives a qualified FAILED or PASSED, or NOT_RUN while undecided, and the
fault detection counter. Never allocates after start, never reads a clock.
"""

from array import array

from trivet_wire.ids import FAILED, NOT_RUN, PASSED, PREFAILED, PREPASSED

from .config import NO_JUMP, RESET, TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import EventConfig

_TICKS = 0x3FFFFFFF  # ticks wrap at 2^30
# Which way a time debounce runs; a set HELD bit stops the timer where it stands.
_IDLE = 0
_FAILING = 1
_PASSING = 2
_HELD = 4


class Debounce:
    """One counter (counts, or ms run so far) an event."""

    def __init__(self, config: "EventConfig") -> None:
        self._c = config
        self._count = array("i", [0] * config.events)
        self._last = array("i", [0] * config.events)
        self._way = bytearray(config.events)

    def step(self, event: int, verdict: int, now: int) -> int:
        """Debounce one verdict (not NOT_RUN). Gives FAILED or PASSED for as long as it is qualified, else NOT_RUN."""
        if self._c.kind[event] == TIME:
            return self._time(event, verdict, now)
        return self._counter(event, verdict)

    def _counter(self, event: int, verdict: int) -> int:
        config = self._c
        count = self._count[event]
        high = config.t_fail[event]
        low = config.t_pass[event]
        if verdict == PREFAILED:
            jump = config.jump_up[event]
            if jump != NO_JUMP and count < jump:
                count = jump
            count += config.inc[event]
            if count > high:
                count = high
        elif verdict == PREPASSED:
            jump = config.jump_down[event]
            if jump != NO_JUMP and count > jump:
                count = jump
            count -= config.dec[event]
            if count < low:
                count = low
        elif verdict == FAILED:
            count = high
        elif verdict == PASSED:
            count = low
        else:
            raise ValueError
        self._count[event] = count
        if count >= high:
            return FAILED
        if count <= low:
            return PASSED
        return NOT_RUN

    def _time(self, event: int, verdict: int, now: int) -> int:
        failing = verdict == PREFAILED or verdict == FAILED
        way = _FAILING if failing else _PASSING
        limit = self._c.t_fail[event] if failing else self._c.t_pass[event]
        if verdict == FAILED or verdict == PASSED:
            self._way[event] = way
            self._count[event] = limit
            return verdict
        if verdict != PREFAILED and verdict != PREPASSED:
            raise ValueError
        was = self._way[event]
        if was & 3 != way:
            self._count[event] = 0
            self._last[event] = now & _TICKS
        elif was & _HELD:
            self._last[event] = now & _TICKS
        self._way[event] = way
        self.expire(event, now)
        if self._count[event] < limit:
            return NOT_RUN
        return FAILED if failing else PASSED

    def expire(self, event: int, now: int) -> int:
        """Let a running timer run to `now`; gives its verdict once, when it runs out, else NOT_RUN."""
        way = self._way[event]
        if way == _IDLE or way & _HELD:
            return NOT_RUN
        limit = self._c.t_fail[event] if way == _FAILING else self._c.t_pass[event]
        left = limit - self._count[event]
        if left < 0 or (left == 0 and limit):
            return NOT_RUN
        gone = (now - self._last[event]) & _TICKS
        self._last[event] = now & _TICKS
        if gone < left:
            self._count[event] += gone
            return NOT_RUN
        self._count[event] = limit
        return FAILED if way == _FAILING else PASSED

    def running(self, event: int) -> bool:
        """Whether a timer runs that has not yet run out."""
        way = self._way[event]
        if way == _IDLE or way & _HELD:
            return False
        return self._count[event] < (self._c.t_fail[event] if way == _FAILING else self._c.t_pass[event])

    def hold(self, event: int) -> None:
        """An enable condition is false, or the monitor did not run: freeze or reset, as the event is configured."""
        if self._c.on_disable[event] == RESET:
            self.reset(event)
        elif self._way[event]:
            self._way[event] |= _HELD

    def reset(self, event: int) -> None:
        self._count[event] = 0
        self._way[event] = _IDLE

    def fdc(self, event: int) -> int:
        """Fault detection counter, -128 (passed) .. 127 (failed)."""
        count = self._count[event]
        config = self._c
        if config.kind[event] == TIME:
            way = self._way[event] & 3
            if way == _IDLE:
                return 0
            limit = config.t_fail[event] if way == _FAILING else config.t_pass[event]
            if way == _PASSING:
                return -(count * 128 // limit) if limit else -128
            return count * 127 // limit if limit else 127
        if count >= 0:
            return count * 127 // config.t_fail[event]
        return -(count * 128 // config.t_pass[event])
