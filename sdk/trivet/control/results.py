"""What appliances say to commands. Takes a transaction and a message's content, updates the queue; sends nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.control.rotation import refused
from trivet.models import CommandResult
from trivet.store.tables import CommandRow, DeviceRow


async def greeted(session: AsyncSession, device: str) -> None:
    """The appliance connected anew: what was sent to it without a result may be lost, and is sent again."""
    await session.execute(
        update(CommandRow).where(CommandRow.device == device, CommandRow.reason.is_(None)).values(sent_at=None)
    )


async def answered(
    session: AsyncSession, device: DeviceRow, result: CommandResult, at: dt.datetime
) -> CommandRow | None:
    """The result of a command; gives its row when this result is the first. A result for a counter that this cloud
    never gave changes nothing."""
    row = await session.get(CommandRow, (device.id, result.counter))
    if row is None or row.reason is not None or row.command != result.command:
        return None
    row.reason, row.answered_at = result.reason, at
    if row.command == ids.C_ROTATE:
        refused(device, result.reason)
    return row
