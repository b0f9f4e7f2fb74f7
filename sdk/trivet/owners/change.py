"""Whether an owner's page must be drawn anew. Takes an `Own`, gives a text that differs after every change."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.owners.own import Own
from trivet.store.care import CareRow
from trivet.store.changes import update_stamp
from trivet.store.privacy import ErasureRow, RequestRow, SecurityEventRow, UseRow
from trivet.store.tables import CaseEventRow, CaseRecord, CommandRow, ConsentRow, MessageRow
from trivet.store.updates import OfferRow, UpdateHoursRow


async def stamp(session: AsyncSession, own: Own) -> str:
    """Cheap: counts and newest times of what the page shows."""
    asked = [
        select(func.count(), func.max(MessageRow.received_at)).where(MessageRow.device == own.device),
        select(func.count(), func.max(ConsentRow.consent_seq)).where(ConsentRow.device == own.device),
        select(func.count(RequestRow.id), func.max(RequestRow.settled_at)).where(RequestRow.device == own.device),
        select(func.count(CaseRecord.id), func.max(CaseRecord.updated_at)).where(CaseRecord.device == own.device),
        select(func.count(), func.max(CaseEventRow.id))
        .join(CaseRecord, CaseRecord.id == CaseEventRow.case)
        .where(CaseRecord.device == own.device),
        select(func.max(CommandRow.counter), func.max(CommandRow.answered_at)).where(CommandRow.device == own.device),
        select(func.count(), func.max(UseRow.at)).where(UseRow.device == own.device, UseRow.who.not_like("owner %")),
        select(func.count(), func.max(SecurityEventRow.last_at)).where(SecurityEventRow.device == own.device),
        select(func.count(), func.max(ErasureRow.at)).where(ErasureRow.device == own.device),
        select(func.max(CareRow.counted_until), func.max(CareRow.done_at), func.count().filter(CareRow.off)).where(
            CareRow.device == own.device
        ),
        update_stamp().where(OfferRow.device == own.device),
        select(func.max(UpdateHoursRow.at), func.max(UpdateHoursRow.state)).where(UpdateHoursRow.device == own.device),
    ]
    parts = [tuple((await session.execute(query)).one()) for query in asked]
    return repr((own.connected, own.last_seen_at, own.after, own.name, parts))
