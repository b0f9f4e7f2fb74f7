"""Security events: what must not happen and did. Takes a transaction, writes a line; the same again within an hour
counts up instead of flooding. Never holds a message's content.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.privacy import SecurityEventRow
from trivet.store.tables import utcnow

FOLD = dt.timedelta(hours=1)
# Kinds: stable names, for programs and for the texts of pages.
CONSENT = "consent"  # a message that no consent covers
SIGNATURE = "signature"  # a signature that does not fit
LEDGER = "ledger"  # boot, counter or head of the ledger went back or disagrees
REPLAY = "replay"  # one number, two contents
ACCOUNT = "account"  # a one-time link for an owner's password was made, or used
ERASED = "erased"  # what was erased came again


async def record(
    session: AsyncSession,
    device: str | None,
    kind: str,
    text: str,
    data: Mapping[str, Any] | None = None,
    *,
    reason: int | None = None,
) -> SecurityEventRow:
    """Notes an event. `text`: in plain words, without anything of the owner; `data`: numbers for programs, of the
    newest occurrence; `reason`: ids.R_… where it has one."""
    now = utcnow()
    query = select(SecurityEventRow).where(
        SecurityEventRow.device == device,
        SecurityEventRow.kind == kind,
        SecurityEventRow.reason.is_(None) if reason is None else SecurityEventRow.reason == reason,
        SecurityEventRow.words == text,
        SecurityEventRow.last_at > now - FOLD,
    )
    row = await session.scalar(query.order_by(SecurityEventRow.id.desc()).limit(1))
    if row is None:
        row = SecurityEventRow(device=device, kind=kind, reason=reason, words=text, at=now, count=0)
        session.add(row)
    row.count += 1
    row.last_at = now
    row.data_json = dict(data or {})
    await session.flush()
    return row


async def of(session: AsyncSession, device: str | None = None, *, limit: int = 200) -> list[SecurityEventRow]:
    """The newest first, of one appliance or of all."""
    query = select(SecurityEventRow).order_by(SecurityEventRow.last_at.desc(), SecurityEventRow.id.desc()).limit(limit)
    if device is not None:
        query = query.where(SecurityEventRow.device == device)
    return list(await session.scalars(query))
