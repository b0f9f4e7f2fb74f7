"""Consent at the door: whether a message may come in, and what its owner decided. Takes a transaction with the
appliance's row locked; gives verdicts and keeps decisions. Never stores a message.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import owners, requests, security, state
from trivet.errors import MessageError
from trivet.models import CHANNEL_FACTORY_RESET, Consent, Message
from trivet.store.privacy import PENDING, RequestRow
from trivet.store.tables import ConsentRow, DeviceRow, ReceiptRow

# Refused without keeping a byte of what they say, not even among the dead letters.
CONTENTLESS = frozenset({ids.R_CONSENT, ids.R_CONSENT_UNKNOWN, ids.R_ERASED})


async def judge(session: AsyncSession, device: DeviceRow, message: Message, purpose: int) -> None:
    """Raises R_ERASED, R_CONSENT or R_CONSENT_UNKNOWN when the owner's decisions do not cover this message."""
    if await erased(session, device, message, purpose):
        raise MessageError.of(ids.R_ERASED)
    if purpose == ids.SAFETY:
        return
    mask = await state.at(session, device.id, message.consent_seq)
    if mask is None:
        raise MessageError.of(ids.R_CONSENT_UNKNOWN)
    if not mask >> purpose & 1 or await _withdrawn(session, device.id, purpose):
        raise MessageError.of(ids.R_CONSENT)


async def erased(session: AsyncSession, device: DeviceRow, message: Message, purpose: int) -> bool:
    """Whether it belongs to what was removed: its number is gone, or it was recorded under an earlier owner's decision.
    A hazard under such a decision that never came before still comes in."""
    receipt = await session.get(ReceiptRow, (device.id, message.boot))
    if receipt is not None and message.seq <= receipt.gone:
        return True
    earlier = 0 < message.consent_seq <= device.erased_consent_seq
    return earlier and (purpose != ids.SAFETY or message.kind == ids.CONSENT)


async def _withdrawn(session: AsyncSession, device: str, purpose: int) -> bool:
    """Whether the owner said no in their account and the appliance has not heard it: a no holds at once."""
    query = select(RequestRow.id).where(
        RequestRow.device == device,
        RequestRow.purpose == purpose,
        RequestRow.state == PENDING,
        RequestRow.granted.is_(False),
    )
    return await session.scalar(query.limit(1)) is not None


async def report(session: AsyncSession, message: Message, reason: int) -> None:
    """A message was refused for the first time: raises the security event that belongs to it. One that came under a
    withdrawal which the appliance could not know yet is none."""
    data = {"kind": ids.KIND_NAMES.get(message.kind), "boot": message.boot, "seq": message.seq}
    data["consent_seq"] = message.consent_seq
    if reason == ids.R_CONSENT:
        mask = await state.at(session, message.device, message.consent_seq)
        purpose = ids.SERVICE if message.purpose is None else message.purpose
        if mask is not None and mask >> purpose & 1:
            return
        words = f"It sent a {data['kind']} message that its owner's decision does not cover: refused, content not kept."
        await security.record(session, message.device, security.CONSENT, words, data, reason=reason)
    elif reason == ids.R_CONSENT_UNKNOWN:
        words = "It named a consent decision that never arrived here: refused, content not kept."
        await security.record(session, message.device, security.CONSENT, words, data, reason=reason)
    elif reason == ids.R_REPLAY:
        words = "Two different messages came under one number: somebody copies this appliance, or its flash is old."
        await security.record(session, message.device, security.REPLAY, words, data, reason=reason)
    elif reason == ids.R_SIGNATURE:
        words = f"A {data['kind']} message came in its name that its own key did not sign: refused."
        await security.record(session, message.device, security.SIGNATURE, words, data, reason=reason)


async def decided(session: AsyncSession, device: DeviceRow, message: Message, body: Consent) -> None:
    """The owner's decision came: what holds from it on, what it settles, and whether the ownership ends with it."""
    own = 0
    if body.channel == CHANNEL_FACTORY_RESET:
        await _reset(session, device, message)
    elif body.purpose < len(ids.PURPOSE_NAMES):
        own = body.granted << body.purpose
    row = await holds(session, device, message.consent_seq, body.mask, own)
    if row is None or row.purpose is not None:
        return
    row.purpose, row.granted, row.text_hash = body.purpose, bool(body.granted), body.text_hash
    row.language, row.channel = body.language, body.channel
    row.wall_s, row.boot, row.seq = message.wall_s, message.boot, message.seq
    if body.purpose < len(ids.PURPOSE_NAMES):
        await requests.confirmed(session, device.id, state.decision(row))


async def _reset(session: AsyncSession, device: DeviceRow, message: Message) -> None:
    """It began anew. The reset that this cloud asked for ends nothing: that ownership is over, and another may have
    begun since. One reset may be told in several decisions."""
    before = await session.get(ConsentRow, (device.id, message.consent_seq - 1))
    if before is not None and before.channel == CHANNEL_FACTORY_RESET and before.boot == message.boot:
        return
    if device.releasing:
        device.releasing = False
        await requests.release_done(session, device.id)
    else:
        await owners.end(session, device, "factory reset", below=message.consent_seq)


async def holds(
    session: AsyncSession, device: DeviceRow, consent_seq: int, mask: int, own: int | None = None
) -> ConsentRow | None:
    """Notes the state after a decision, from the decision itself (`own`: the bit that it granted) or from a HELLO; of
    two that differ, less is agreed to (ties withdraw). What an earlier owner decided is not noted again; until the
    appliance has begun anew its mask still holds their yes, so that a decision's own bit alone counts."""
    if consent_seq <= device.erased_consent_seq or (device.releasing and own is None):
        return None
    if device.releasing and own is not None:
        mask &= own
    mask |= 1 << ids.SAFETY
    row = await session.get(ConsentRow, (device.id, consent_seq))
    if row is None:
        row = ConsentRow(device=device.id, consent_seq=consent_seq, mask=mask)
        session.add(row)
        await session.flush()
    row.mask &= mask
    if consent_seq >= device.consent_seq:
        device.consent_seq, device.consent_mask = consent_seq, row.mask
    return row
