"""Each monitor kind says FAILED when it should and only then. Runs in both interpreters."""

from array import array

from appliance.sense.conditions import ABOVE, AT_LEAST, BELOW, EQUAL, Conditions
from appliance.sense.monitors import KINDS, Monitors
from appliance.sense.monitors.crosscheck import Crosscheck
from appliance.sense.monitors.effort import Effort
from appliance.sense.monitors.ranges import Range
from appliance.sense.monitors.rate import Rate
from appliance.sense.monitors.response import Response
from appliance.sense.monitors.share import Share
from appliance.sense.monitors.stale import Stale
from appliance.sense.monitors.stuck import Stuck
from appliance.sense.monitors.timeout import Timeout
from runner import run
from trivet_wire.ids import (
    DISCONNECTED,
    FAILED,
    IMPLAUSIBLE,
    NOT_RUN,
    OUT_OF_RANGE,
    PASSED,
    PREFAILED,
    PREPASSED,
    STALE,
    TEST_FAILED,
    VALID,
)

NONE = 1 << 29

RANGE = KINDS.split().index("ranges.Range")


def ints(*numbers):
    return array("i", numbers)


def feed(monitor, *series):
    """The verdicts over ticks; each of `series` is one signal's values."""
    validity = bytearray(len(series))
    found = []
    for at in range(len(series[0])):
        found.append(monitor.check(ints(*[one[at] for one in series]), validity))
    return found


# Kinds


def test_range_fails_outside_and_comes_back_with_hysteresis():
    monitor = Range(ints(0, 10, 20, 2))
    assert feed(monitor, [15, 21, 20, 19, 18, 9, 11, 12]) == [
        PREPASSED,
        PREFAILED,
        PREFAILED,
        PREFAILED,
        PREPASSED,
        PREFAILED,
        PREFAILED,
        PREPASSED,
    ]


def test_range_with_one_limit_ignores_the_other_side():
    assert feed(Range(ints(0, -NONE, 20, 0)), [-1000, 20, 21]) == [PREPASSED, PREPASSED, PREFAILED]


def test_rate_looks_at_every_sample_of_its_window():
    assert feed(Rate(ints(0, 10, 2)), [0, 8, 16, 16, 16, 0, 0]) == [
        PREPASSED,
        PREPASSED,
        PREFAILED,  # 16 within two ticks, although no single step was more than 8
        PREPASSED,
        PREPASSED,
        PREFAILED,
        PREFAILED,
    ]


def test_rate_forgets_while_it_rests():
    monitor = Rate(ints(0, 10, 2))
    feed(monitor, [0, 0])
    monitor.rest(ints(0), False)
    assert feed(monitor, [500]) == [PREPASSED]


def test_stuck_needs_time_and_a_movement_clears_it():
    monitor = Stuck(ints(0, 1, 3))
    assert feed(monitor, [5, 5, 6, 5, 5, 5, 8, 8]) == [
        NOT_RUN,
        NOT_RUN,
        NOT_RUN,
        FAILED,
        FAILED,
        FAILED,
        PASSED,
        NOT_RUN,
    ]


def test_stuck_is_believed_again_also_while_nothing_drives_it():
    monitor = Stuck(ints(0, 0, 2))
    assert feed(monitor, [5, 5, 5, 5])[-1] == FAILED
    assert monitor.rest(ints(5), True) == NOT_RUN
    assert monitor.rest(ints(6), True) == PASSED
    assert monitor.rest(ints(9), False) == NOT_RUN


def test_stale_follows_the_validity():
    monitor = Stale(ints(0))
    assert monitor.check(ints(1), bytearray((STALE,))) == PREFAILED
    assert monitor.check(ints(1), bytearray((OUT_OF_RANGE,))) == PREPASSED


def test_crosscheck_waits_until_the_other_is_settled():
    monitor = Crosscheck(ints(0, 1, 10, 3, 2))
    a = [50, 50, 50, 50, 50, 50, 50, 50]
    b = [20, 30, 40, 45, 45, 45, 39, 39]
    assert feed(monitor, a, b) == [NOT_RUN, NOT_RUN, NOT_RUN, NOT_RUN, NOT_RUN, PREPASSED, NOT_RUN, NOT_RUN]
    assert feed(monitor, [50], [39]) == [PREFAILED]


def test_response_wants_its_rise_in_every_window():
    monitor = Response(ints(0, 2, 5, NONE, -NONE, 0))
    assert feed(monitor, [0, 3, 6, 7, 8]) == [NOT_RUN, NOT_RUN, PREPASSED, NOT_RUN, PREFAILED]


def test_response_once_decides_after_the_first_window_and_repeats_it():
    monitor = Response(ints(0, 2, -NONE, -5, 100, 1))
    assert feed(monitor, [200, 199, 198, 100, 0]) == [NOT_RUN, NOT_RUN, PREFAILED, PREFAILED, PREFAILED]
    assert monitor.rest(ints(0), True) == NOT_RUN
    assert feed(monitor, [90, 90, 90, 90]) == [NOT_RUN] * 4, "a cold start says nothing"
    monitor.rest(ints(0), True)
    assert feed(monitor, [200, 150, 120, 120]) == [NOT_RUN, NOT_RUN, PREPASSED, PREPASSED]


def test_share_follows_its_supply_and_leaves_its_floor_to_another():
    monitor = Share(ints(0, 1000, 1, 2300, 800, 1200, 200))
    amps = [1000, 900, 790, 150, 1300]
    assert feed(monitor, amps, [2300] * 5) == [PREPASSED, PREPASSED, PREFAILED, NOT_RUN, PREFAILED]
    assert feed(monitor, [790], [2070]) == [PREPASSED]
    assert feed(monitor, [790], [0]) == [NOT_RUN]


def test_effort_weighs_power_against_degrees():
    # 10 A x 230 V = 2300 W over 230 degrees above 25: 10 W per degree
    sound, leaky = ints(0, 250, 1, 2, 1000, 11_000, 3, 10), ints(0, 250, 1, 2, 1000, 9_000, 3, 10)
    series = [2550] * 6, [1000] * 6, [2300] * 6
    assert feed(Effort(sound), *series) == [NOT_RUN, NOT_RUN, PREPASSED] * 2
    assert feed(Effort(leaky), *series) == [NOT_RUN, NOT_RUN, PREFAILED] * 2
    assert feed(Effort(leaky), [200] * 3, [1000] * 3, [2300] * 3) == [NOT_RUN] * 3


def test_timeout_fails_a_long_phase_and_passes_one_that_ended_in_time():
    monitor = Timeout(ints(2))
    assert feed(monitor, [0, 0, 0]) == [NOT_RUN] * 3
    assert monitor.rest(ints(0), True) == NOT_RUN
    assert feed(monitor, [0, 0]) == [NOT_RUN] * 2
    assert monitor.rest(ints(0), True) == PASSED
    assert feed(monitor, [0, 0, 0, 0])[-1] == FAILED
    assert monitor.rest(ints(0), True) == NOT_RUN


# Conditions


def held(rows, *ticks, **validity):
    conditions = Conditions(array("i", [number for row in rows for number in row]))
    doubts = bytearray(validity.get("validity", (VALID, VALID)))
    return [conditions.hold(0, conditions.count, ints(*tick), doubts) for tick in ticks]


def test_a_condition_holds_after_its_time_and_not_before():
    row = (0, EQUAL, 1, -1, 2)
    assert held([row], (1, 0), (1, 0), (1, 0), (0, 0), (1, 0)) == [False, False, True, False, False]


def test_all_conditions_of_a_block_must_hold_and_each_keeps_its_own_time():
    rows = [(0, ABOVE, 5, -1, 0), (1, AT_LEAST, 3, -1, 2)]
    assert held(rows, (0, 3), (0, 3), (6, 3), (6, 2)) == [False, False, True, False]


def test_a_difference_compares_two_signals():
    assert held([(0, BELOW, -10, 1, 0)], (50, 61), (50, 60)) == [True, False]


def test_a_doubted_signal_meets_no_condition():
    assert held([(0, EQUAL, 1, -1, 0)], (1, 0), validity=(IMPLAUSIBLE, VALID)) == [False]
    assert held([(0, BELOW, 9, 1, 0)], (1, 0), validity=(VALID, STALE)) == [False]


# All together


class Bench:
    """A board of two monitors: one judges signal 0, the other depends on it."""

    n_monitors = 2
    n_events = 2
    conditions = array("i")
    sources = array("b", (0, 0))
    explained_by = array("h", (0,))

    def __init__(self, unless=False):
        rows = (0, 0, DISCONNECTED, 0, 0, 0, 1, 0, 0, RANGE, 0, 0)
        rows += (1, -1, VALID, 0, 0, 1, 2, 0, 1 if unless else 0, RANGE, 0, 0)
        self.monitors = array("h", rows)

    def params(self, monitor):
        return ints(0, 0, 100, 0) if monitor == 0 else ints(0, 50, 1000, 0)


def verdicts(bench, values, status=b"\0\0"):
    monitors = Monitors(bench, bytearray(status))
    validity = bytearray(1)
    told = []
    monitors.run(0, ints(values), validity, lambda event, verdict, now: told.append((event, verdict)))
    return told, validity[0]


def test_plausibility_speaks_first_and_silences_what_depends_on_the_sensor():
    assert verdicts(Bench(), 60) == ([(0, PREPASSED), (1, PREPASSED)], VALID)
    assert verdicts(Bench(), 40) == ([(0, PREPASSED), (1, PREFAILED)], VALID)
    assert verdicts(Bench(), 101) == ([(0, PREFAILED), (1, NOT_RUN)], DISCONNECTED)


def test_a_condition_on_a_signal_that_is_doubted_in_the_same_tick_does_not_hold():
    bench = Bench()
    bench.conditions = array("i", (0, ABOVE, 0, -1, 1))
    bench.monitors[12 + 4] = 1  # the second monitor asks the condition
    bench.monitors[12 + 5] = 2  # and has no source
    monitors = Monitors(bench, bytearray(2))
    told = []
    for value in (101, 60, 60, 60, 101, 60, 60):
        monitors.run(0, ints(value), bytearray(1), lambda event, verdict, now: event and told.append(verdict))
    assert told == [NOT_RUN, NOT_RUN, PREPASSED, PREPASSED, NOT_RUN, NOT_RUN, PREPASSED]


def test_a_verdict_that_would_move_nothing_is_not_told():
    settled = bytearray((1 << PREPASSED, 1 << PREPASSED))
    monitors = Monitors(Bench(), bytearray(2), settled)
    told = []
    monitors.run(0, ints(40), bytearray(1), lambda event, verdict, now: told.append((event, verdict)))
    assert told == [(1, PREFAILED)]
    assert list(monitors.verdicts) == [PREPASSED, PREFAILED]


def test_a_failed_sensor_stays_doubted_until_its_event_has_passed():
    assert verdicts(Bench(), 60, bytearray((TEST_FAILED, 0))) == ([(0, PREPASSED), (1, NOT_RUN)], DISCONNECTED)


def test_what_another_event_explains_is_not_judged():
    bench = Bench(unless=True)
    bench.monitors[1] = -1
    assert verdicts(bench, 40, bytearray((TEST_FAILED, 0)))[0] == [(0, PREPASSED), (1, NOT_RUN)]
    assert verdicts(bench, 40, bytearray((0, 0)))[0] == [(0, PREPASSED), (1, PREFAILED)]


def test_out_of_range_keeps_all_but_those_who_judge_it_from_running():
    bench = Bench()
    monitors = Monitors(bench, bytearray(2))
    validity = bytearray((OUT_OF_RANGE,))
    told = []
    monitors.run(0, ints(60), validity, lambda event, verdict, now: told.append(verdict))
    assert told[0] == PREPASSED
    validity[0] = STALE
    monitors.run(0, ints(60), validity, lambda event, verdict, now: told.append(verdict))
    assert told[2] == NOT_RUN


run(globals()) if __name__ == "__main__" else None
