"""Reminds owners of what their appliance is due for. Takes the store and the vendor's channels, counts, sends by
apprise in the owner's language; never without their yes to `personal`, never in quiet hours, once for each time that
something is due, and at most once in so many days, whatever is due. That it was told is noted before it is sent: a
death between the two loses a reminder and never says one twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.care import stop, tips
from trivet.cases import rich
from trivet.consent import owners, uses
from trivet.consent.access import Sessions
from trivet.notify import choices, texts
from trivet.notify.config import Config
from trivet.notify.quiet import due
from trivet.notify.send import send
from trivet.notify.sender import Ready
from trivet.outward.seal import Seal
from trivet.store.care import CareRow
from trivet.store.tables import DeviceRow, OwnershipRow, utcnow
from trivet.turns import repeat

WHO, WHY = "reminders", "reminded you, because you said yes to “For you”"
EVERY_S = 900.0
log = logging.getLogger("trivet.care")


@dataclass(frozen=True)
class Due:
    """One reminder on its way."""

    device: str
    messages: list[Ready]


class Reminder:
    """`run` until cancelled; `turn` looks at every appliance once."""

    def __init__(
        self, store: Sessions, config: Config, seal: Seal, base: str, *, now: Callable[[], dt.datetime] = utcnow
    ) -> None:
        self._store, self._config, self._seal, self._base, self._now = store, config, seal, base, now

    async def run(self) -> None:
        await repeat(self.turn, EVERY_S, log, "reminders")

    async def turn(self) -> int:
        """Gives how many owners were reminded."""
        async with self._store.reading() as session:
            devices = await tips.owned(session)
        told = 0
        for device in devices:
            async with self._store.writing() as session:
                found = await self._next(session, device)
            if found is not None:
                told += 1
                await uses.write(self._store, WHO, WHY, [uses.Use(device, ids.PURPOSE_NAMES[ids.PERSONAL], "care")])
                for ready in found.messages:
                    error = await send(ready.url, ready.message)
                    if error:
                        log.warning("a reminder was not taken: %s", error)
        return told

    async def _next(self, session: AsyncSession, device: str) -> Due | None:
        """What this owner is to be told now, marked as told; None for nothing."""
        now = self._now()
        counted = await tips.count(session, device, now)
        waiting = [(one, row) for one, row in counted if _due(one, row)]
        owner = await owners.present(session, device) if waiting else None
        if owner is None:
            return None
        choice = await choices.of(session, owner.id, self._config)
        if not choice.channels or due(now, choice.zoneinfo, *choice.quiet, urgent=False) != now:
            return None
        last = await _last(session, owner.id)
        if last is not None and now - last < dt.timedelta(days=self._config.care_days):
            return None
        one, row = max(waiting, key=lambda each: each[1].cycles / each[0].every)
        row.told_at = now
        appliance = await session.get_one(DeviceRow, device)
        link = stop.link(self._seal, self._base, device, one.name, owner.id)
        said = texts.care(
            one.title, one.now, appliance.name or appliance.model, owner.language, f"{self._base}/my", link
        )
        return Due(device, [Ready(self._config.channels[name].to(to), said) for name, to in choice.channels.items()])


def _due(one: rich.Care, row: CareRow) -> bool:
    told = row.told_at is not None and (row.done_at is None or row.told_at >= row.done_at)
    return row.cycles >= one.every and not told and not row.off


async def _last(session: AsyncSession, owner: int) -> dt.datetime | None:
    """When this owner was last reminded of anything, of whichever appliance."""
    query = select(func.max(CareRow.told_at)).join(OwnershipRow, OwnershipRow.device == CareRow.device)
    return await session.scalar(query.where(OwnershipRow.owner == owner, OwnershipRow.until.is_(None)))
