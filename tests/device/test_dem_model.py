"""The firmware's events against an independent plain model, over random lives: hypothesis looks for a difference."""

import sys
from dataclasses import astuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dem_model import Dem, Event, Settings
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from rig import Rig
from trivet_wire import ids

VERDICTS = {name: getattr(ids, name) for name in ("PASSED", "FAILED", "PREPASSED", "PREFAILED", "NOT_RUN")}
EVENTS = 5
SLOTS = 2

numbers = st.integers(0, EVENTS - 1)
counted = st.builds(
    Settings,
    timed=st.just(False),
    t_fail=st.integers(1, 8) | st.just(32767),
    t_pass=st.integers(-8, -1) | st.just(-32767),
    inc=st.integers(1, 5) | st.just(9000),
    dec=st.integers(1, 5) | st.just(9000),
    jump_up=st.none() | st.just(0) | st.integers(-1, 1),
    jump_down=st.none() | st.just(0) | st.integers(-1, 1),
    reset=st.booleans(),
    confirm=st.integers(1, 3),
    heal=st.integers(0, 2),
    age=st.integers(0, 2),
    priority=st.integers(0, 3) | st.just(255),
    immediate=st.booleans(),
    warning=st.booleans(),
)
timed = st.builds(
    Settings,
    timed=st.just(True),
    t_fail=st.sampled_from([0, 1, 500, 1000, 8_000_000]),
    t_pass=st.sampled_from([0, 1, 500, 1000, 8_000_000]),
    inc=st.just(1),
    dec=st.just(1),
    jump_up=st.none(),
    jump_down=st.none(),
    reset=st.booleans(),
    confirm=st.integers(1, 3),
    heal=st.integers(0, 2),
    age=st.integers(0, 2),
    priority=st.integers(0, 3),
    immediate=st.booleans(),
    warning=st.booleans(),
)


def given_to_the_rig(s: Settings) -> dict[str, int]:
    return {
        "kind": int(s.timed),
        "fail": s.t_fail,
        "good": s.t_pass,
        "inc": s.inc,
        "dec": s.dec,
        "up": -32768 if s.jump_up is None else s.jump_up,
        "down": -32768 if s.jump_down is None else s.jump_down,
        "on_disable": int(s.reset),
        "confirm": s.confirm,
        "heal": s.heal,
        "age": s.age,
        "priority": s.priority,
        "immediate": int(s.immediate),
        "warning": int(s.warning),
    }


class Lives(RuleBasedStateMachine):
    @initialize(all_settings=st.lists(counted | timed, min_size=EVENTS, max_size=EVENTS))
    def start(self, all_settings: list[Settings]) -> None:
        self.rig = Rig([given_to_the_rig(one) for one in all_settings], slots=SLOTS)
        self.model = Dem([Event(one) for one in all_settings], SLOTS)

    @rule(
        number=numbers,
        verdict=st.sampled_from(sorted(VERDICTS)),
        times=st.integers(1, 4),
        gap=st.sampled_from([0, 250, 700]),
    )
    def report(self, number: int, verdict: str, times: int, gap: int) -> None:
        for _ in range(times):
            self.rig.now += gap
            self.rig.manager.report(number, VERDICTS[verdict], self.rig.now)
            self.model.report(number, verdict, self.rig.now)

    @rule(gap=st.sampled_from([1, 499, 1000, 9_000_000]))
    def time_passes(self, gap: int) -> None:
        self.rig.now += gap
        self.rig.manager.tick(self.rig.now)
        self.model.tick(self.rig.now)

    @rule(verdict=st.sampled_from(["PASSED", "FAILED"]), number=numbers)
    def whole_cycle(self, verdict: str, number: int) -> None:
        self.cycle_start()
        self.report(number, verdict, 1, 0)
        self.cycle_end()

    @rule()
    def cycle_start(self) -> None:
        self.rig.manager.cycle_start(self.rig.now)
        self.model.cycle_start()

    @rule()
    def cycle_end(self) -> None:
        self.rig.manager.cycle_end(self.rig.now)
        self.model.cycle_end()

    @rule(withheld=st.sets(numbers))
    def storage(self, withheld: set[int]) -> None:
        self.rig.manager.storage(sum(1 << number for number in withheld))
        self.model.storage(withheld)

    @rule(number=numbers)
    def clear(self, number: int) -> None:
        self.rig.manager.clear(number, 1)
        self.model.clear(number)

    @rule()
    def restart(self) -> None:
        self.rig.restart()
        self.model.restart()

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "rig"):
            return
        for number, event in enumerate(self.model.events):
            found = (
                self.rig.manager.status[number],
                self.rig.manager.fdc(number),
                self.rig.state.occurrence[number],
                self.rig.state.failures[number],
            )
            assert found == (event.status(), event.fdc(), event.occurrence, event.failures), astuple(event)
        held = {number for number in range(EVENTS) if self.rig.memory.holds(number)}
        assert held == set(self.model.memory)
        assert self.rig.state.overflow == self.model.overflow


Lives.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
TestLives = Lives.TestCase
