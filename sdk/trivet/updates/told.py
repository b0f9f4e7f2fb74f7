"""What appliances say of updates: answers to commands, and reports. Takes a transaction with the appliance's row locked
and a message's content; keeps how far each offer is and what is installed. Sends nothing.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.models import Message, UpdateReport
from trivet.store.tables import utcnow
from trivet.store.updates import (
    CONFIRMED,
    ENDS,
    OFFERED,
    QUEUED,
    REFUSED,
    WITHDRAWN,
    InstalledRow,
    OfferRow,
    UpdateHoursRow,
)
from trivet.updates.offers import end

PENDING, SYNCED, DECLINED = "pending", "synced", "refused"  # of the owner's word


async def answered(session: AsyncSession, device: str, counter: int, reason: int) -> None:
    """The appliance answered a command; one that is not about an update changes nothing."""
    if not counter:
        return
    query = select(OfferRow).where(OfferRow.device == device)
    for row in (await session.scalars(query.where(OfferRow.counter == counter))).all():
        _offered(row, reason)
    for row in (await session.scalars(query.where(OfferRow.withdraw_counter == counter))).all():
        _withdrawn(row, reason)
    for row in (await session.scalars(query.where(OfferRow.answer_counter == counter))).all():
        row.answer_state, row.answer_reason = (DECLINED, reason) if reason else (SYNCED, 0)
    hours = await session.get(UpdateHoursRow, device)
    if hours is not None and hours.counter == counter:
        hours.state, hours.reason = (DECLINED, reason) if reason else (SYNCED, 0)
        hours.known_mask = hours.known_mask if reason else hours.mask


def _offered(row: OfferRow, reason: int) -> None:
    if row.ended_at is not None or row.state != QUEUED or reason == ids.R_COUNTER:  # heard before: its reports tell
        return
    if reason:
        end(row, REFUSED, reason)
    else:
        row.state, row.changed_at = OFFERED, utcnow()


def _withdrawn(row: OfferRow, reason: int) -> None:
    if row.ended_at is not None:
        return
    if reason == ids.R_BUSY:  # it is being tried: the trial decides
        row.withdraw_counter, row.withdrawn_by, row.reason = None, "", reason
    else:
        end(row, WITHDRAWN, ids.R_WITHDRAWN)


async def reported(session: AsyncSession, message: Message, body: UpdateReport, *, signed: bool | None) -> None:
    """A report, stored for the first time."""
    if not 0 < body.state < len(ids.UPDATE_STATES):
        return
    row = await _row(session, message, body)
    if row is None:
        return
    row.state, row.reason = ids.UPDATE_STATES[body.state], body.reason
    if body.state == ids.U_REFUSED and body.reason == ids.R_WITHDRAWN:
        row.state = WITHDRAWN
    row.changed_at = _at(message)
    row.ended_at = row.changed_at if row.state in ENDS else None
    row.report_boot, row.report_seq, row.report_signed = message.boot, message.seq, signed
    row.from_version, row.event = body.from_version, body.event
    row.trial_s, row.trial_cycles = body.trial_s, body.trial_cycles
    if row.state == CONFIRMED:
        await _installed(session, message, body, row)


async def _row(session: AsyncSession, message: Message, body: UpdateReport) -> OfferRow | None:
    """The offer that a report is about: the open one, or one that was withdrawn too late; else a row of its own, for an
    update over the service port. It is named by its manifest, and before that is believed by its envelope. None for
    what is older than what is known."""
    digest = body.digest.hex()
    named = (OfferRow.manifest == digest) | OfferRow.payload.startswith(digest)
    query = select(OfferRow).where(OfferRow.device == message.device, named)
    known = (await session.scalars(query.order_by(OfferRow.ended_at.is_not(None), OfferRow.id.desc()))).first()
    if known is not None:
        if _older(message, known):
            return None
        if known.ended_at is None or known.state == WITHDRAWN:
            return known
    return await _over_the_port(session, message, body)


async def _over_the_port(session: AsyncSession, message: Message, body: UpdateReport) -> OfferRow | None:
    """One at a time; beside an open offer of ours its end alone is kept."""
    ends = ids.UPDATE_STATES[body.state] in ENDS
    query = select(OfferRow).where(
        OfferRow.device == message.device, OfferRow.what == ids.W_RELEASE, OfferRow.ended_at.is_(None)
    )
    row = await session.scalar(query)
    if row is not None and row.counter is None:
        if _older(message, row):
            return None
        row.manifest, row.version, row.sequence = body.digest.hex(), body.version, body.sequence
        return row
    if row is not None and not ends:
        return None
    made = OfferRow(
        device=message.device,
        what=ids.W_RELEASE,
        manifest=body.digest.hex(),
        version=body.version,
        sequence=body.sequence,
        state=ids.UPDATE_STATES[body.state],
        created_at=_at(message),
        ended_at=_at(message) if ends else None,
        fetched_json={},
    )
    session.add(made)
    await session.flush()
    return made


def _older(message: Message, row: OfferRow) -> bool:
    return (message.boot, message.seq) <= (row.report_boot or 0, row.report_seq or 0)


async def _installed(session: AsyncSession, message: Message, body: UpdateReport, row: OfferRow) -> None:
    known = await session.get(InstalledRow, message.device)
    if known is None:
        known = InstalledRow(device=message.device, version="", sequence=0, boot=0, seq=0, keys=0)
        session.add(known)
    if row.what == ids.W_KEYS:
        known.keys = max(known.keys, row.sequence)
    elif body.version and (message.boot, message.seq) > (known.boot, known.seq):  # keys over the port have none
        known.version, known.sequence, known.manifest = body.version, body.sequence, body.digest
        known.boot, known.seq, known.at = message.boot, message.seq, _at(message)


def _at(message: Message) -> dt.datetime:
    """By the appliance's clock where it has a trusted one that is not ahead of ours."""
    now = utcnow()
    if message.wall_s is None:
        return now
    return min(now, dt.datetime.fromtimestamp(message.wall_s, dt.UTC))
