"""Where set-ups stop. Takes a session, a model and a month, gives how many appliances reached each step; nothing of an
appliance or a person leaves this room, and no count from which one could be told apart.

The steps are facts that this cloud has anyhow (enrolment, first contact, registration, decisions): nothing is sent or
kept for it. Counts of 1 to `FEWEST` - 1 are hidden, and so is every count whose difference to its neighbour would tell
them; cohorts are whole months of one model, so that no two questions differ by one appliance.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.store.privacy import RequestRow
from trivet.store.tables import ConsentRow, DeviceRow, OwnershipRow

FEWEST = 5
PATIENCE = dt.timedelta(days=7)  # younger ones may still go on: they are counted as under way
# In the order in which a set-up goes; a step counts only where all before it were reached.
MADE, HEARD, REGISTERED, DECIDED, SERVICE = "made", "heard", "registered", "decided", "service"
STEPS = (MADE, HEARD, REGISTERED, DECIDED, SERVICE)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class SetupsError(ValueError):
    """The month is none; the text says how to write one."""


@dataclass(frozen=True)
class Step:
    """`reached`: appliances; None where the number is hidden. `share`: of those that were made, in the same way."""

    name: str
    reached: int | None
    share: float | None


@dataclass(frozen=True)
class Funnel:
    """`under_way`: younger than a week and not through, left out of the steps; None where that number is hidden."""

    model: str | None
    month: str | None
    steps: list[Step]
    under_way: int | None
    fewest: int = FEWEST


async def funnel(
    session: AsyncSession, now: dt.datetime, *, model: str | None = None, month: str | None = None
) -> Funnel:
    """Of everything, or of one model, or of what was enrolled in one month (UTC, as 2026-05). Raises SetupsError."""
    heard = DeviceRow.last_seen_at.is_not(None) | (DeviceRow.last_boot > 0)
    registered = exists().where(OwnershipRow.device == DeviceRow.id, OwnershipRow.until.is_(None))
    said = exists().where(ConsentRow.device == DeviceRow.id, ConsentRow.channel != ids.BY_FACTORY_RESET)
    asked = exists().where(RequestRow.device == DeviceRow.id)
    mask = DeviceRow.consent_mask
    facts: dict[str, Any] = {"heard": heard, "registered": registered, "decided": said | asked | (mask > 1)}
    facts |= {"consent": mask, "young": DeviceRow.enrolled_at > now - PATIENCE}
    query = select(*(fact.label(name) for name, fact in facts.items())).where(DeviceRow.revoked_at.is_(None))
    if model is not None:
        query = query.where(DeviceRow.model == model)
    if month is not None:
        begin, end = _span(month)
        query = query.where(DeviceRow.enrolled_at >= begin, DeviceRow.enrolled_at < end)
    each = query.subquery().c  # grouped by its names: a database tells expressions with values in them apart
    grouped = select(*each, func.count()).group_by(*each)
    counts, under_way = [0] * len(STEPS), 0
    for *found, consent, young, number in await session.execute(grouped):
        far = _far([bool(fact) for fact in found] + [bool(consent >> ids.SERVICE & 1)])
        if young and far < len(STEPS) - 1:
            under_way += number
        else:
            for step in range(far + 1):
                counts[step] += number
    return Funnel(model, month, _steps(hidden(counts)), under_way if _tells_nobody(under_way) else None)


def hidden(counts: Sequence[int]) -> list[int | None]:
    """The counts of a funnel, each no larger than the one before, without those that tell few apart: a count of 1 to 4,
    and one that differs by so little from the last that is shown."""
    shown: list[int | None] = []
    last: int | None = None
    for count in counts:
        fits = _tells_nobody(count) and (last is None or _tells_nobody(last - count))
        shown.append(count if fits else None)
        last = count if fits else last
    return shown


def _tells_nobody(count: int) -> bool:
    return count == 0 or count >= FEWEST


def _far(facts: Sequence[bool]) -> int:
    """Index of the last step that was reached with all before it."""
    return next((index for index, fact in enumerate(facts) if not fact), len(facts))


def _steps(counts: Sequence[int | None]) -> list[Step]:
    whole = counts[0]
    return [
        Step(name, count, count / whole if count is not None and whole else None)
        for name, count in zip(STEPS, counts, strict=True)
    ]


def _span(month: str) -> tuple[dt.datetime, dt.datetime]:
    if not _MONTH.fullmatch(month):
        raise SetupsError(f"{month!r} is no month: write year and month, as in 2026-05.")
    year, number = int(month[:4]), int(month[5:])
    if year == 0:
        raise SetupsError(f"{month!r} is no month: write year and month, as in 2026-05.")
    after = (year + number // 12, number % 12 + 1)
    if after[0] > 9999:
        raise SetupsError(f"{month!r} is too far away.")
    return dt.datetime(year, number, 1, tzinfo=dt.UTC), dt.datetime(*after, 1, tzinfo=dt.UTC)
