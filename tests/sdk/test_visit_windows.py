"""When somebody can come: only on working days, never beyond what an area can do, never without notice."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.visits.windows import AHEAD, HOURS, NOTICE, Area, Window, fits, free, serving, spread

BERLIN = "Europe/Berlin"
EASTER = dt.date(2027, 3, 29)
NOON = dt.datetime(2027, 3, 25, 12, tzinfo=ZoneInfo(BERLIN))  # a Thursday; the clocks go forward on Sunday


def area(a_day: int = 4, a_window: int = 2, weekdays: int = 0b0011111, zone: str = BERLIN) -> Area:
    return Area("north", ["10", "12"], zone, a_day, a_window, weekdays, frozenset({EASTER}))


@given(
    now=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2030, 1, 1)),
    zone=st.sampled_from([BERLIN, "America/New_York", "Pacific/Auckland", "UTC"]),
    a_window=st.integers(1, 3),
    a_day=st.integers(1, 8),
    weekdays=st.integers(1, 127),
    taken=st.lists(st.tuples(st.integers(0, AHEAD), st.sampled_from(HOURS)), max_size=40),
)
def test_what_is_free_can_be_kept(
    now: dt.datetime, zone: str, a_window: int, a_day: int, weekdays: int, taken: list[tuple[int, int]]
) -> None:
    there = area(a_day, a_window, weekdays, zone)
    at = now.replace(tzinfo=ZoneInfo(zone))
    counts = Counter(Window(at.date() + dt.timedelta(days=ahead), hour) for ahead, hour in taken)
    found = free(there, counts, at)
    assert found == sorted(set(found))
    for window in found:
        assert weekdays >> window.day.weekday() & 1
        assert window.day != EASTER
        assert window.begins(zone) - at >= NOTICE
        assert counts[window] < a_window
        assert sum(counts[Window(window.day, hour)] for hour in HOURS) < a_day
        assert window.begins(zone).astimezone(ZoneInfo(zone)).hour == window.hour
    every = [Window(at.date() + dt.timedelta(days=ahead), hour) for ahead in range(AHEAD + 1) for hour in HOURS]
    assert found == [one for one in every if fits(there, counts, one, at)]


def test_a_holiday_and_the_weekend_are_nobody_s_day() -> None:
    days = {window.day for window in free(area(), {}, NOON)}
    assert dt.date(2027, 3, 26) in days
    assert not days & {EASTER, dt.date(2027, 3, 27), dt.date(2027, 3, 28)}


def test_a_window_keeps_its_hour_when_the_clocks_change() -> None:
    before, after = Window(dt.date(2027, 3, 26), 8), Window(dt.date(2027, 3, 30), 8)
    assert (before.begins(BERLIN).utcoffset(), after.begins(BERLIN).utcoffset()) == (
        dt.timedelta(hours=1),
        dt.timedelta(hours=2),
    )


@pytest.mark.parametrize(
    ("postcode", "name"),
    [("10115", "north"), ("1 0115", "north"), ("12045", "inner"), ("sw1a 1aa", "london"), ("99999", None), ("", None)],
)
def test_the_area_that_names_the_most_of_a_postcode_serves_it(postcode: str, name: str | None) -> None:
    areas = [area(), Area("inner", ["1204"], BERLIN, 1, 1, 31), Area("london", ["SW1"], "Europe/London", 1, 1, 31)]
    found = serving(areas, postcode)
    assert (found.name if found else None) == name


def test_what_is_proposed_differs_in_day_and_in_hour_where_it_can() -> None:
    proposed = spread(free(area(), {}, NOON))
    assert len({one.day for one in proposed}) == len({one.hour for one in proposed}) == 3
    assert proposed[0] == free(area(), {}, NOON)[0]
    only = [Window(EASTER, 8), Window(EASTER, 10)]
    assert spread(only) == only
