"""Which systems may send letters in. Takes sessions and a seal, adds, lists, removes sources, replaces their secrets.
A secret is shown once, by whoever made it; here it stays sealed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.inbound.problem import LetterError
from trivet.outward import ring, signature
from trivet.outward.seal import Seal
from trivet.store.letters import SourceRow

MOST = 100
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class Source:
    name: str
    made_at: dt.datetime
    made_by: str
    last_at: dt.datetime | None


async def add(session: AsyncSession, seal: Seal, name: str, who: str) -> str:
    """Its secret, shown this once. LetterError."""
    if not _NAME.fullmatch(name):
        raise LetterError("bad-name", "a source's name is 1 to 32 small letters, digits and -, beginning with a letter")
    if await session.get(SourceRow, name) is not None:
        raise LetterError("known-source", f"there is a source {name} already: rotate its secret, or take another name")
    if len(await listed(session)) >= MOST:
        raise LetterError("too-many", f"there are {MOST} sources, which is the most: remove one first")
    secret, sealed = ring.made(seal, f"source {name}")
    session.add(SourceRow(name=name, secrets=sealed, made_by=who))
    await session.flush()
    return secret


async def rotate(session: AsyncSession, seal: Seal, name: str, now: dt.datetime) -> str:
    """A new secret; the ones before are believed for another day."""
    row = await get(session, name)
    secret, row.secrets = ring.rotated(seal, f"source {name}", row.secrets, now)
    return secret


async def remove(session: AsyncSession, name: str) -> None:
    """Nothing of it is taken any more; what it sent stays."""
    await session.delete(await get(session, name))


async def get(session: AsyncSession, name: str) -> SourceRow:
    row = await session.get(SourceRow, name)
    if row is None:
        raise LetterError("no-such-source", f"There is no source {name}.")
    return row


async def listed(session: AsyncSession) -> list[Source]:
    """Every source, by name."""
    rows = await session.scalars(select(SourceRow).order_by(SourceRow.name))
    return [Source(row.name, row.made_at, row.made_by, row.last_at) for row in rows]


async def verified(  # noqa: PLR0917
    session: AsyncSession, seal: Seal, name: str, headers: Mapping[str, str], now: dt.datetime, body: bytes
) -> str:
    """The id of a message that this source signed. SignatureError, also where there is no such source."""
    row = await session.get(SourceRow, name)
    secrets = [] if row is None else ring.holding(seal, f"source {name}", row.secrets, now)
    return signature.verified(secrets, headers, now, body)


async def heard(session: AsyncSession, name: str, now: dt.datetime) -> bool:
    """It sent a letter, and the source is held until the transaction ends; False: it was removed meanwhile."""
    row = await session.get(SourceRow, name, with_for_update=True)
    if row is not None:
        row.last_at = now
    return row is not None
