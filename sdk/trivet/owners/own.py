"""Which appliances are somebody's. Takes an owner's number and a device id, gives `Own`, the ticket that every other
question here asks for; None for what is not theirs, whatever it is: an answer never tells what exists.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.tables import DeviceRow, OwnershipRow


@dataclass(frozen=True)
class Own:
    """One appliance of one owner. What came before `after` was an earlier owner's and is not shown."""

    device: str
    owner: int
    since: dt.datetime
    after: dt.datetime | None
    name: str
    model: str
    connected: bool
    last_seen_at: dt.datetime | None
    firmware: str | None


async def own(session: AsyncSession, owner: int, device: str) -> Own | None:
    """The appliance, if it is this owner's now."""
    found = (await session.execute(_query(owner).where(DeviceRow.id == device))).one_or_none()
    return None if found is None else await _own(session, found[0], found[1])


async def all_of(session: AsyncSession, owner: int) -> list[Own]:
    """Every appliance of this owner, the first one first."""
    rows = (await session.execute(_query(owner))).all()
    return [await _own(session, row[0], row[1]) for row in rows]


def _query(owner: int) -> Select[DeviceRow, OwnershipRow]:
    return (
        select(DeviceRow, OwnershipRow)
        .join(OwnershipRow, OwnershipRow.device == DeviceRow.id)
        .where(OwnershipRow.owner == owner, OwnershipRow.until.is_(None))
        .order_by(OwnershipRow.since, DeviceRow.id)
    )


async def _own(session: AsyncSession, device: DeviceRow, ownership: OwnershipRow) -> Own:
    before = select(func.max(OwnershipRow.until)).where(OwnershipRow.device == device.id)
    return Own(
        device=device.id,
        owner=ownership.owner,
        since=ownership.since,
        after=await session.scalar(before),
        name=device.name or device.model,
        model=device.model,
        connected=device.connected,
        last_seen_at=device.last_seen_at,
        firmware=device.firmware,
    )
