"""The diagnostic event manager: from debounced verdicts to status bytes, cycles, confirmation, healing and aging.

Takes `report(event, verdict, now)` from monitors and the edges of operation cycles, gives status bytes, a ring of
changes and calls to the fault memory. Terms and rules are AUTOSAR Dem / ISO 14229. Never allocates after start,
writes no flash.
"""

from trivet_wire.ids import (
    CONFIRMED,
    FAILED,
    NOT_COMPLETED_SINCE_CLEAR,
    NOT_COMPLETED_THIS_CYCLE,
    NOT_RUN,
    PASSED,
    PENDING,
    PREFAILED,
    PREPASSED,
    TEST_FAILED,
    TEST_FAILED_THIS_CYCLE,
    TRIGGER_CONFIRMED,
    TRIGGER_FDC,
    TRIGGER_PENDING,
    TRIGGER_TEST_FAILED,
    WARNING_INDICATOR,
)

from . import status as edges
from .changes import Changes
from .config import FREEZE, TIME
from .debounce import Debounce
from .state import CLEARED, LAZY, URGENT, check_cycle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import EventConfig
    from .memory import Memory
    from .state import EventState

_OPEN_BITS = NOT_COMPLETED_SINCE_CLEAR | NOT_COMPLETED_THIS_CYCLE | TEST_FAILED  # what a pass would still clear
_ALL_FAILED = 0x27  # of 0x77: a qualified FAILED would move nothing

# Verdicts that would move nothing, a bit each: while qualified either way, after a rest.
_ALL_PASS = 1 << PASSED | 1 << PREPASSED
_ALL_FAIL = 1 << FAILED | 1 << PREFAILED
_REST = 1 << NOT_RUN


class Manager:
    """All events of a board. `memory` may be None where nothing is stored (tests, a bare board)."""

    def __init__(
        self, config: "EventConfig", state: "EventState", memory: "Memory | None" = None, changes: int = 32
    ) -> None:
        if state.events != config.events:
            raise ValueError("configuration and state differ in their number of events")
        self.config = config
        self.state = state
        self.status = state.status
        self.events = config.events
        self.changes = Changes(changes)
        self._withheld = 0
        self.settled = bytearray(config.events)  # by event, a bit a verdict: to report it (again) would move nothing
        self.moved = True  # a status byte, since whoever follows them last looked
        self._memory = memory
        self._debounce = Debounce(config)
        self._timing = False  # a timer may be running
        self._peak = bytearray(config.events)
        self._started = 0  # of cycle 0, ticks in ms

    # Reports

    def report(self, event: int, verdict: int, now: int) -> None:
        """One verdict of `event`'s monitor at `now` (ms). NOT_RUN, as of a false enable condition (`when`), freezes or
        resets."""
        if self.settled[event] >> verdict & 1:
            return
        config = self.config
        debounce = self._debounce
        if verdict == NOT_RUN:
            debounce.hold(event)
            if self._peak[event] and debounce.fdc(event) <= 0:
                self._excursion_over(event)
            self.settled[event] = _REST
            return
        timed = config.kind[event] == TIME
        if timed:
            self._qualified(event, debounce.expire(event, now))
        decided = debounce.step(event, verdict, now)
        self._watch_fdc(event)
        self._qualified(event, decided)
        if decided == NOT_RUN:
            self.settled[event] = 0
            if timed:
                self._timing = True
        else:
            # At its end a counter or timer stays where it is, and to freeze it there changes nothing.
            rest = _REST if config.on_disable[event] == FREEZE else 0
            self.settled[event] = (_ALL_FAIL if decided == FAILED else _ALL_PASS) | rest

    def tick(self, now: int) -> None:
        """Let time debounces run out that had no report since. Once a tick, after the monitors."""
        if not self._timing:
            return
        self._timing = False
        debounce = self._debounce
        for event in range(self.events):
            if debounce.running(event):
                self._timing = True
                decided = debounce.expire(event, now)
                self._watch_fdc(event)
                self._qualified(event, decided)

    def fdc(self, event: int) -> int:
        """Fault detection counter, -128 .. 127."""
        return self._debounce.fdc(event)

    def storage(self, withheld: int) -> None:
        """The storage conditions that are false now, a bit each: the status of their events goes on, entries are not
        written. What still fails when the last of its own comes true again is written then."""
        again = self._withheld & ~withheld
        self._withheld = withheld
        memory = self._memory
        if not again or memory is None:
            return
        for event in range(self.events):
            if self.config.storage[event] & again and self.status[event] & TEST_FAILED and not memory.holds(event):
                self._store(event, self.config.trigger[event])

    # Qualification

    def _qualified(self, event: int, decided: int) -> None:
        status = self.status[event]
        if decided == FAILED:
            if self._peak[event]:
                self._peak[event] = 0
            if status & 0x77 != _ALL_FAILED:
                self._failed(event, status)
        elif decided == PASSED:
            if self._peak[event]:
                self._excursion_over(event)
            if status & _OPEN_BITS:
                self._move(event, edges.PASSED)

    def _failed(self, event: int, before: int) -> None:
        state = self.state
        rises = not before & TEST_FAILED
        if rises and state.occurrence[event] < 255:
            state.occurrence[event] += 1
        if not before & TEST_FAILED_THIS_CYCLE:
            if state.failures[event] < 255:
                state.failures[event] += 1
            state.touch(event, URGENT)
        state.heals[event] = 0
        state.ages[event] = 0
        self._move(event, edges.TEST_FAILED)
        if rises:
            if self._memory is not None:
                self._memory.seen(event)
            self._trigger(event, TRIGGER_TEST_FAILED)
        if not before & PENDING:
            self._trigger(event, TRIGGER_PENDING)
        self._confirm(event)

    def _confirm(self, event: int) -> None:
        config = self.config
        if not self.status[event] & CONFIRMED and (
            config.immediate[event] or self.state.failures[event] >= config.confirm[event]
        ):
            self._move(event, edges.CONFIRMED)
            if self._memory is not None and not self._memory.holds(event):
                self._store(event, TRIGGER_CONFIRMED)
            else:
                self._trigger(event, TRIGGER_CONFIRMED)
        if config.warning[event]:
            self._move(event, edges.WARNING)

    def _move(self, event: int, edge: int) -> None:
        """The only place that writes a status byte."""
        old = self.status[event]
        new = edges.step(old, edge)
        if new == old:
            return
        self.status[event] = new
        self.settled[event] = 0
        self.moved = True
        if (old ^ new) & edges.TOLD:
            self.changes.push(event, old, new, edge)
            self.state.touch(event, URGENT)
        else:
            self.state.touch(event, LAZY)
        if self._memory is not None:
            self._memory.moved(event)

    def _watch_fdc(self, event: int) -> None:
        fdc = self._debounce.fdc(event)
        if fdc <= 0:
            if self._peak[event]:
                self._excursion_over(event)
            return
        state = self.state
        if fdc > state.fdc_max[event]:
            state.fdc_max[event] = fdc
            state.touch(event, LAZY)
        peak = self._peak[event]
        if fdc > peak and not self.status[event] & TEST_FAILED:
            threshold = self.config.fdc_trigger[event]
            self._peak[event] = fdc
            if peak < threshold <= fdc:
                self._trigger(event, TRIGGER_FDC)

    def _excursion_over(self, event: int) -> None:
        """The counter fell back without qualifying: a near miss."""
        state = self.state
        if self._peak[event] > state.near[event] and self._peak[event] < 127:
            state.near[event] = self._peak[event]
            state.touch(event, LAZY)
        self._peak[event] = 0

    # The fault memory

    def _trigger(self, event: int, trigger: int) -> None:
        if self.config.trigger[event] == trigger:
            self._store(event, trigger)

    def _store(self, event: int, trigger: int) -> None:
        if self._memory is not None and not self.config.storage[event] & self._withheld:
            self._memory.trigger(event, trigger)

    # Operation cycles

    def cycle_start(self, now: int, cycle: int = 0) -> None:
        """An operation cycle begins: clear bit 1, set bit 6, reset debounce; bit 0 stays. Ignored while it runs."""
        check_cycle(cycle)
        state = self.state
        if state.open >> cycle & 1:
            return
        state.open |= 1 << cycle
        state.totals_dirty = True
        if cycle == 0:
            state.cycles += 1
            self._started = now
        for event in range(self.events):
            if self.config.cycle[event] == cycle:
                if self._peak[event]:
                    self._excursion_over(event)
                self._debounce.reset(event)
                self.settled[event] = 0
                self._move(event, edges.CYCLE_START)

    def cycle_end(self, now: int, cycle: int = 0) -> None:
        """An operation cycle ends: pending goes where it passed and never failed, confirmed faults heal and age."""
        check_cycle(cycle)
        state = self.state
        if not state.open >> cycle & 1:
            return
        if cycle == 0:
            state.cycle_s += ((now - self._started) & 0x3FFFFFFF) // 1000
        self._end(cycle)

    def resume(self) -> None:
        """After start, once the state is loaded: a cycle that a power cut ended is ended now."""
        for cycle in range(8):
            if self.state.open >> cycle & 1:
                self._end(cycle)

    def _end(self, cycle: int) -> None:
        self.state.open &= ~(1 << cycle)
        self.state.totals_dirty = True
        for event in range(self.events):
            if self.config.cycle[event] == cycle:
                self._end_event(event)

    def _end_event(self, event: int) -> None:
        self._move(event, edges.CYCLE_END)
        if self.status[event] & edges.FAILED_OR_UNTESTED:
            return
        state = self.state
        if state.failures[event]:
            state.failures[event] = 0
            state.touch(event, LAZY)
        if self.status[event] & WARNING_INDICATOR:
            self._heal(event)
        elif self.status[event] & (PENDING | CONFIRMED) or (self._memory is not None and self._memory.holds(event)):
            self._age(event)

    def _heal(self, event: int) -> None:
        threshold = self.config.heal[event]
        if not threshold:
            return
        self.state.heals[event] += 1
        self.state.touch(event, URGENT)
        if self.state.heals[event] >= threshold:
            self.state.heals[event] = 0
            self._move(event, edges.HEALED)

    def _age(self, event: int) -> None:
        threshold = self.config.age[event]
        if not threshold:
            return
        self.state.ages[event] += 1
        self.state.touch(event, URGENT)
        if self.state.ages[event] >= threshold:
            self.state.ages[event] = 0
            self._move(event, edges.AGED)
            if self._memory is not None:
                self._memory.aged(event)

    # Clear

    def clear(self, event: int, who: int, grant: int = 0) -> None:
        """Clear one event: initial status, counters and debounce to zero; the entry leaves a tombstone that names `who`
        (ids of consent channels) and under which `grant`."""
        if not 0 <= event < self.events:
            raise ValueError("no such event")
        state = self.state
        was_stored = self._memory is not None and self._memory.holds(event)
        if self._memory is not None and was_stored:
            self._memory.cleared(event, who, grant)
        if was_stored or self.status[event] & (PENDING | CONFIRMED):
            state.flags[event] |= CLEARED
        state.reset(event)
        self._peak[event] = 0
        self._debounce.reset(event)
        self.settled[event] = 0
        self._move(event, edges.CLEARED)
        state.touch(event, URGENT)
        if self._memory is not None:
            self._memory.save_now()

    def clear_all(self, who: int, grant: int = 0) -> None:
        """Clear every event; the overflow flag goes too."""
        for event in range(self.events):
            self.clear(event, who, grant)
        self.state.overflow = False
        self.state.totals_dirty = True

    # Views

    def verdicts(self, buf: bytearray) -> int:
        """Two bits an event (ids.VERDICT_*), least significant first, of this operation cycle; gives the length."""
        length = (self.events + 3) // 4
        for i in range(length):
            buf[i] = 0
        for event in range(self.events):
            status = self.status[event]
            if not status & NOT_COMPLETED_THIS_CYCLE:
                buf[event >> 2] |= (2 if status & TEST_FAILED else 1) << ((event & 3) * 2)
        return length
