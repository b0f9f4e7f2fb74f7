"""Clocks with business hours. Takes a start, a span of working time and a calendar, gives when it is over; pure.

Working hours are those of the desk's own zone, so that a day on which the clock changes is as long as it is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

FARTHEST = 3660  # days that are looked ahead: a calendar without working hours is refused before


@dataclass(frozen=True)
class Calendar:
    """`hours`: by weekday, Monday 0, from and to in local time; a weekday that is not named is free."""

    zone: ZoneInfo
    hours: Mapping[int, tuple[dt.time, dt.time]]
    holidays: frozenset[dt.date] = field(default_factory=frozenset)

    def spans(self, start: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Working hours from `start` on, in UTC."""
        day = start.astimezone(self.zone).date()
        for _ in range(FARTHEST):
            if day not in self.holidays and day.weekday() in self.hours:
                opens, closes = (
                    dt.datetime.combine(day, at, self.zone).astimezone(dt.UTC) for at in self.hours[day.weekday()]
                )
                if closes > start:
                    yield max(opens, start), closes
            day += dt.timedelta(days=1)


def due(start: dt.datetime, span: dt.timedelta, calendar: Calendar | None) -> dt.datetime:
    """When `span` of working time after `start` is over; without a calendar the clock runs day and night. Raises
    ValueError when it is not within ten years."""
    if calendar is None:
        return start + span
    left = span
    for opens, closes in calendar.spans(start):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    raise ValueError("the calendar has too few working hours: the clock would not end within ten years")


def worked(start: dt.datetime, end: dt.datetime, calendar: Calendar | None) -> dt.timedelta:
    """Working time between two moments; nothing when `end` is not after `start`."""
    if end <= start:
        return dt.timedelta()
    if calendar is None:
        return end - start
    total = dt.timedelta()
    for opens, closes in calendar.spans(start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total
