"""Puts a command into the queue of one appliance, takes one out again. Takes a transaction, gives the command's
counter; sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import cbor, ids
from trivet_wire.refuse import WireError

from trivet.store.tables import CommandRow, DeviceRow, utcnow

MAX_ARGS = 256  # bytes of CBOR: what an appliance's buffer takes beside signature and head
MAX_COUNTER = 0xFFFFFFFF
MAX_EXPIRY = dt.datetime.fromtimestamp(0xFFFFFFFF, dt.UTC)


class ControlError(ValueError):
    """The command cannot be given; the text says why and what to do."""


async def queue(
    session: AsyncSession,
    device: str,
    command: int,
    args: Sequence[Any],
    grant: int,
    *,
    who: str = "system",
    expires_at: dt.datetime | None = None,
) -> int:
    """Queue `command` (ids.C_*) with its `args` under `grant` (ids.G_*); gives its counter, which is unique and
    rising for the appliance for ever.

    `who` asked (a login, an owner, "system"); after `expires_at` the appliance refuses it, and without a trusted clock
    it refuses every command that has one. Raises ControlError.
    """
    if command not in ids.COMMAND_NAMES or ids.COMMAND_GRANTS[command] != grant:
        raise ControlError(f"command {command} is not done under grant {grant}: an appliance would refuse it")
    try:
        encoded = cbor.encode(list(args), MAX_ARGS)
    except WireError as error:
        raise ControlError(f"these arguments cannot be sent: {ids.REASON_NAMES[error.reason]}") from error
    if expires_at is not None and expires_at > MAX_EXPIRY:
        raise ControlError("the expiry is after 2106: leave it out for a command that does not expire")
    query = select(DeviceRow).where(DeviceRow.id == device).with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None or row.revoked_at is not None:
        raise ControlError(f"{device} is not enrolled here, or is revoked")
    if row.command_counter >= MAX_COUNTER:
        raise ControlError(f"{device} has used all its command counters: enrol it anew")
    row.command_counter += 1
    session.add(
        CommandRow(
            device=device,
            counter=row.command_counter,
            command=command,
            grant=grant,
            args=encoded,
            who=who,
            expires_at=expires_at,
        )
    )
    await session.flush()
    return row.command_counter


async def drop(session: AsyncSession, device: str, counter: int | None) -> None:
    """An open command is not sent again: something later stands. It may have gone down already."""
    row = None if counter is None else await session.get(CommandRow, (device, counter))
    if row is not None and row.reason is None:
        row.reason, row.answered_at = ids.R_EXPIRED, utcnow()
