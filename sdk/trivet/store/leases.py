"""Rows of a queue that one worker has for a while, so that no other takes them too; after that anybody may, because
whoever had them may have died. Takes tables with `leased_until`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")


def free(leased_until: InstrumentedAttribute[dt.datetime | None], now: dt.datetime) -> ColumnElement[bool]:
    """Nobody has it, or for too long."""
    return or_(leased_until.is_(None), leased_until <= now)


async def lease(session: AsyncSession, query: Select[T], until: dt.datetime) -> list[T]:
    """What the query finds and nobody else is taking in this moment."""
    rows: list[Any] = list(await session.scalars(query.with_for_update(skip_locked=True)))
    for row in rows:
        row.leased_until = until
    return rows
