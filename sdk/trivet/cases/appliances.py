"""The vendor's appliances, page by page. Takes a `Reading` and what somebody typed, gives frozen values; never writes,
and notes each appliance that it shows in its owner's log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import finding, rows, views
from trivet.consent.access import Reading
from trivet.store.privacy import SecurityEventRow
from trivet.store.tables import RESOLVED, CaseRecord, DeviceRow, OwnerRow, OwnershipRow, RefusedRow

_TEXTS = (DeviceRow.id, DeviceRow.name, DeviceRow.model, DeviceRow.firmware, OwnerRow.name, OwnerRow.email)


@dataclass(frozen=True)
class Cut:
    """One page. `after`: where the next begins; None on the last."""

    rows: list[views.DeviceView]
    after: str | None


async def page(read: Reading, find: str, limit: int, after: str | None = None) -> Cut:
    """By device id. `find`: words that must all stand in id, name, model, firmware, or name, mail and phone of the
    present owner."""
    holds = and_(OwnershipRow.device == DeviceRow.id, OwnershipRow.until.is_(None))
    query = select(DeviceRow).outerjoin(OwnershipRow, holds).outerjoin(OwnerRow, OwnerRow.id == OwnershipRow.owner)
    for word in finding.words(find):
        query = query.where(_matches(word))
    if after is not None:
        query = query.where(DeviceRow.id > after)
    records = (await read.session.scalars(query.order_by(DeviceRow.id).limit(limit + 1))).all()
    for record in records[:limit]:
        read.note(record.id, "list of appliances")
    return Cut(await shown(read, records[:limit]), records[limit - 1].id if len(records) > limit else None)


async def shown(read: Reading, records: Sequence[DeviceRow]) -> list[views.DeviceView]:
    """In the order of the records."""
    session = read.session
    wanted = {record.id for record in records}
    holders = await rows.owners(session, wanted)
    await read.ask(wanted)
    for record in records:
        if record.id in holders:
            read.note(record.id, "contact")
    open_cases, withheld = Counter[str](), Counter[str]()
    query = select(CaseRecord.device, CaseRecord.purpose).where(CaseRecord.state != RESOLVED)
    for device_id, purpose in await session.execute(query.where(CaseRecord.device.in_(wanted))):
        (open_cases if read.covers(device_id, purpose) else withheld)[device_id] += 1
    refused = await _count(session, RefusedRow, wanted)
    events = await _count(session, SecurityEventRow, wanted)
    return [
        views.DeviceView(
            id=record.id,
            model=record.model,
            name=record.name,
            firmware=record.firmware,
            catalogue=record.catalogue,
            consent={name: bool(record.consent_mask >> purpose & 1) for purpose, name in enumerate(ids.PURPOSE_NAMES)},
            connected=record.connected,
            enrolled_at=record.enrolled_at,
            revoked_at=record.revoked_at,
            last_seen_at=record.last_seen_at,
            last_boot=record.last_boot,
            owner=holders.get(record.id),
            open_cases=open_cases[record.id],
            refused=refused[record.id],
            withheld=withheld[record.id],
            security=events[record.id],
        )
        for record in records
    ]


def _matches(word: str) -> ColumnElement[bool]:
    ways = [column.icontains(word, autoescape=True) for column in _TEXTS]
    digits = re.sub(r"\D", "", word).lstrip("0")
    if digits and finding.PHONE.fullmatch(word):
        ways.append(finding.digits_of_phone().contains(digits, autoescape=True))
    return or_(*ways)


async def _count(session: AsyncSession, table: type[Any], wanted: set[str]) -> Counter[str]:
    query = select(table.device, func.count()).where(table.device.in_(wanted)).group_by(table.device)
    counts: Counter[str] = Counter()
    for device_id, count in await session.execute(query):
        counts[device_id] = count
    return counts
