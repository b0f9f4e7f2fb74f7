"""What an appliance would like its owner to do, and how soon. Takes a transaction, counts the cycles that the
appliance itself told of (message OPERATION, purpose `personal`), gives tips; without the owner's yes it counts nothing
and forgets what was counted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich
from trivet.consent import state
from trivet.store.care import CareRow
from trivet.store.tables import CatalogueRow, DeviceRow, MessageRow, OwnershipRow

SETTLED = dt.timedelta(seconds=60)  # what came later than that may still be in a transaction: it is counted next time


class CareError(ValueError):
    """There is no such tip, or the owner has not said yes to reminders."""


@dataclass(frozen=True)
class Tip:
    """`cycles`: since it was done, or since the owner said yes. `off`: they want no reminder of this one."""

    name: str
    title: dict[str, str]  # by language
    now: dict[str, str]
    every: int
    cycles: int
    off: bool
    done_at: dt.datetime | None
    told_at: dt.datetime | None

    @property
    def due(self) -> bool:
        return self.cycles >= self.every


@dataclass(frozen=True)
class Care:
    """`allowed`: the owner agrees to `personal` now. Without tips the model has none."""

    allowed: bool
    tips: list[Tip]


async def of(session: AsyncSession, device: str) -> Care:
    """As it was last counted; writes nothing."""
    known = await _catalogue(session, device)
    allowed = await _allowed(session, device)
    rows = {row.name: row for row in await session.scalars(_rows(device))} if allowed else {}
    return Care(allowed, [_tip(one, rows.get(one.name)) for one in known])


async def count(session: AsyncSession, device: str, now: dt.datetime) -> list[tuple[rich.Care, CareRow]]:
    """Counts what came since, locked until the transaction ends; nothing, and all forgotten, without a yes."""
    if not await _allowed(session, device):
        await session.execute(delete(CareRow).where(CareRow.device == device))
        return []
    known = await _catalogue(session, device)
    rows = {row.name: row for row in await session.scalars(_rows(device).with_for_update())}
    until = now - SETTLED
    found = []
    for one in known:
        row = rows.get(one.name)
        if row is None:
            row = CareRow(device=device, name=one.name, cycles=0, counted_until=await _began(session, device, until))
            session.add(row)
        if row.counted_until < until:
            row.cycles += await _ended(session, device, row.counted_until, until)
            row.counted_until = until
        found.append((one, row))
    await session.flush()
    return found


async def done(session: AsyncSession, device: str, name: str, now: dt.datetime) -> None:
    """The owner did it: counted from now. Raises CareError."""
    row = await _row(session, device, name, now)
    row.cycles, row.counted_until, row.done_at = 0, now, now


async def remind(session: AsyncSession, device: str, name: str, now: dt.datetime, *, on: bool) -> None:
    """Whether they want to be reminded of this one. Raises CareError."""
    (await _row(session, device, name, now)).off = not on


async def owned(session: AsyncSession) -> list[str]:
    """Every appliance with an owner."""
    query = select(OwnershipRow.device).where(OwnershipRow.until.is_(None)).order_by(OwnershipRow.device)
    return list(await session.scalars(query))


async def _row(session: AsyncSession, device: str, name: str, now: dt.datetime) -> CareRow:
    for one, row in await count(session, device, now):
        if one.name == name:
            return row
    raise CareError(f"{device} has no reminder {name!r}, or its owner has not said yes to reminders.")


async def _allowed(session: AsyncSession, device: str) -> bool:
    return bool((await state.masks(session, {device})).get(device, 0) >> ids.PERSONAL & 1)


async def _catalogue(session: AsyncSession, device: str) -> list[rich.Care]:
    query = select(CatalogueRow.rich_json).join(DeviceRow, DeviceRow.catalogue == CatalogueRow.id)
    found = await session.scalar(query.where(DeviceRow.id == device))
    return rich.load(found).care if found else []


async def _began(session: AsyncSession, device: str, until: dt.datetime) -> dt.datetime:
    """Before the first cycle that is held: nothing older than the yes is."""
    query = select(func.min(MessageRow.received_at)).where(MessageRow.device == device)
    first = await session.scalar(query.where(MessageRow.kind == ids.OPERATION))
    return until if first is None else min(first - dt.timedelta(seconds=1), until)


async def _ended(session: AsyncSession, device: str, after: dt.datetime, until: dt.datetime) -> int:
    """Cycles whose end was received in that time."""
    query = select(MessageRow.body_json).where(MessageRow.device == device, MessageRow.kind == ids.OPERATION)
    bodies = await session.scalars(query.where(MessageRow.received_at > after, MessageRow.received_at <= until))
    return sum(not body["started"] for body in bodies)


def _rows(device: str) -> Select[CareRow]:
    return select(CareRow).where(CareRow.device == device)


def _tip(one: rich.Care, row: CareRow | None) -> Tip:
    return Tip(
        name=one.name,
        title=one.title,
        now=one.now,
        every=one.every,
        cycles=row.cycles if row else 0,
        off=row.off if row else False,
        done_at=row.done_at if row else None,
        told_at=row.told_at if row else None,
    )
