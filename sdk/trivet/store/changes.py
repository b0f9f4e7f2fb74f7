"""Whether anything changed that a page may show. Takes a session, gives a text that differs after every change; nothing
of an owner is in it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.privacy import PENDING, ErasureRow, RequestRow, SecurityEventRow
from trivet.store.tables import CaseEventRow, CaseRecord, DeviceRow, OwnershipRow
from trivet.store.updates import OfferRow, UpdateHoursRow


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
    offers = "/".join(str(part) for part in (await session.execute(update_stamp())).one())
    hours = select(func.max(UpdateHoursRow.at), func.count().filter(UpdateHoursRow.state == PENDING))
    offers += "/".join(str(part) for part in (await session.execute(hours)).one())
    devices = f"{_stamp(seen)}.{count}.{revoked}.{linked}.{owned}"
    return f"{events or 0}.{_stamp(updated)}.{devices}.{agreed}.{asked}.{settled}.{odd}.{erased}.{offers}"


def update_stamp() -> Select[*tuple[Any, ...]]:
    """Counts and newest times of updates: differs after every change of one, with each part that is fetched."""
    return select(
        func.count(),
        func.count(OfferRow.ended_at),
        func.count(OfferRow.withdraw_counter),
        func.max(OfferRow.changed_at),
        func.max(OfferRow.answer_at),
        func.max(OfferRow.answer_counter),
        func.count().filter(OfferRow.answer_state == PENDING),
        func.count(OfferRow.report_seq),
        func.sum(OfferRow.report_seq),
        func.sum(OfferRow.served),
    )


def _stamp(value: dt.datetime | None) -> str:
    return "0" if value is None else f"{value.timestamp():.6f}"
