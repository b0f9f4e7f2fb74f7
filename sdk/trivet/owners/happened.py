"""What happened to the appliance: commands and what became of them, security events, its registration. Takes an `Own`,
gives `Happening` lines, the newest first; of what commands carried it shows the owner's own decisions alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import cbor2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.owners.own import Own
from trivet.store.privacy import SecurityEventRow
from trivet.store.tables import CommandRow, utcnow

MAX_LINES = 100


@dataclass(frozen=True)
class Happening:
    """`kind`: command, security or owned. `what`: the command's name, or the security event's kind. `state`: what
    became of a command; `reason` its refusal's number (ids.R_…)."""

    at: dt.datetime
    kind: str
    what: str = ""
    who: str = ""
    grant: str = ""
    state: str = ""
    reason: int | None = None
    count: int = 1
    words: str = ""
    data: dict[str, Any] = field(default_factory=dict)


async def lines(session: AsyncSession, own: Own, *, limit: int = MAX_LINES) -> list[Happening]:
    """The newest `limit` of each kind, in one list."""
    found = [Happening(own.since, "owned")]
    commands = select(CommandRow).where(CommandRow.device == own.device)
    events = select(SecurityEventRow).where(SecurityEventRow.device == own.device)
    if own.after is not None:
        commands = commands.where(CommandRow.created_at > own.after)
        events = events.where(SecurityEventRow.last_at > own.after)
    commands = commands.order_by(CommandRow.counter.desc()).limit(limit)
    events = events.order_by(SecurityEventRow.last_at.desc(), SecurityEventRow.id.desc()).limit(limit)
    found += [_command(row) for row in await session.scalars(commands)]
    found += [_event(row) for row in await session.scalars(events)]
    return sorted(found, key=lambda line: line.at, reverse=True)


def _command(row: CommandRow) -> Happening:
    return Happening(
        at=row.answered_at or row.created_at,
        kind="command",
        what=ids.COMMAND_NAMES.get(row.command, str(row.command)),
        who=row.who,
        grant=ids.GRANT_NAMES[row.grant],
        state=control.state(row, utcnow()),
        reason=row.reason,
        data=_decision(row) if row.command == ids.C_CONSENT else {},
    )


def _decision(row: CommandRow) -> dict[str, Any]:
    """The owner's own decision is no secret to them: purpose and whether it was a yes."""
    purpose, granted, *_ = cbor2.loads(row.args)
    return {"purpose": ids.PURPOSE_NAMES[purpose], "granted": bool(granted)}


def _event(row: SecurityEventRow) -> Happening:
    return Happening(
        at=row.last_at,
        kind="security",
        what=row.kind,
        reason=row.reason,
        count=row.count,
        words=row.words,
        data=row.data_json,
    )
