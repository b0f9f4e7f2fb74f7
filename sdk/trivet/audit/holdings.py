"""What the database holds: appliances with their consents, refusals, security events, reads, retention, erasures. Takes
a reading under an access, gives counted lines; never shows a message, a name or an address.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import state
from trivet.consent.access import Reading
from trivet.consent.periods import Periods
from trivet.store.privacy import ErasureRow, RequestRow, SecurityEventRow, UseRow
from trivet.store.tables import DeviceRow, MessageRow, OwnershipRow, RefusedRow, utcnow


class Appliance(msgspec.Struct, frozen=True, kw_only=True):
    """One appliance. `consents`: purposes that hold now; `pending`: decisions that it has not confirmed."""

    device: str
    model: str
    owned: bool
    epoch: int
    epoch_old_until: dt.datetime | None
    revoked: bool
    consents: list[str]
    decision: int
    pending: list[str]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that verified and were refused."""

    reason: int
    name: str
    messages: int
    appliances: int
    last_at: dt.datetime


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Security events of one kind."""

    kind: str
    reason: str
    count: int
    appliances: int
    last_at: dt.datetime


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for what, and by whom: lines of the owners' logs."""

    purpose: str
    who: str
    subject: str
    lines: int
    appliances: int
    last_at: dt.datetime


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one purpose against how long they may stay."""

    purpose: str
    days: int
    messages: int
    oldest_days: float | None
    overdue: int


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """Something was erased. `proof`: what the scan afterwards said; None where none was made."""

    at: dt.datetime
    device: str | None
    cause: str
    by: str
    rows: dict[str, Any]
    proof: dict[str, Any] | None


async def appliances(read: Reading) -> list[Appliance]:
    """By device id."""
    session = read.session
    rows = list(await session.scalars(select(DeviceRow).order_by(DeviceRow.id)))
    owned = set(await session.scalars(select(OwnershipRow.device).where(OwnershipRow.until.is_(None))))
    masks = await state.masks(session, {row.id for row in rows})
    waiting: dict[str, list[str]] = {}
    for request in await session.scalars(select(RequestRow).where(RequestRow.state == "pending")):
        wish = f"{ids.PURPOSE_NAMES[request.purpose]} {'yes' if request.granted else 'no'}"
        waiting.setdefault(request.device, []).append(wish)
    for row in rows:
        read.note(row.id, "audit")
    return [
        Appliance(
            device=row.id,
            model=row.model,
            owned=row.id in owned,
            epoch=row.key_epoch,
            epoch_old_until=row.old_epoch_until if row.old_epoch_until and row.old_epoch_until > utcnow() else None,
            revoked=row.revoked_at is not None,
            consents=[name for purpose, name in enumerate(ids.PURPOSE_NAMES) if masks[row.id] >> purpose & 1],
            decision=row.consent_seq,
            pending=waiting.get(row.id, []),
        )
        for row in rows
    ]


async def refusals(session: AsyncSession) -> list[Refusal]:
    """The most frequent first."""
    query = select(
        RefusedRow.reason, func.count(), func.count(RefusedRow.device.distinct()), func.max(RefusedRow.at)
    ).group_by(RefusedRow.reason)
    return [
        Refusal(reason=reason, name=_reason(reason), messages=count, appliances=devices, last_at=last)
        for reason, count, devices, last in await session.execute(query.order_by(func.count().desc()))
    ]


async def events(session: AsyncSession) -> list[Event]:
    """By kind and reason."""
    row = SecurityEventRow
    query = select(
        row.kind, row.reason, func.sum(row.count), func.count(row.device.distinct()), func.max(row.last_at)
    ).group_by(row.kind, row.reason)
    return [
        Event(kind=kind, reason=_reason(reason), count=int(count), appliances=devices, last_at=last)
        for kind, reason, count, devices, last in await session.execute(query.order_by(row.kind, row.reason))
    ]


async def uses(session: AsyncSession) -> list[Use]:
    """By purpose, who, and kind of subject: "case 12" counts as "case"."""
    query = select(UseRow.purpose, UseRow.who, UseRow.subject, UseRow.device, UseRow.at)
    found: dict[tuple[str, str, str], list[tuple[str, dt.datetime]]] = {}
    for purpose, login, subject, device, at in await session.execute(query):
        who = "the owner" if purpose == "own" and login.startswith("owner ") else login
        kind = subject.rpartition(" ")[0] if subject.rpartition(" ")[2].isdigit() else subject
        found.setdefault((purpose, who, kind), []).append((device, at))
    return [
        Use(
            purpose=purpose,
            who=who,
            subject=subject,
            lines=len(lines),
            appliances=len({device for device, _ in lines}),
            last_at=max(at for _, at in lines),
        )
        for (purpose, who, subject), lines in sorted(found.items())
    ]


async def kept(session: AsyncSession, periods: Periods) -> list[Kept]:
    """Every purpose: what lies there, how old, and whether it should be gone."""
    now, found = utcnow(), []
    for purpose, name in enumerate(ids.PURPOSE_NAMES):
        days = periods.of(name)
        mine = MessageRow.purpose == purpose
        count, oldest = (
            await session.execute(select(func.count(), func.min(MessageRow.received_at)).where(mine))
        ).one()
        limit = now - dt.timedelta(days=days + 1)  # the job runs daily
        overdue = await session.scalar(select(func.count()).where(mine, MessageRow.received_at < limit))
        age = None if oldest is None else round((now - oldest).total_seconds() / 86400, 2)
        found.append(Kept(purpose=name, days=days, messages=count, oldest_days=age, overdue=overdue or 0))
    return found


async def erasures(session: AsyncSession) -> list[Erasure]:
    """The newest first."""
    query = select(ErasureRow).order_by(ErasureRow.id.desc())
    return [
        Erasure(at=row.at, device=row.device, cause=row.cause, by=row.by, rows=row.rows_json, proof=row.proof_json)
        for row in await session.scalars(query)
    ]


def _reason(reason: int | None) -> str:
    return "" if reason is None else ids.REASON_NAMES.get(reason, str(reason))
