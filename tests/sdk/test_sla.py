"""Clocks of the desk: business hours in its own zone, holidays, days on which the clock changes, and hazards, whose
clock never stops."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.cases.sla import Calendar, due, worked
from trivet.cases.terms import DEFAULT, FILE, TermsError, load

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = (dt.time(8), dt.time(18))
WEEK = Calendar(BERLIN, dict.fromkeys(range(5), OFFICE), frozenset([dt.date(2026, 12, 25)]))
START = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(dt.UTC))
SPAN = st.timedeltas(dt.timedelta(0), dt.timedelta(hours=300))


def berlin(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=BERLIN)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (berlin(2026, 11, 26, 9), 4, berlin(2026, 11, 26, 13)),
        (berlin(2026, 11, 26, 17), 4, berlin(2026, 11, 27, 11)),
        (berlin(2026, 11, 27, 17), 4, berlin(2026, 11, 30, 11)),  # Friday to Monday
        (berlin(2026, 11, 28, 3), 1, berlin(2026, 11, 30, 9)),  # at night, at the weekend
        (berlin(2026, 12, 24, 17), 2, berlin(2026, 12, 28, 9)),  # over a holiday and a weekend
        (berlin(2026, 11, 26, 8), 10, berlin(2026, 11, 26, 18)),  # to the last minute
    ],
)
def test_only_working_hours_count(start: dt.datetime, hours: int, end: dt.datetime) -> None:
    assert due(start, dt.timedelta(hours=hours), WEEK) == end


def test_a_night_shift_is_as_long_as_the_clock_makes_it() -> None:
    night = Calendar(BERLIN, {6: (dt.time(0), dt.time(6))})
    spring = berlin(2026, 3, 29, 0)  # the hour from 2 to 3 is not there
    assert worked(spring, berlin(2026, 3, 29, 12), night) == dt.timedelta(hours=5)
    assert worked(berlin(2026, 10, 25, 0), berlin(2026, 10, 25, 12), night) == dt.timedelta(hours=7)


def test_a_hazard_has_no_closing_time() -> None:
    assert due(berlin(2026, 11, 28, 3), dt.timedelta(minutes=15), None) == berlin(2026, 11, 28, 3, 15)


@given(start=START, span=SPAN)
def test_what_is_due_is_worked_off_exactly_then(start: dt.datetime, span: dt.timedelta) -> None:
    end = due(start, span, WEEK)
    assert end >= start
    assert worked(start, end, WEEK) == span


@given(start=START, span=SPAN, more=SPAN)
def test_more_work_is_never_due_earlier(start: dt.datetime, span: dt.timedelta, more: dt.timedelta) -> None:
    assert due(start, span, WEEK) <= due(start, span + more, WEEK)


def test_terms_come_from_the_clouds_folder(tmp_path: Path) -> None:
    assert load(tmp_path) == DEFAULT
    (tmp_path / FILE).write_text(
        'zone = "Europe/Berlin"\nholidays = [2026-12-25]\nwarranty_months = 36\n'
        '[hours]\nmon = ["09:00", "17:00"]\n[targets.1]\nrespond_h = 1\nresolve_h = 8\n'
    )
    terms = load(tmp_path)
    assert (terms.warranty_months, terms.target(1, hazard=False).resolve_h) == (36, 8)
    assert terms.target(1, hazard=True).respond_h == 0.25
    assert terms.calendar == Calendar(BERLIN, {0: (dt.time(9), dt.time(17))}, frozenset([dt.date(2026, 12, 25)]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('zone = "Mars/Olympus"', "Write one such as Europe/Berlin"),
        ('[hours]\nmonday = ["08:00", "18:00"]', "Write one of mon, tue"),
        ('[hours]\nmon = ["18:00", "08:00"]', "ends before it begins"),
        ('[hours]\nmon = ["8", "18:00"]', "hours"),
        ("[hours]", "no clock would ever end"),
        ("[targets.4]\nrespond_h = 1\nresolve_h = 1", "Write one of 1, 2, 3, hazard"),
        ("[targets.1]\nrespond_h = 0\nresolve_h = 1", "respond_h"),
        ("queues = []", "queues"),
        ("hour = 1", "Its lines are"),
        ("= 1", FILE),
    ],
)
def test_a_wrong_line_says_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(TermsError, match=says):
        load(tmp_path)
