"""What went to and fro about an appliance, and who else was told (GDPR, article 15, 1 c). Takes a reading, gives plain
values for the export; an earlier owner's went with their cases.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select

from trivet.consent.access import Reading
from trivet.store.letters import LetterRow
from trivet.store.notices import NoticeRow, NotifyChoiceRow
from trivet.store.outward import DeliveryRow, WebhookRow
from trivet.store.tables import CaseRecord, OwnerRow, OwnershipRow
from trivet.store.tickets import TicketRow

_LETTER = ("at", "source", "kind", "sender", "subject", "text", "state", "case")
_NOTICE = ("made_at", "case", "kind", "channel", "state", "ended_at")


async def letters(read: Reading, device: str) -> list[dict[str, Any]]:
    """What landed on its cases, and what its owner sent that lies on none: it waits, or was dismissed."""
    mail = select(func.lower(OwnerRow.email)).where(OwnerRow.id.in_(_owner(device)))
    query = select(LetterRow).where(
        or_(LetterRow.case.in_(_cases(device)), LetterRow.case.is_(None) & func.lower(LetterRow.sender).in_(mail))
    )
    return [_named(row, _LETTER) for row in await read.session.scalars(query.order_by(LetterRow.id))]


async def notices(read: Reading, device: str) -> list[dict[str, Any]]:
    """What its owner was told; the words are made from the case and not kept."""
    query = select(NoticeRow).where(NoticeRow.case.in_(_cases(device))).order_by(NoticeRow.id)
    return [_named(row, _NOTICE) for row in await read.session.scalars(query)]


async def choices(read: Reading, device: str) -> dict[str, Any] | None:
    """How its owner wants to be told; None where they never said."""
    row = await read.session.scalar(select(NotifyChoiceRow).where(NotifyChoiceRow.owner.in_(_owner(device))))
    if row is None:
        return None
    quiet = {"quiet_from_h": row.quiet_from, "quiet_until_h": row.quiet_until}
    return {"at": row.at, "channels": row.channels_json, "zone": row.zone, **quiet}


async def recipients(read: Reading, device: str) -> list[dict[str, Any]]:
    """Who was sent something of its cases: receivers of webhooks, and the vendor's ticket system."""
    sent = (
        select(DeliveryRow, WebhookRow.name, WebhookRow.url)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook)
        .where(DeliveryRow.case.in_(_cases(device)), DeliveryRow.tries > 0)
        .order_by(DeliveryRow.id)
    )
    made: list[dict[str, Any]] = [
        {"who": name or url, "case": row.case, "what": row.kind, "state": row.state, "at": row.last_at, "number": None}
        for row, name, url in await read.session.execute(sent)
    ]
    tickets = select(TicketRow).where(TicketRow.case.in_(_cases(device)), TicketRow.number.is_not(None))
    for row in await read.session.scalars(tickets.order_by(TicketRow.case)):
        state = "closed" if row.closed_there else "open"
        own = {"who": row.system, "case": row.case, "what": "ticket", "state": state}
        made.append({**own, "at": row.made_at, "number": row.number})
    return made


def _cases(device: str) -> Select[int]:
    return select(CaseRecord.id).where(CaseRecord.device == device)


def _owner(device: str) -> Select[int]:
    return select(OwnershipRow.owner).where(OwnershipRow.device == device, OwnershipRow.until.is_(None))


def _named(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
