"""API keys: programs' way in. Takes a transaction, makes, lists, revokes and recognises them; never keeps one.

A key is `trivet_ID_SECRET`. The secret is 32 random bytes, so that one SHA-256 is enough to keep it: nothing can be
guessed that a slow hash would protect (NIST SP 800-63B, section 5.1.2.2, asks for slow ones where people choose).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.errors import KindError
from trivet.store.api_keys import ApiKeyRow
from trivet.store.tables import utcnow

log = logging.getLogger("trivet.api")

PREFIX = "trivet_"
ROLES = ("agent", "engineer", "privacy", "admin")
LONGEST_DAYS = 3650
_FORM = re.compile(r"trivet_([0-9a-f]{12})_([0-9A-Za-z_-]{43})")


class ApiKeyError(KindError):
    """About a key of the interface."""


@dataclass(frozen=True)
class ApiKey:
    """Times are UTC. `used_on`: the last day on which it was used."""

    id: str
    name: str
    role: str
    scopes: list[str]
    made_at: dt.datetime
    made_by: str
    expires_at: dt.datetime | None
    used_on: dt.date | None
    revoked_at: dt.datetime | None
    revoked_by: str | None

    @staticmethod
    def of(row: ApiKeyRow) -> ApiKey:
        used = row.used_at.date() if row.used_at else None
        made = (row.id, row.name, row.role, list(row.scopes_json), row.made_at, row.made_by)
        return ApiKey(*made, row.expires_at, used, row.revoked_at, row.revoked_by)

    def good(self, now: dt.datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class Wish:
    """What a key shall be: `role` bounds what it may, `scopes` narrow that. `days` None: until it is revoked."""

    name: str
    role: str
    scopes: Sequence[str]
    days: int | None = None


async def make(session: AsyncSession, wish: Wish, known: Sequence[str], who: str) -> tuple[ApiKey, str]:
    """A new key, and the only time that it is told. `known`: the scopes there are. Raises ApiKeyError."""
    if wish.role not in ROLES:
        raise ApiKeyError("no-such-role", f"There is no role {wish.role!r} for keys: use one of {', '.join(ROLES)}.")
    foreign = sorted(set(wish.scopes) - set(known))
    if foreign or not wish.scopes:
        said = f"There is no scope {foreign[0]!r}" if foreign else "A key without a scope opens nothing"
        raise ApiKeyError("no-such-scope", f"{said}: use some of {', '.join(known)}.")
    if not wish.name.strip():
        raise ApiKeyError("no-name", "Name what will use the key, so that others know what breaks without it.")
    if wish.days is not None and not 1 <= wish.days <= LONGEST_DAYS:
        raise ApiKeyError("bad-time", f"A key is good for 1 to {LONGEST_DAYS} days.")
    secret = secrets.token_urlsafe(32)
    row = ApiKeyRow(
        id=secrets.token_hex(6),
        name=wish.name.strip(),
        role=wish.role,
        scopes_json=sorted(set(wish.scopes)),
        digest=_digest(secret),
        made_at=utcnow(),
        made_by=who,
        expires_at=None if wish.days is None else utcnow() + dt.timedelta(days=wish.days),
    )
    session.add(row)
    await session.flush()
    log.info("API key %s was made: role %s, scopes %s", row.id, row.role, " ".join(row.scopes_json))
    return ApiKey.of(row), f"{PREFIX}{row.id}_{secret}"


async def listed(session: AsyncSession) -> list[ApiKey]:
    """All that ever were, oldest first."""
    return [ApiKey.of(row) for row in await session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.made_at))]


async def revoke(session: AsyncSession, number: str, who: str) -> ApiKey:
    """It opens nothing from now on. Raises ApiKeyError."""
    row = await session.get(ApiKeyRow, number, with_for_update=True)
    if row is None:
        raise ApiKeyError("no-such-key", f"There is no key {number}.")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = utcnow(), who
        log.info("API key %s was revoked", row.id)
    return ApiKey.of(row)


async def recognise(session: AsyncSession, said: str) -> ApiKey | None:
    """The key, when it is one and still good."""
    form = _FORM.fullmatch(said)
    row = await session.get(ApiKeyRow, form[1]) if form else None
    kept = row.digest if row is not None else bytes(32)
    same = hmac.compare_digest(_digest(form[2] if form else ""), kept)
    key = ApiKey.of(row) if row is not None and same else None
    return key if key is not None and key.good(utcnow()) else None


async def used(session: AsyncSession, key: ApiKey) -> None:
    """Note the day; once a day is enough."""
    row = await session.get(ApiKeyRow, key.id)
    if row is not None:
        row.used_at = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
