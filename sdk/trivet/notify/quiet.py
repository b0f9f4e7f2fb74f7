"""When an owner may be told. Takes a moment, their zone and quiet hours, gives the moment; reads no clock."""

from __future__ import annotations

import datetime as dt
import zoneinfo


def due(now: dt.datetime, zone: zoneinfo.ZoneInfo, first: int, end: int, *, urgent: bool) -> dt.datetime:
    """`now`, or the end of the quiet hours that it lies in. `first` to `end`: hours of the owner's day, over midnight
    where the first is the later one; the same twice for none. What is urgent waits for nothing."""
    local = now.astimezone(zone)
    if urgent or not _quiet(local.hour, first, end):
        return now
    day = local.date()
    if first > end and local.hour >= first:
        day += dt.timedelta(days=1)
    until = dt.datetime(day.year, day.month, day.day, end, tzinfo=zone).astimezone(dt.UTC)
    return max(now, until)  # an hour that a change of the clock skips is over already


def _quiet(hour: int, first: int, end: int) -> bool:
    return first <= hour < end if first <= end else hour >= first or hour < end
