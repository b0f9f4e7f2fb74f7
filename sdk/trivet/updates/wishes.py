"""The owner's word: on an update that is offered, and on the hours in which nothing installs. Takes a transaction,
queues the command that tells the appliance; Pending until the appliance confirms it. Never speaks for the appliance,
which judges the word itself: from its deadline on a security update waits for nobody.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.store.tables import utcnow
from trivet.store.updates import TRIAL, OfferRow, ReleaseRow, UpdateHoursRow
from trivet.updates.offers import queued, start
from trivet.updates.problem import UpdateError
from trivet.updates.told import PENDING

ANSWERS = {"no": ids.A_NO, "yes": ids.A_YES, "later": ids.A_LATER}
MOST_EXCLUDED = 20  # of 24 hours: an update must find a moment
MOST_MINUTES = 14 * 60  # east or west of UTC
LONGEST = dt.timedelta(days=365)  # that an answer may ask to wait


class Hours(NamedTuple):
    """Hours of the day that are excluded, in a zone `minutes` east of UTC."""

    mask: int
    minutes: int
    zone: str = ""  # IANA name, for when its offset changes

    @property
    def excluded(self) -> list[int]:
        return [hour for hour in range(24) if self.mask >> hour & 1]


def hours_of(excluded: Iterable[int], minutes: int, zone: str = "") -> Hours:
    """UpdateError when too few hours are left, or for a zone that there is not."""
    mask = sum(1 << hour for hour in set(excluded))
    if mask >> 24 or mask.bit_count() > MOST_EXCLUDED:
        raise UpdateError("too-many-hours", f"at most {MOST_EXCLUDED} of the hours 0 to 23 may be excluded")
    if not -MOST_MINUTES <= minutes <= MOST_MINUTES:
        raise UpdateError("no-such-zone", f"no zone is more than {MOST_MINUTES} minutes from UTC")
    return Hours(mask, minutes, zone if offset_of(zone) is not None else "")


def offset_of(zone: str, at: dt.datetime | None = None) -> int | None:
    """Minutes east of UTC of a zone now; None where this machine does not know it."""
    try:
        known = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
    offset = (at or utcnow()).astimezone(known).utcoffset()
    return None if offset is None else int(offset.total_seconds()) // 60


async def answer(
    session: AsyncSession, device: str, number: int, word: str, *, until: dt.datetime | None = None, who: str
) -> OfferRow:
    """The owner says yes, no, or later (`until`) to an offer. UpdateError where it makes no sense: it has ended or runs
    already, or waits for nobody any more."""
    row = await session.get(OfferRow, number)
    if row is None or row.device != device or row.what != ids.W_RELEASE:
        raise UpdateError("no-such-offer", f"{device} was never offered an update {number}")
    if row.ended_at is not None or row.withdraw_counter is not None or row.payload is None:
        raise UpdateError("ended", "this update is not offered any more")
    if row.state == TRIAL:
        raise UpdateError("too-late", "it is installed already, and on trial")
    release = None if row.release is None else await session.get(ReleaseRow, row.release)
    limit = 0
    if word == "later":
        limit = _limit(until, release)
    elif word == "no" and release is not None and release.security:
        raise UpdateError("security", "a security update cannot be declined, only put off until its deadline")
    await control.drop(session, device, row.answer_counter)
    args = [start(row.payload), ANSWERS[word], limit]
    row.answer_counter = await queued(session, device, ids.C_ANSWER, args, who)
    row.answer, row.answer_until, row.answer_at = ANSWERS[word], limit, utcnow()
    row.answer_state, row.answer_reason = PENDING, 0
    return row


def _limit(until: dt.datetime | None, release: ReleaseRow | None) -> int:
    now = utcnow()
    if until is None or not now < until <= now + LONGEST:
        raise UpdateError("until", f"say until when it is to wait: at most {LONGEST.days} days from now")
    wanted = int(until.timestamp())
    if release is not None and release.security and release.deadline is not None:
        if release.deadline <= now.timestamp():
            raise UpdateError("deadline", "its deadline is over: it installs at the first safe moment")
        wanted = min(wanted, release.deadline)
    return wanted


async def exclude(session: AsyncSession, device: str, wanted: Hours, *, who: str) -> UpdateHoursRow:
    """Nothing installs in these hours; none of them: at any time."""
    row = await session.get(UpdateHoursRow, device)
    await control.drop(session, device, row.counter if row else None)
    counter = await queued(session, device, ids.C_HOURS, [wanted.mask, wanted.minutes], who)
    if row is None:
        row = UpdateHoursRow(device=device, known_mask=0)
        session.add(row)
    row.counter, row.mask, row.minutes, row.zone = counter, *wanted
    row.state, row.reason, row.at = PENDING, 0, utcnow()
    await session.flush()
    return row


async def retell(session: AsyncSession, now: dt.datetime) -> int:
    """Tells every appliance whose owner's clock was put forward or back since; gives how many. An appliance knows no
    zones."""
    told = 0
    for row in (await session.scalars(select(UpdateHoursRow).where(UpdateHoursRow.mask != 0))).all():
        minutes = offset_of(row.zone, now)
        if minutes is None or minutes == row.minutes:
            continue
        try:
            await exclude(session, row.device, Hours(row.mask, minutes, row.zone), who="clock change")
            told += 1
        except UpdateError:  # revoked: it is told nothing more
            continue
    return told
