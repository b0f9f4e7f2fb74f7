"""The vendor's book of credentials: what was issued, what was revoked. Takes a transaction and the command key; queues
the new list to every appliance; sends nothing itself.

A revocation is for ever. An appliance keeps a list of ids.MAX_REVOKED serial numbers; what is over leaves it, since no
appliance takes it any more. The list's number is how many were ever revoked, so that it only rises.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import credential, ids

from trivet.control.queue import ControlError, queue
from trivet.credentials import wire
from trivet.credentials.problem import CredentialError
from trivet.keys import Signer
from trivet.store.credentials import CredentialRow
from trivet.store.tables import DeviceRow, utcnow

LONGEST = dt.timedelta(days=366)
_REGION = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Issued:
    """One line of the book."""

    serial: int
    name: str
    roles: list[str]
    regions: list[str]
    issued_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None


async def issue(  # noqa: PLR0917
    session: AsyncSession,
    signer: Signer,
    name: str,
    public: bytes,
    roles: Sequence[str],
    regions: Sequence[str],
    lasts: dt.timedelta,
    *,
    who: str = "system",
) -> tuple[int, bytes]:
    """(serial, credential) for the holder of `public`, entered in the book. CredentialError."""
    name = name.strip()
    if not name or len(name.encode()) > credential.MAX_NAME:
        raise CredentialError(f"a technician's name has 1 to {credential.MAX_NAME} bytes")
    wrong = [region for region in regions if not _REGION.fullmatch(region)]
    if wrong:
        raise CredentialError(f"{wrong[0]!r} is no region: write two capital letters (ISO 3166-1), such as DE")
    if len(regions) > credential.MAX_REGIONS:
        raise CredentialError(f"at most {credential.MAX_REGIONS} regions; none at all means everywhere")
    if not dt.timedelta() < lasts <= LONGEST:
        raise CredentialError(f"a credential lasts up to {LONGEST.days} days: what is shorter needs less revoking")
    may = wire.mask(roles)
    if not may:
        raise CredentialError("a credential without a role allows nothing: name at least one")
    now = utcnow().replace(microsecond=0)
    row = CredentialRow(
        name=name,
        public=public,
        may=may,
        regions_json=list(regions),
        issued_at=now,
        expires_at=now + lasts,
        issued_by=who,
    )
    session.add(row)
    await session.flush()
    times = int(now.timestamp()), int(row.expires_at.timestamp())
    return row.serial, wire.signed_credential(signer, row.serial, name, public, may, regions, *times)


async def revoke(session: AsyncSession, serial: int, *, who: str = "system") -> int:
    """This credential holds no more; every appliance is told. Gives how many. CredentialError."""
    row = await session.get(CredentialRow, serial, with_for_update=True)
    if row is None:
        raise CredentialError(f"no credential has the number {serial}: `trivet credential list` shows them")
    if row.revoked_at is not None:
        raise CredentialError(f"credential {serial} was revoked on {row.revoked_at:%d %B %Y} already")
    row.revoked_at, row.revoked_by = utcnow(), who
    await session.flush()
    args = [await _number(session), await _serials(session)]
    told = 0
    for device in await session.scalars(select(DeviceRow.id).where(DeviceRow.revoked_at.is_(None))):
        try:
            await queue(session, device, ids.C_REVOKE, args, ids.G_VENDOR, who=who)
            told += 1
        except ControlError:
            continue  # one that takes no commands any more
    return told


async def revoked_list(session: AsyncSession, signer: Signer) -> bytes | None:
    """The signed list as it is now, for a technician's file; None while nothing was ever revoked."""
    number = await _number(session)
    if not number:
        return None
    return wire.signed_list(signer, number, int(utcnow().timestamp()), await _serials(session))


async def book(session: AsyncSession) -> list[Issued]:
    """Everything, newest first."""
    rows = await session.scalars(select(CredentialRow).order_by(CredentialRow.serial.desc()))
    return [
        Issued(
            one.serial,
            one.name,
            wire.names(one.may),
            list(one.regions_json),
            one.issued_at,
            one.expires_at,
            one.revoked_at,
        )
        for one in rows
    ]


async def _number(session: AsyncSession) -> int:
    query = select(func.count()).select_from(CredentialRow).where(CredentialRow.revoked_at.is_not(None))
    return int(await session.scalar(query) or 0)


async def _serials(session: AsyncSession) -> list[int]:
    """What was revoked and is not over; of more than an appliance keeps, those that would hold longest."""
    query = (
        select(CredentialRow.serial)
        .where(CredentialRow.revoked_at.is_not(None), CredentialRow.expires_at > utcnow())
        .order_by(CredentialRow.expires_at.desc(), CredentialRow.serial)
        .limit(ids.MAX_REVOKED)
    )
    return sorted(await session.scalars(query))
