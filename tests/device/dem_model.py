"""The rules of events once more, plainly: named booleans, dicts and lists, nothing packed and nothing clever.

An independent reading of the rules, for `test_dem_model.py` to compare the firmware with. Knows no firmware module.
"""

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass
class Settings:
    timed: bool
    t_fail: int
    t_pass: int  # counts below zero, or ms
    inc: int
    dec: int
    jump_up: int | None
    jump_down: int | None
    reset: bool
    confirm: int
    heal: int
    age: int
    priority: int
    immediate: bool
    warning: bool


@dataclass
class Event:
    settings: Settings
    counter: int = 0
    direction: str = ""
    ran: int = 0  # ms
    held: bool = False
    since: int = 0
    storing: bool = True
    failed: bool = False
    failed_this_cycle: bool = False
    pending: bool = False
    confirmed: bool = False
    untested_since_clear: bool = True
    failed_since_clear: bool = False
    untested_this_cycle: bool = True
    warning: bool = False
    failures: int = 0
    heals: int = 0
    ages: int = 0
    occurrence: int = 0

    def status(self) -> int:
        bits = (
            *(self.failed, self.failed_this_cycle, self.pending, self.confirmed),
            *(self.untested_since_clear, self.failed_since_clear, self.untested_this_cycle, self.warning),
        )
        return sum(1 << i for i, bit in enumerate(bits) if bit)

    def fdc(self) -> int:
        s = self.settings
        if not s.timed:
            return int(
                Fraction(self.counter * 127, s.t_fail) if self.counter >= 0 else Fraction(self.counter * -128, s.t_pass)
            )
        if not self.direction:
            return 0
        if self.direction == "fail":
            return int(Fraction(self.ran * 127, s.t_fail)) if s.t_fail else 127
        return -int(Fraction(self.ran * 128, s.t_pass)) if s.t_pass else -128


@dataclass
class Dem:
    events: list[Event]
    slots: int
    memory: list[int] = field(default_factory=list)  # events, oldest first
    overflow: bool = False
    running: bool = False

    def report(self, number: int, verdict: str, now: int) -> None:
        event = self.events[number]
        if verdict == "NOT_RUN":
            self._hold(event)
            return
        if event.settings.timed:
            self._advance(number, now)
            self._time(number, verdict, now)
        else:
            self._count(number, verdict)

    def _hold(self, event: Event) -> None:
        if event.settings.reset:
            event.counter, event.direction, event.ran, event.held = 0, "", 0, False
        else:
            event.held = True

    def _count(self, number: int, verdict: str) -> None:
        event = self.events[number]
        s = event.settings
        c = event.counter
        if verdict == "FAILED":
            c = s.t_fail
        elif verdict == "PASSED":
            c = s.t_pass
        elif verdict == "PREFAILED":
            if s.jump_up is not None:
                c = max(c, s.jump_up)
            c = min(c + s.inc, s.t_fail)
        else:
            if s.jump_down is not None:
                c = min(c, s.jump_down)
            c = max(c - s.dec, s.t_pass)
        event.counter = c
        if c >= s.t_fail:
            self._fail(number)
        elif c <= s.t_pass:
            self._pass(number)

    def _time(self, number: int, verdict: str, now: int) -> None:
        event = self.events[number]
        direction = "fail" if "FAIL" in verdict else "pass"
        limit = event.settings.t_fail if direction == "fail" else event.settings.t_pass
        if verdict in ("FAILED", "PASSED"):
            event.direction, event.ran, event.held = direction, limit, False
        elif event.direction != direction:
            event.direction, event.ran, event.since, event.held = direction, 0, now, False
        elif event.held:
            event.since, event.held = now, False
        if event.ran >= limit:
            (self._fail if direction == "fail" else self._pass)(number)

    def _advance(self, number: int, now: int) -> None:
        event = self.events[number]
        if not event.settings.timed or not event.direction or event.held:
            return
        limit = event.settings.t_fail if event.direction == "fail" else event.settings.t_pass
        if event.ran < limit:
            event.ran = min(limit, event.ran + now - event.since)
            event.since = now
            if event.ran >= limit:
                (self._fail if event.direction == "fail" else self._pass)(number)

    def tick(self, now: int) -> None:
        for number in range(len(self.events)):
            self._advance(number, now)

    def _fail(self, number: int) -> None:
        event = self.events[number]
        s = event.settings
        if not event.failed:
            event.occurrence = min(255, event.occurrence + 1)
            if number in self.memory:
                self.memory.remove(number)
                self.memory.append(number)
        if not event.failed_this_cycle:
            event.failures = min(255, event.failures + 1)
        new = not event.failed
        event.heals = event.ages = 0
        event.failed = event.failed_this_cycle = event.pending = event.failed_since_clear = True
        event.untested_since_clear = event.untested_this_cycle = False
        if new:
            self._store(number)
        if not event.confirmed and (s.immediate or event.failures >= s.confirm):
            event.confirmed = True
            self._store(number)
        if event.confirmed and s.warning:
            event.warning = True

    def _pass(self, number: int) -> None:
        event = self.events[number]
        event.failed = event.untested_since_clear = event.untested_this_cycle = False

    def _store(self, number: int) -> None:
        event = self.events[number]
        if number in self.memory or not event.storing:
            return
        if len(self.memory) == self.slots:
            lower = [n for n in self.memory if self.events[n].settings.priority >= event.settings.priority]
            passive = [n for n in lower if not self.events[n].failed]
            active = [
                n for n in lower if self.events[n].failed and self.events[n].settings.priority > event.settings.priority
            ]
            if not passive + active:
                self.overflow = True
                return
            self.memory.remove((passive + active)[0])
        self.memory.append(number)

    def storage(self, withheld: set[int]) -> None:
        for number, event in enumerate(self.events):
            was, event.storing = event.storing, number not in withheld
            if event.storing and not was and event.failed:
                self._store(number)

    def cycle_start(self) -> None:
        if self.running:
            return
        self.running = True
        for event in self.events:
            event.failed_this_cycle, event.untested_this_cycle = False, True
            event.counter, event.direction, event.ran, event.held = 0, "", 0, False

    def cycle_end(self) -> None:
        if not self.running:
            return
        self.running = False
        for number, event in enumerate(self.events):
            if event.failed_this_cycle or event.untested_this_cycle:
                continue
            event.pending = False
            event.failures = 0
            if event.warning:
                self._heal(event)
            elif event.confirmed or number in self.memory:
                self._age(number, event)

    def _heal(self, event: Event) -> None:
        if event.settings.heal:
            event.heals += 1
            if event.heals == event.settings.heal:
                event.warning, event.heals = False, 0

    def _age(self, number: int, event: Event) -> None:
        if event.settings.age:
            event.ages += 1
            if event.ages == event.settings.age:
                event.pending = event.confirmed = False
                event.ages = 0
                if number in self.memory:
                    self.memory.remove(number)

    def clear(self, number: int) -> None:
        old = self.events[number]
        self.events[number] = Event(old.settings, storing=old.storing)
        if number in self.memory:
            self.memory.remove(number)

    def restart(self) -> None:
        """Power off and on: what is saved stays, debounce and conditions begin anew, a cut cycle is ended."""
        for event in self.events:
            event.counter, event.direction, event.ran, event.held = 0, "", 0, False
            event.storing = True
        self.cycle_end()
