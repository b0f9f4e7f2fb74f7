"""The end of an ownership: by the owner, by a factory reset, by an erasure. Takes a transaction with the appliance's
row locked; ends access, removes what belonged to that owner, and leaves the appliance ready for the next one. The
caller empties stream and files afterwards where an erasure was asked for (`erase`).
"""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import sweep
from trivet.store.privacy import ErasureRow
from trivet.store.tables import DeviceRow, OwnerLoginRow, OwnerRow, OwnershipRow, utcnow


async def end(
    session: AsyncSession, device: DeviceRow, cause: str, *, by: str = "appliance", below: int | None = None
) -> ErasureRow:
    """Ends the present ownership and removes its data. `cause`: "ownership", "factory reset" or "erasure"; `by`: the
    role of who asked. `below`: the appliance's decision that began the new life, which stays; without it everything
    that was decided so far is the earlier owner's."""
    rows = await sweep.device(session, device, below=below)
    present = (OwnershipRow.device == device.id, OwnershipRow.until.is_(None))
    await session.execute(update(OwnershipRow).where(*present).values(until=utcnow()))
    device.erased_consent_seq = device.consent_seq if below is None else max(device.erased_consent_seq, below - 1)
    device.consent_mask = 1 << ids.SAFETY
    device.name = plain_name(device)
    device.firmware = device.catalogue = device.last_seen_at = None  # it says so itself when it connects again
    erasure = ErasureRow(device=device.id, cause=cause, by=by, rows_json=rows)
    session.add(erasure)
    await session.flush()
    return erasure


def plain_name(device: DeviceRow) -> str:
    """What an appliance is called until somebody names it."""
    return f"{device.model} {device.id[-4:]}"


async def present(session: AsyncSession, device: str) -> OwnerRow | None:
    """Whom the appliance belongs to now."""
    query = select(OwnerRow).join(OwnershipRow, OwnershipRow.owner == OwnerRow.id)
    return await session.scalar(query.where(OwnershipRow.device == device, OwnershipRow.until.is_(None)))


async def forget(session: AsyncSession, owner: int) -> int:
    """Removes an owner who has no appliance: their closed ownerships and they themselves. Gives the rows removed;
    none while an appliance is theirs."""
    open_ = select(func.count()).where(OwnershipRow.owner == owner, OwnershipRow.until.is_(None))
    if await session.scalar(open_):
        return 0
    steps = (
        delete(OwnershipRow).where(OwnershipRow.owner == owner),
        delete(OwnerLoginRow).where(OwnerLoginRow.owner == owner),
        delete(OwnerRow).where(OwnerRow.id == owner),
    )
    return sum([sweep.count(await session.execute(step)) for step in steps])
