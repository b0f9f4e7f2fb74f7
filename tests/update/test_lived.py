"""The whole update machine under whatever people, oven, clock and power do, in any order: never a step towards another
version outside the gates, never one back in the middle of a cycle; and once all is quiet it comes to its end.
"""

import random
from collections.abc import Iterator

import pytest
from appliance.update import gates
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lived import OVER, Oven
from lived_flash import NOON, Maker
from trivet_wire import ids
from updating.heap import ROOMY, heap

CAUSES = [ids.RESET_WATCHDOG, ids.RESET_CRASH]
AGAINST = ["heat", "hours", "later", "no clock", "reset", "cycle", "locked", "sensed", "hazard"]
UNSHRUNK = (Phase.reuse, Phase.generate)  # shrinking lives of hundreds of turns takes minutes
_makers: list[Maker] = []


@pytest.fixture(scope="module", autouse=True)
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    made = Maker(tmp_path_factory.mktemp("maker"))
    _makers.append(made)  # hypothesis makes its ovens itself
    yield made
    _makers.clear()


# -- what stands against it --------------------------------------------------------------------------------------------


def quiet(oven: Oven) -> None:
    """Nothing stands against it."""
    oven.cycle = oven.faulty = oven.hazard = False
    oven.temperature, oven.locked, oven.sensed = 20, 0, True
    oven.wall = max(oven.wall, NOON)
    if oven.excluded[0]:
        oven.exclude(0, 0)
    if oven.said != (ids.A_YES, 0):
        oven.answer(ids.A_YES)


def against(oven: Oven, what: str, east: int = 0) -> None:
    """One thing does."""
    if what == "heat":
        oven.temperature = 61
    elif what == "hours":
        oven.exclude(1 << (oven.wall + east * 60) // 3600 % 24, east)
    elif what == "later":
        oven.answer(ids.A_LATER)
    elif what == "no clock":
        oven.exclude(1, 0)
        oven.wall = 0
    elif what == "reset":
        oven.factory_reset()
    elif what:
        setattr(oven, what, what != "sensed")


@pytest.mark.parametrize("what", AGAINST)
def test_one_thing_at_whatever_moment_holds_it_up(maker: Maker, what: str) -> None:
    """Between the turn in which all of it is in flash and the one in which it would have started."""
    stopped = set()
    for turns in range(8):
        for east in (-600, 0, 330):
            oven = Oven(maker)
            oven.offer("feature")
            oven.answer(ids.A_YES)
            oven.until(lambda oven=oven: oven.state == ids.U_VERIFIED)
            oven.turns(turns)
            before = oven.state
            felt = what in ("heat", "cycle", "locked", "sensed", "hazard")
            if felt and oven.house.alone:
                continue  # it has neither sensors nor a program then
            against(oven, what, east)
            oven.turns(40)
            assert [step for step in oven.steps if step[1]] == []
            stopped.add(before == ids.U_VERIFIED)
            assert before != ids.U_VERIFIED or oven.state == before
    assert stopped == {False, True}


# -- anything, in any order --------------------------------------------------------------------------------------------


class House(RuleBasedStateMachine):
    @initialize(
        name=st.sampled_from(["feature", "drivers", "security"]),
        so_far=st.sampled_from([ids.U_OFFERED, ids.U_VERIFIED, ids.U_TRIAL]),
        free=st.sampled_from([0, ROOMY]),
    )
    def offered(self, name: str, so_far: int, free: int) -> None:
        """And gone on with undisturbed for a while; with a heap that is always short, or never."""
        heap.free = free
        self.oven = Oven(_makers[0])
        self.oven.offer(name)
        if so_far != ids.U_OFFERED:
            self.oven.answer(ids.A_YES)
            self.oven.until(lambda: self.oven.state == so_far)

    def teardown(self) -> None:
        heap.free = ROOMY  # it is everybody's

    @rule(name=st.sampled_from(["feature", "drivers", "security"]))
    def the_vendor_offers(self, name: str) -> None:
        self.oven.offer(name)

    @rule()
    def the_vendor_takes_it_back(self) -> None:
        self.oven.withdraw()

    @rule(word=st.sampled_from([ids.A_YES, ids.A_YES, ids.A_LATER, ids.A_NO]), hours=st.integers(0, 60))
    def the_owner_says(self, word: int, hours: int) -> None:
        self.oven.answer(word, NOON + 3600 * hours if hours else 0)

    @rule(mask=st.integers(0, gates.ALL_HOURS), east=st.integers(-840, 840))
    def the_owner_excludes_hours(self, mask: int, east: int) -> None:
        self.oven.exclude(mask, east)

    @rule()
    def somebody_resets_it_to_the_factory_s_state(self) -> None:
        self.oven.factory_reset()

    @rule(temperature=st.sampled_from([20, 60, 61, 250]), locked=st.sampled_from([0, 0, 1]), sensed=st.booleans())
    def it_feels(self, temperature: int, locked: int, sensed: bool) -> None:
        oven = self.oven
        oven.temperature, oven.locked, oven.sensed = temperature, locked, sensed

    @rule(what=st.sampled_from(AGAINST), east=st.integers(-840, 840))
    def one_thing_stands_against_it(self, what: str, east: int) -> None:
        quiet(self.oven)
        against(self.oven, what, east)
        self.oven.turns(150)

    @rule(moments=st.lists(st.sampled_from([*AGAINST, *[""] * len(AGAINST)]), min_size=4, max_size=12))
    def things_come_up_from_one_turn_to_the_next(self, moments: list[str]) -> None:
        for what in moments:
            quiet(self.oven)
            against(self.oven, what, 0)
            self.oven.turns(1)

    @rule(faulty=st.booleans(), hazard=st.booleans())
    def faults_come_and_go(self, faulty: bool, hazard: bool) -> None:
        self.oven.faulty, self.oven.hazard = faulty, hazard

    @rule(turns=st.integers(0, 60))
    def it_bakes(self, turns: int) -> None:
        self.oven.cycle = True
        self.oven.cycles += 1
        self.oven.turns(turns)

    @rule()
    def it_has_baked(self) -> None:
        self.oven.cycle = False

    @rule(wall=st.one_of(st.just(0), st.integers(NOON - 86_400, NOON + 4 * 86_400)))
    def the_clock_jumps(self, wall: int) -> None:
        self.oven.wall = wall

    @rule(minutes=st.integers(1, 600))
    def time_goes_by(self, minutes: int) -> None:
        self.oven.passes(minutes * 60_000)

    @rule(count=st.sampled_from([1, 2, 7, 40, 200]))
    def it_goes_on(self, count: int) -> None:
        self.oven.turns(count)

    @rule()
    def the_power_goes(self) -> None:
        self.oven.start(ids.RESET_POWER_ON)

    @rule(operations=st.integers(0, 60), seed=st.integers(0, 99))
    def the_power_goes_in_the_middle_of_a_write(self, operations: int, seed: int) -> None:
        random.seed(seed)
        self.oven.flash.fuse = operations
        self.oven.turns(60)
        self.oven.flash.fuse = -1

    @rule(cause=st.sampled_from([*CAUSES, ids.RESET_SOFT, ids.RESET_BROWN_OUT]))
    def it_restarts(self, cause: int) -> None:
        self.oven.start(cause)

    @precondition(lambda self: self.oven.state not in OVER)
    @rule()
    def all_is_quiet_for_long_enough(self) -> None:
        """Whatever goes on comes to an end: confirmed, taken back or refused."""
        oven = self.oven
        for _ in range(20):
            quiet(self.oven)  # an answer is not taken while the row says that a trial runs
            oven.turns(100)
            if oven.state in OVER:
                return
            oven.cycles += 1
            oven.passes(700_000)
        raise AssertionError(f"it goes on for ever: {oven.states}, {oven.row}")

    @invariant()
    def nothing_led_to_another_version_outside_the_gates(self) -> None:
        assert [step for step in self.oven.steps if step[1]] == []
        self.oven.climb()


TestHouse = House.TestCase
TestHouse.settings = settings(
    max_examples=150, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), phases=UNSHRUNK
)
