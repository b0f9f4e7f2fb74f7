"""Whether anything changed that a page may show. Takes a session, gives a text that differs after every change; nothing
of an owner is in it.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.privacy import ErasureRow, RequestRow, SecurityEventRow
from trivet.store.tables import CaseEventRow, CaseRecord, DeviceRow, OwnershipRow


async def change_id(session: AsyncSession) -> str:
    """A text that differs after every change that a page may show: poll it, reload when it differs."""
    events = await session.scalar(select(func.max(CaseEventRow.id)))
    updated = await session.scalar(select(func.max(CaseRecord.updated_at)))
    seen, count = (await session.execute(select(func.max(DeviceRow.last_seen_at), func.count()))).one()
    revoked = await session.scalar(select(func.count()).where(DeviceRow.revoked_at.is_not(None)))
    linked = await session.scalar(select(func.count()).where(DeviceRow.connected))
    owned = await session.scalar(select(func.count()).where(OwnershipRow.until.is_(None)))
    agreed = await session.scalar(select(func.sum(DeviceRow.consent_seq * 32 + DeviceRow.consent_mask)))
    asked, settled = (await session.execute(select(func.max(RequestRow.id), func.count(RequestRow.settled_at)))).one()
    odd = await session.scalar(select(func.sum(SecurityEventRow.count)))
    erased = await session.scalar(select(func.max(ErasureRow.id)))
    devices = f"{_stamp(seen)}.{count}.{revoked}.{linked}.{owned}"
    return f"{events or 0}.{_stamp(updated)}.{devices}.{agreed}.{asked}.{settled}.{odd}.{erased}"


def _stamp(value: dt.datetime | None) -> str:
    return "0" if value is None else f"{value.timestamp():.6f}"
