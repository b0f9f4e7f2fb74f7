"""The owner's log of uses. Takes what was read, gives it a line in every ten minutes in which it was read; shows the
lines of an appliance. Never holds what was read, only its name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.privacy import UseRow
from trivet.store.tables import utcnow

WINDOW_S = 600
_CHUNK = 500  # rows in one statement


class Use(NamedTuple):
    device: str
    purpose: str
    subject: str  # "case 12", "device", "contact", "export"


class Line(NamedTuple):
    """A line of the log as the owner reads it."""

    at: dt.datetime
    who: str
    purpose: str
    subject: str
    why: str


class Sessions(Protocol):
    def reading(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]: ...


async def of(session: AsyncSession, device: str, *, limit: int = 200, before: dt.datetime | None = None) -> list[Line]:
    """The newest lines first; `before` continues a list."""
    query = select(UseRow).where(UseRow.device == device)
    if before is not None:
        query = query.where(UseRow.at < before)
    query = query.order_by(UseRow.at.desc(), UseRow.subject, UseRow.who).limit(limit)
    return [Line(row.at, row.who, row.purpose, row.subject, row.why) for row in await session.scalars(query)]


async def write(store: Sessions, who: str, why: str, noted: Iterable[Use]) -> None:
    """Adds the lines that this window does not have yet; looks first, so that a live page rarely writes."""
    now = utcnow()
    window = int(now.timestamp()) // WINDOW_S
    missing = set(noted)
    if not missing:
        return
    devices = sorted({use.device for use in missing})
    async with store.reading() as session:
        for start in range(0, len(devices), _CHUNK):
            some = UseRow.device.in_(devices[start : start + _CHUNK])
            query = select(UseRow.device, UseRow.purpose, UseRow.subject)
            query = query.where(some, UseRow.window == window, UseRow.who == who)
            missing -= {Use(*found) for found in await session.execute(query)}
    if not missing:
        return
    rows = [
        {"device": use.device, "window": window, "purpose": use.purpose, "who": who, "subject": use.subject}
        | {"why": why, "at": now}
        for use in sorted(missing)
    ]
    async with store.writing() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        for start in range(0, len(rows), _CHUNK):
            await session.execute(insert(UseRow).values(rows[start : start + _CHUNK]).on_conflict_do_nothing())
