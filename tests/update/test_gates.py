"""When an update may go on: every gate with its reason, each by itself and all together; and a machine of owner, clock,
oven and vendor that looks for a way around them, and for one on which a sound update is never installed."""

from types import SimpleNamespace

import pytest
from appliance.update import gates, table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from trivet_wire import ids

NOON = 1_800_000_000 // 86_400 * 86_400 + 12 * 3600


def quiet(**more: object) -> gates.State:
    """A feature that its owner wants, in an oven that is cold and closed, at noon."""
    state = gates.State()
    state.known, state.cycle, state.hazard, state.wall_s, state.answer = True, False, False, NOON, ids.A_YES
    for name, value in more.items():
        assert hasattr(state, name)
        setattr(state, name, value)
    return state


def security(**more: object) -> gates.State:
    return quiet(**({"security": True, "answer": gates.NO_ANSWER} | more))


SHUT = {
    "nothing is known of its sensors": (quiet(known=False), gates.UNKNOWN),
    "a cycle runs": (quiet(cycle=True), gates.CYCLE),
    "it is hot": (quiet(held=1), gates.HOT),
    "its door is locked": (quiet(held=2), gates.LOCKED),
    "water stands in it": (quiet(held=4), gates.WET),
    "a hazardous fault is active": (quiet(hazard=True), gates.HAZARD),
    "a technician is at work": (quiet(bench=True), gates.BENCH),
    "a feature was not answered": (quiet(answer=gates.NO_ANSWER), gates.ASK),
    "a feature's yes is over": (quiet(until=NOON - 1), gates.ASK),
    "a feature was put off": (quiet(answer=ids.A_LATER, until=NOON + 1), gates.LATER),
    "a feature was put off until now": (quiet(answer=ids.A_LATER, until=NOON), gates.ASK),
    "this hour is excluded": (quiet(hours=1 << 12), gates.HOURS),
    "this hour is excluded where its owner lives": (quiet(hours=1 << 14, east=120), gates.HOURS),
    "hours are excluded and the time is unknown": (quiet(hours=1, wall_s=0), gates.CLOCK),
    "a security release was put off": (security(answer=ids.A_LATER, until=NOON + 1), gates.LATER),
    "a security release was declined": (security(answer=ids.A_NO), gates.LATER),
    "overdue, in an excluded hour": (security(deadline=NOON, hours=1 << 12), gates.HOURS),
    "overdue, while it is hot": (security(deadline=NOON, held=1), gates.HOT),
}
OPEN = {
    "a feature with a yes": quiet(),
    "in an hour that is not excluded": quiet(hours=0xFFFFF & ~(1 << 12)),
    "a security release nobody answered": security(),
    "a security release put off until now": security(answer=ids.A_LATER, until=NOON),
    "a security release whose deadline has come": security(answer=ids.A_LATER, until=NOON + 9, deadline=NOON),
    "a declined one whose deadline has come": security(answer=ids.A_NO, deadline=NOON),
}


@pytest.mark.parametrize("case", SHUT)
def test_a_gate_is_shut_for_its_reason(case: str) -> None:
    state, reason = SHUT[case]
    assert gates.install(state) == reason


@pytest.mark.parametrize("case", OPEN)
def test_all_gates_are_open(case: str) -> None:
    assert gates.install(OPEN[case]) == gates.OPEN


def test_nothing_known_is_everything_shut() -> None:
    assert gates.install(gates.State()) != gates.OPEN
    assert gates.rest(gates.State()) != gates.OPEN


def test_fetching_needs_the_owner_and_no_cycle_but_neither_cold_nor_hours() -> None:
    assert gates.download(quiet(held=7, hazard=True, hours=1 << 12)) == gates.OPEN
    assert gates.download(quiet(cycle=True)) == gates.CYCLE
    assert gates.download(quiet(answer=gates.NO_ANSWER)) == gates.ASK


@given(st.integers(0, 0xFFFFFF), st.integers(-840, 840), st.integers(1, 1 << 32))
def test_excluded_hours_are_hours_of_the_owner_s_own_day(mask: int, east: int, wall: int) -> None:
    expected = (wall // 60 + east) // 60 % 24
    assert gates.hour(wall, east) == expected
    assert gates.allowed(mask) == (mask.bit_count() <= 20)


def test_a_signal_in_doubt_holds_an_update_back_whatever_it_shows() -> None:
    holds = [0, 1, 600, 10, 1, 0, 0, 1]  # hot: signal 1 above 60.0; locked: signal 0 above 0
    assert gates.held(holds, [0, 600], bytearray(2)) == 0
    assert gates.held(holds, [0, 601], bytearray(2)) == 1
    for doubt in range(1, len(ids.VALIDITY_NAMES)):
        assert gates.held(holds, [0, 0], bytearray([0, doubt])) == 1
        assert gates.held(holds, [0, 0], bytearray([doubt, 0])) == 2


def test_a_hazardous_fault_counts_while_its_test_fails() -> None:
    catalogue = SimpleNamespace(hazard=lambda event: event == 1)
    assert not gates.hazard(bytearray([ids.TEST_FAILED, ids.CONFIRMED]), catalogue)  # type: ignore[arg-type]
    assert gates.hazard(bytearray([0, ids.TEST_FAILED | ids.PENDING]), catalogue)  # type: ignore[arg-type]


class House(RuleBasedStateMachine):
    """Whatever people and things do, an update is committed only while all gates are open, by the table alone."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ids.U_IDLE
        self.gates = gates.State()
        self.committed: list[gates.State] = []

    @initialize(secure=st.booleans(), deadline=st.one_of(st.just(0), st.integers(NOON, NOON + 90 * 86_400)))
    def offered(self, secure: bool, deadline: int) -> None:
        self.gates.security, self.gates.deadline = secure, deadline if secure else 0
        self.gates.wall_s = NOON
        self._happens(table.OFFER)

    def _happens(self, event: int) -> None:
        after, _ = table.step(self.state, event)
        if after >= 0:
            self.state = after

    @rule(cycle=st.booleans(), held=st.integers(0, 7), hazard=st.booleans(), known=st.booleans())
    def the_oven(self, cycle: bool, held: int, hazard: bool, known: bool) -> None:
        one = self.gates
        one.cycle, one.held, one.hazard, one.known = cycle, held, hazard, known

    @rule(bench=st.booleans())
    def a_technician(self, bench: bool) -> None:
        self.gates.bench = bench

    @rule(answer=st.sampled_from([ids.A_YES, ids.A_NO, ids.A_LATER]), hours=st.integers(0, 400))
    def the_owner(self, answer: int, hours: int) -> None:
        if answer == ids.A_NO and not (self.gates.security and self.gates.deadline):
            self._happens(table.DECLINE)
        self.gates.answer, self.gates.until = answer, self.gates.wall_s + 3600 * hours if hours else 0

    @rule(mask=st.integers(0, 0xFFFFFF).filter(gates.allowed), east=st.integers(-840, 840))
    def hours(self, mask: int, east: int) -> None:
        self.gates.hours, self.gates.east = mask, east

    @rule(wall=st.one_of(st.just(0), st.integers(NOON - 86_400, NOON + 100 * 86_400)))
    def the_clock_jumps(self, wall: int) -> None:
        self.gates.wall_s = wall

    @rule(event=st.sampled_from([table.OFFER, table.REFUSE, table.DECLINE, table.JUDGED]))
    def the_vendor(self, event: int) -> None:
        self._happens(event)

    @rule()
    def the_machine(self) -> None:
        """What machine.py does in each state, a step at a time."""
        if self.state == ids.U_OFFERED and gates.download(self.gates) == gates.OPEN:
            self._happens(table.ALLOWED)
        elif self.state == ids.U_DOWNLOADING:
            self._happens(table.COMPLETE)
        elif self.state == ids.U_VERIFIED and gates.install(self.gates) == gates.OPEN:
            self._happens(table.QUIET)
            seen = gates.State()
            seen.__dict__.update(self.gates.__dict__)
            self.committed.append(seen)
        elif self.state == ids.U_STAGED:
            self._happens(table.STARTED)

    @rule(good=st.booleans())
    def the_trial_ends(self, good: bool) -> None:
        self._happens(table.SOUND if good else table.BACK)

    @rule()
    def all_is_quiet_for_long_enough(self) -> None:
        """Liveness: cold, closed, sound, nobody at work on it, the owner willing, no hour excluded: whatever waits is
        installed."""
        self._happens(table.OFFER)
        one = self.gates
        one.known, one.cycle, one.held, one.hazard, one.bench = True, False, 0, False, False
        one.answer, one.until, one.hours = ids.A_YES, 0, 0
        if self.state in (ids.U_STAGED, ids.U_TRIAL):
            return
        before = len(self.committed)
        for _ in range(3):
            self.the_machine()
        assert len(self.committed) == before + 1

    @invariant()
    def nothing_was_installed_outside_the_gates(self) -> None:
        for one in self.committed:
            assert one.known
            assert (one.cycle, one.held, one.hazard, one.bench) == (False, 0, False, False)
            if one.hours:
                assert one.wall_s
                assert not one.hours >> gates.hour(one.wall_s, one.east) & 1
            holds = not one.until or not one.wall_s or one.wall_s < one.until
            put_off = one.answer in (ids.A_LATER, ids.A_NO) and holds
            overdue = one.deadline and one.wall_s >= one.deadline
            assert (not put_off or overdue) if one.security else one.answer == ids.A_YES


TestHouse = House.TestCase
TestHouse.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)


def test_the_only_way_to_a_trial_leads_through_open_gates() -> None:
    """By the table: into STAGED only by QUIET, into TRIAL only from STAGED, CONFIRMED only from TRIAL or for keys."""
    rows = [tuple(table.TABLE[at : at + 4]) for at in range(0, len(table.TABLE), 4)]
    assert {row[:2] for row in rows if row[2] == ids.U_STAGED} == {(ids.U_VERIFIED, table.QUIET)}
    assert {row[0] for row in rows if row[2] == ids.U_TRIAL} == {ids.U_STAGED, ids.U_TRIAL}
    assert {row[:2] for row in rows if row[2] == ids.U_CONFIRMED} == {
        (ids.U_TRIAL, table.SOUND),
        (ids.U_OFFERED, table.KEYS),
    }
    assert len({row[:2] for row in rows}) == len(rows)
