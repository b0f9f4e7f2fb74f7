"""Whether an appliance may have what its FETCH names: only a payload of what is offered to it at present, and no more
often than loss can explain. Takes a transaction with the appliance's row locked, gives what is to be sent or why not;
keeps how far it is. Sends nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.models import Fetch
from trivet.store.tables import utcnow
from trivet.store.updates import DOWNLOADING, OFFERED, QUEUED, KeyManifestRow, OfferRow, ReleaseRow

TIMES = 20  # how often an offer's bytes may go in all: eight of ten blocks lost, and started anew three times
SPARE = 1 << 16  # bytes more, for what is small


class Wanted(NamedTuple):
    """What is to be sent."""

    device: str
    payload: str  # SHA-256, hexadecimal
    offset: int
    length: int


async def asked(session: AsyncSession, device: str, body: Fetch) -> Wanted | int:
    """What is to be sent, or the reason (ids.R_…) why nothing is: R_WITHDRAWN for what is not offered to it now, R_SIZE
    beyond the payload's end, R_BUSY for an appliance that has had it too often."""
    query = select(OfferRow).where(
        OfferRow.device == device,
        OfferRow.ended_at.is_(None),
        OfferRow.withdraw_counter.is_(None),
        OfferRow.payload.is_not(None),
    )
    for offer in (await session.scalars(query)).all():
        payloads = await payloads_of(session, offer)
        found = next((name for name in payloads if bytes.fromhex(name)[:8] == body.digest), None)
        if found is not None:
            return _counted(offer, payloads, found, body)
    return ids.R_WITHDRAWN


async def payloads_of(session: AsyncSession, offer: OfferRow) -> dict[str, int]:
    """SHA-256 and size of everything that belongs to an offer."""
    if offer.release is not None:
        release = await session.get_one(ReleaseRow, offer.release)
        return {str(name): int(size) for name, size in release.payloads_json.items()}
    if offer.keys is not None:
        keys = await session.get_one(KeyManifestRow, offer.keys)
        return {keys.payload: keys.size}
    return {}


def _counted(offer: OfferRow, payloads: dict[str, int], name: str, body: Fetch) -> Wanted | int:
    size = payloads[name]
    if body.offset >= size:
        return ids.R_SIZE
    length = min(body.length, size - body.offset)
    if offer.served + length > TIMES * sum(payloads.values()) + SPARE:
        return ids.R_BUSY
    offer.served += length
    reached = max(int(offer.fetched_json.get(name, 0)), body.offset + length)
    offer.fetched_json = offer.fetched_json | {name: reached}
    after = OFFERED if name == offer.payload else DOWNLOADING
    if offer.state in (QUEUED, OFFERED) and offer.state != after:
        offer.state, offer.changed_at = after, utcnow()
    return Wanted(offer.device, name, body.offset, length)
