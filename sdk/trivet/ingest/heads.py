"""Heads of the appliances' ledgers at the door: whether an appliance goes on from where it was. Takes a transaction
with the appliance's row locked and what it says; keeps every head and raises a security event where boot, number,
head or anchor goes back or disagrees: then an old flash was put back, or the appliance was copied. Refuses nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import security
from trivet.models import Hello, LedgerHead, Message
from trivet.store.ledger import LedgerHeadRow, LedgerStateRow
from trivet.store.tables import utcnow

log = logging.getLogger("trivet.ingest")

_LATE = dt.timedelta(hours=1)  # how long the engine may hold back a message that newer ones overtake
_SHORT = 8  # bytes of a head that a HELLO has


async def greeted(session: AsyncSession, message: Message, body: Hello, arrival: int) -> None:
    """A HELLO. `arrival` rises with every message that reaches the engine, so that one which was held back is not
    taken for an old flash."""
    if body.ledger_counter is None or body.ledger_head is None or body.anchor is None:
        return  # a firmware without a ledger
    state = await session.get(LedgerStateRow, message.device)
    if state is None:
        state = LedgerStateRow(device=message.device, boot=0, uptime_ms=0, counter=0, anchor=0, arrival=0)
        session.add(state)
    elif arrival <= state.arrival and utcnow() - state.at < _LATE:
        return
    odd = list(_behind(state, message, body))
    if await _differs(session, message.device, body.ledger_counter, body.ledger_head):
        odd.append(f"record {body.ledger_counter} of its ledger is not the one that was known")
    if odd:
        data = {"boot": message.boot, "counter": body.ledger_counter, "anchor": body.anchor}
        data |= {"known_boot": state.boot, "known_counter": state.counter, "known_anchor": state.anchor}
        await _raise(session, message.device, f"An old flash was put back: {'; '.join(odd)}.", data)
    await _keep(session, message, body.ledger_counter, body.ledger_head, None)
    state.boot, state.uptime_ms, state.counter = message.boot, message.uptime_ms, body.ledger_counter
    state.anchor, state.arrival, state.at = body.anchor, arrival, utcnow()


def _behind(state: LedgerStateRow, message: Message, body: Hello) -> Iterator[str]:
    assert body.ledger_counter is not None
    assert body.anchor is not None
    if message.boot < state.boot:
        yield f"it says start {message.boot} after start {state.boot}"
    elif message.boot == state.boot and message.uptime_ms < state.uptime_ms:
        yield f"it began start {message.boot} a second time"
    if body.ledger_counter < state.counter:
        yield f"its ledger ends at record {body.ledger_counter}, and record {state.counter} was known"
    if body.anchor < state.anchor:
        yield f"it knows the receipt of record {body.anchor} only, and had that of record {state.anchor}"


async def came(session: AsyncSession, message: Message, body: LedgerHead, *, signed: bool | None) -> None:
    """A LEDGER_HEAD, stored for the first time."""
    if await _differs(session, message.device, body.counter, body.head):
        words = f"An old flash was put back: record {body.counter} of its ledger is not the one that was known."
        await _raise(session, message.device, words, {"boot": message.boot, "counter": body.counter})
    if body.wrong:
        why = ids.LEDGER_NAMES[body.why] if body.why < len(ids.LEDGER_NAMES) else "not as it was written"
        words = f"The appliance found its own ledger altered: record {body.wrong} ({why})."
        await _raise(session, message.device, words, {"record": body.wrong, "why": body.why})
    await _keep(session, message, body.counter, body.head, body, signed=signed)
    state = await session.get(LedgerStateRow, message.device)
    if state is not None and message.boot == state.boot:
        state.counter = max(state.counter, body.counter)


async def _differs(session: AsyncSession, device: str, counter: int, head: bytes) -> bool:
    """Whether another head is known after the same record."""
    query = select(LedgerHeadRow.head).where(LedgerHeadRow.device == device, LedgerHeadRow.counter == counter)
    return any(known[:_SHORT] != head[:_SHORT] for known in await session.scalars(query))


async def _keep(
    session: AsyncSession,
    message: Message,
    counter: int,
    head: bytes,
    body: LedgerHead | None,
    *,
    signed: bool | None = None,
) -> None:
    query = select(LedgerHeadRow.id).where(
        LedgerHeadRow.device == message.device, LedgerHeadRow.counter == counter, LedgerHeadRow.head == head
    )
    if body is None and await session.scalar(query.limit(1)) is not None:
        return
    wrong, why = (body.wrong, body.why) if body is not None else (0, 0)
    row = LedgerHeadRow(
        device=message.device, counter=counter, head=head, boot=message.boot, signed=signed, wrong=wrong, why=why
    )
    session.add(row)
    await session.flush()


async def _raise(session: AsyncSession, device: str, words: str, data: dict[str, int]) -> None:
    log.warning("%s: %s", device, words)
    await security.record(session, device, security.LEDGER, words, data)
