"""When somebody can come. Takes an area's working days, what it can do and what is taken, gives the windows that are
free. Pure: no database, no clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

HOURS = (8, 10, 12, 14, 16)  # at which a window begins
LENGTH = dt.timedelta(hours=2)
NOTICE = dt.timedelta(hours=18)  # a part must come onto the van
AHEAD = 21  # days that are looked at


@dataclass(frozen=True, order=True)
class Window:
    """Two hours of a day, in the area's own zone."""

    day: dt.date
    hour: int

    def begins(self, zone: str) -> dt.datetime:
        return dt.datetime(self.day.year, self.day.month, self.day.day, self.hour, tzinfo=ZoneInfo(zone))


@dataclass(frozen=True)
class Area:
    """`a_day`, `a_window`: visits at most. `weekdays`: bit 0 is Monday. `closed`: holidays."""

    name: str
    postcodes: Sequence[str]
    zone: str
    a_day: int
    a_window: int
    weekdays: int
    closed: frozenset[dt.date] = frozenset()

    def works(self, day: dt.date) -> bool:
        return bool(self.weekdays >> day.weekday() & 1) and day not in self.closed


def serving(areas: Iterable[Area], postcode: str) -> Area | None:
    """The area with the longest beginning of this postcode; spaces and case do not matter."""
    plain = postcode.replace(" ", "").upper()
    best: tuple[int, Area | None] = (0, None)
    for area in areas:
        fits = [len(start) for start in area.postcodes if start and plain.startswith(start.replace(" ", "").upper())]
        best = max(best, (max(fits, default=0), area), key=lambda one: one[0])
    return best[1]


def free(area: Area, taken: Mapping[Window, int], now: dt.datetime) -> list[Window]:
    """Windows that can still be had, the soonest first. `taken`: booked visits by window; `now`: with its zone."""
    today = now.astimezone(ZoneInfo(area.zone)).date()
    a_day: dict[dt.date, int] = {}
    for window, count in taken.items():
        a_day[window.day] = a_day.get(window.day, 0) + count
    found = []
    for ahead in range(AHEAD + 1):
        day = today + dt.timedelta(days=ahead)
        if area.works(day) and a_day.get(day, 0) < area.a_day:
            found += [one for one in (Window(day, hour) for hour in HOURS) if fits(area, taken, one, now)]
    return found


def fits(area: Area, taken: Mapping[Window, int], window: Window, now: dt.datetime) -> bool:
    """Whether this one can be had."""
    return (
        area.works(window.day)
        and window.hour in HOURS
        and window.begins(area.zone) >= now + NOTICE
        and taken.get(window, 0) < area.a_window
        and sum(count for one, count in taken.items() if one.day == window.day) < area.a_day
    )


def spread(windows: Sequence[Window], count: int = 3) -> list[Window]:
    """A few to propose: the soonest, then one of another day and time of day where there is one."""
    chosen: list[Window] = []
    for apart in (_other_day_and_hour, _other_day, _any):
        for window in windows:
            if len(chosen) < count and window not in chosen and apart(window, chosen):
                chosen.append(window)
    return sorted(chosen)


def _other_day_and_hour(window: Window, chosen: Sequence[Window]) -> bool:
    return all(window.day != one.day and window.hour != one.hour for one in chosen)


def _other_day(window: Window, chosen: Sequence[Window]) -> bool:
    return all(window.day != one.day for one in chosen)


def _any(_window: Window, _chosen: Sequence[Window]) -> bool:
    return True
