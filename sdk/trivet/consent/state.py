"""What an owner agreed to: now, and at any message's time. Takes a session, gives frozen values; never writes.

The appliance counts its decisions (`seq`); the newest wins. A decision made in the account is Pending until the
appliance confirms it: a Pending yes is no yes, a Pending no already is one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.models import CHANNEL_NAMES
from trivet.store.privacy import PENDING, RequestRow
from trivet.store.tables import ConsentRow, DeviceRow


@dataclass(frozen=True)
class Decision:
    """One decision as the appliance confirmed it. `at`: by its clock where it had a trusted one, else when it came.
    `text_hash` 0 where no text was shown."""

    seq: int
    purpose: str
    granted: bool
    at: dt.datetime
    received_at: dt.datetime
    channel: str  # appliance | serial | account | factory reset
    language: str
    text_hash: int
    mask: int  # what held after it, bit 1 << purpose


@dataclass(frozen=True)
class Request:
    """A decision made in the account that the appliance has not confirmed."""

    id: int
    purpose: str
    granted: bool
    at: dt.datetime
    language: str
    text_hash: int
    state: str  # pending | synced | superseded | refused
    settled_at: dt.datetime | None
    reason: int | None  # why the appliance refused it (ids.R_…)


@dataclass(frozen=True)
class Standing:
    """One purpose now. `granted`: what the appliance confirmed last. `allowed`: what this cloud may act on."""

    purpose: str
    granted: bool
    allowed: bool
    decision: Decision | None  # the newest on this purpose; None before the first
    pending: Request | None

    @property
    def sync(self) -> str:
        return "pending" if self.pending else "synced"


@dataclass(frozen=True)
class State:
    device: str
    seq: int
    mask: int
    purposes: list[Standing]

    def of(self, purpose: str) -> Standing:
        return next(one for one in self.purposes if one.purpose == purpose)


async def of(session: AsyncSession, device: str) -> State | None:
    """Everything that holds for this appliance now; None when it is not enrolled."""
    row = await session.get(DeviceRow, device)
    if row is None:
        return None
    newest = {decision.purpose: decision for decision in await history(session, device)}
    open_ = {row.purpose: row for row in await _pending(session, {device})}
    allowed = (await masks(session, {device}))[device]
    return State(
        device,
        row.consent_seq,
        row.consent_mask,
        [
            Standing(
                name,
                bool(row.consent_mask >> purpose & 1),
                bool(allowed >> purpose & 1),
                newest.get(name),
                request(open_[purpose]) if purpose in open_ else None,
            )
            for purpose, name in enumerate(ids.PURPOSE_NAMES)
        ],
    )


async def at(session: AsyncSession, device: str, consent_seq: int) -> int | None:
    """The mask that held for messages under decision `consent_seq`; None when that decision never came."""
    if consent_seq == 0:  # nobody has decided anything yet
        return 1 << ids.SAFETY
    row = await session.get(ConsentRow, (device, consent_seq))
    return None if row is None else row.mask


async def history(session: AsyncSession, device: str) -> list[Decision]:
    """Every decision that the appliance told, oldest first."""
    query = select(ConsentRow).where(ConsentRow.device == device, ConsentRow.purpose.is_not(None))
    return [decision(row) for row in await session.scalars(query.order_by(ConsentRow.consent_seq))]


async def masks(session: AsyncSession, devices: set[str]) -> dict[str, int]:
    """What may be acted on now, by appliance: confirmed by it, and not withdrawn in the account since."""
    query = select(DeviceRow.id, DeviceRow.consent_mask).where(DeviceRow.id.in_(devices))
    found: dict[str, int] = {device: mask | 1 << ids.SAFETY for device, mask in await session.execute(query)}
    for request in await _pending(session, devices):
        if not request.granted:
            found[request.device] &= ~(1 << request.purpose)
    return found


async def _pending(session: AsyncSession, devices: set[str]) -> list[RequestRow]:
    query = select(RequestRow).where(RequestRow.device.in_(devices), RequestRow.state == PENDING)
    return list(await session.scalars(query.order_by(RequestRow.id)))


def decision(row: ConsentRow) -> Decision:
    assert row.purpose is not None
    at_ = row.at if row.wall_s is None else dt.datetime.fromtimestamp(row.wall_s, dt.UTC)
    channel = row.channel if row.channel is not None else 0
    return Decision(
        seq=row.consent_seq,
        purpose=ids.PURPOSE_NAMES[row.purpose],
        granted=bool(row.granted),
        at=at_,
        received_at=row.at,
        channel=CHANNEL_NAMES[channel] if channel < len(CHANNEL_NAMES) else str(channel),
        language=row.language or "en",
        text_hash=row.text_hash or 0,
        mask=row.mask,
    )


def request(row: RequestRow) -> Request:
    return Request(
        row.id,
        ids.PURPOSE_NAMES[row.purpose],
        row.granted,
        row.at,
        row.language,
        row.text_hash,
        row.state,
        row.settled_at,
        row.reason,
    )
