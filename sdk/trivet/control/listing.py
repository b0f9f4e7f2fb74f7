"""Commands as people look them up. Takes a `Reading`, gives rows, and notes in the owner's log that somebody looked.
Shows them whatever the owner agrees to: they are the vendor's own acts.
"""

from __future__ import annotations

from sqlalchemy import select

from trivet.consent.access import Reading
from trivet.store.tables import CommandRow, DeviceRow

NEWEST = 100
__all__ = ("CommandRow", "agreed", "command", "commands")


async def commands(read: Reading, device: str) -> list[CommandRow] | None:
    """The newest ones first, at most NEWEST; None for an appliance that is not enrolled here."""
    if await read.session.get(DeviceRow, device) is None:
        return None
    query = select(CommandRow).where(CommandRow.device == device).order_by(CommandRow.counter.desc()).limit(NEWEST)
    read.note(device, "commands")
    return list(await read.session.scalars(query))


async def command(read: Reading, device: str, counter: int) -> CommandRow | None:
    """One of them; None where there is no such number."""
    row = await read.session.get(CommandRow, (device, counter))
    if row is not None:
        read.note(device, "commands")
    return row


async def agreed(read: Reading, device: str) -> int | None:
    """Mask of the purposes that the owner agrees to now, to which a command may need to look; None as above."""
    row = await read.session.get(DeviceRow, device)
    return None if row is None else row.consent_mask
