"""Decisions that the owner makes in their account. Takes a transaction, queues the command that tells the appliance,
and keeps the request Pending until the appliance confirms it, decides otherwise meanwhile, or refuses.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.consent import state, texts
from trivet.consent.periods import DEFAULT, Periods
from trivet.store.privacy import PENDING, REFUSED, SUPERSEDED, SYNCED, RequestRow
from trivet.store.tables import CommandRow, DeviceRow, utcnow


class RequestError(ValueError):
    """This decision cannot be made; the text says why."""


async def decide(
    session: AsyncSession,
    device: str,
    purpose: str,
    granted: bool,
    *,
    language: str = "en",
    who: str = "owner",
    periods: Periods = DEFAULT,
) -> state.Request:
    """The owner decides on the present text in `language`; Pending from now on. A decision on the same purpose that is
    still Pending is superseded. Raises RequestError."""
    if purpose not in ids.PURPOSE_NAMES:
        raise RequestError(f"there is no purpose {purpose!r}: one of {', '.join(ids.PURPOSE_NAMES[1:])}")
    if purpose == ids.PURPOSE_NAMES[ids.SAFETY]:
        raise RequestError("safety cannot be declined: the law asks for it, and nothing else is sent with it")
    row = await session.get(DeviceRow, device)
    if row is None or row.revoked_at is not None:
        raise RequestError(f"{device} is not enrolled here, or is revoked")
    shown = texts.text(purpose, language, periods)
    await texts.keep(session, periods)
    number = ids.PURPOSE_NAMES.index(purpose)
    for older in await _open(session, device, number):
        await _settle(session, older, SUPERSEDED)
    request = RequestRow(
        device=device, purpose=number, granted=granted, text_hash=shown.hash, language=shown.language, state=PENDING
    )
    request.counter = await _tell(session, request, max(row.consent_seq, row.erased_consent_seq), who)
    session.add(request)
    await session.flush()
    return state.request(request)


async def _tell(session: AsyncSession, request: RequestRow, known: int, who: str) -> int:
    """`known`, the newest decision that is known here, goes along: a yes does not hold against a later one made at the
    appliance."""
    args = [request.purpose, 1 if request.granted else 0, request.text_hash, request.language, known]
    return await control.queue(session, request.device, ids.C_CONSENT, args, ids.G_ACCOUNT, who=who[:64])


async def confirmed(session: AsyncSession, device: str, decision: state.Decision) -> None:
    """The appliance decided: settles what is Pending on that purpose. The same answer is Synced, whoever gave it; the
    other one means that somebody decided at the appliance meanwhile, and that stands."""
    for request in await _open(session, device, ids.PURPOSE_NAMES.index(decision.purpose)):
        await _settle(session, request, SYNCED if request.granted == decision.granted else SUPERSEDED, decision.seq)


async def answered(session: AsyncSession, device: str, counter: int, reason: int) -> None:
    """The appliance answered a command: one that it refused is no longer Pending. Done (0) says nothing here: the
    decision itself follows as a message of its own."""
    if reason:
        query = select(RequestRow).where(
            RequestRow.device == device, RequestRow.counter == counter, RequestRow.state == PENDING
        )
        for request in await session.scalars(query):
            request.state = SUPERSEDED if reason == ids.R_SUPERSEDED else REFUSED
            request.reason, request.settled_at = reason, utcnow()


async def release_done(session: AsyncSession, device: str) -> None:
    """The appliance began anew: an open command to do so is not sent again, it would end the next owner's life too."""
    open_ = CommandRow.device == device, CommandRow.command == ids.C_RELEASE, CommandRow.reason.is_(None)
    await session.execute(update(CommandRow).where(*open_).values(reason=0, answered_at=utcnow()))


async def of(session: AsyncSession, device: str) -> list[state.Request]:
    """Every decision made in the account, newest first, with its state."""
    query = select(RequestRow).where(RequestRow.device == device).order_by(RequestRow.id.desc())
    return [state.request(row) for row in await session.scalars(query)]


async def _open(session: AsyncSession, device: str, purpose: int) -> list[RequestRow]:
    query = select(RequestRow).where(
        RequestRow.device == device, RequestRow.purpose == purpose, RequestRow.state == PENDING
    )
    return list(await session.scalars(query.order_by(RequestRow.id)))


async def _settle(session: AsyncSession, request: RequestRow, to: str, seq: int | None = None) -> None:
    request.state, request.settled_at, request.settled_seq = to, utcnow(), seq
    if to == SUPERSEDED:
        await control.drop(session, request.device, request.counter)  # sent again it would undo what stands
