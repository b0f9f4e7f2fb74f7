"""Removes what is older than its period. Takes a store and the periods, gives how many rows went; says for one
appliance when what will go. Removed messages stay refused: their numbers count as gone.

Works in small transactions, oldest first: a cloud that was never swept before goes on taking messages meanwhile.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from trivet_wire import ids

from trivet.consent import owners, periods, sweep
from trivet.consent.access import Reading, Sessions
from trivet.consent.periods import Periods
from trivet.store.cases import IdempotencyRow
from trivet.store.letters import LetterRow
from trivet.store.privacy import PENDING, RequestRow, SecurityEventRow, UseRow
from trivet.store.tables import (
    CaseEventRow,
    CaseRecord,
    CommandRow,
    ConsentRow,
    DeviceRow,
    MessageRow,
    OwnershipRow,
    ReceiptRow,
    RefusedRow,
    utcnow,
)
from trivet.store.updates import OfferRow
from trivet.turns import repeat

IDEMPOTENT = dt.timedelta(days=2)  # after that the same request makes a new thing
BATCH = 500  # messages in one transaction
EVERY_S = 6 * 3600
FIRST_S = 60  # after a start
log = logging.getLogger("trivet.retention")


class DeadLetters(Protocol):
    """What of the engine is needed."""

    async def expire_dead_letters(self, days: int) -> None: ...


@dataclass(frozen=True)
class Promise:
    """For one purpose of one appliance: how long, how much there is, and when the oldest goes."""

    purpose: str
    days: int
    messages: int
    oldest_at: dt.datetime | None
    next_deletion_at: dt.datetime | None


async def promises(read: Reading, device: str, kept: Periods) -> list[Promise]:
    """When will it be deleted: one line for each purpose."""
    query = select(MessageRow.purpose, func.count(), func.min(MessageRow.received_at))
    query = query.where(MessageRow.device == device).group_by(MessageRow.purpose)
    found = {purpose: (count, oldest) for purpose, count, oldest in await read.session.execute(query)}
    made = []
    for purpose, name in enumerate(ids.PURPOSE_NAMES):
        count, oldest = found.get(purpose, (0, None))
        next_ = oldest + dt.timedelta(days=kept.of(name)) if oldest else None
        made.append(Promise(name, kept.of(name), count, oldest, next_))
    read.note(device, "retention")
    return made


async def run(store: Sessions, kept: Periods, now: dt.datetime | None = None) -> dict[str, int]:
    """Removes everything whose period is over at `now`; gives rows by table."""
    now = now or utcnow()
    gone: Counter[str] = Counter()
    for purpose, name in enumerate(ids.PURPOSE_NAMES):
        before = now - dt.timedelta(days=kept.of(name))
        while count := await _messages(store, purpose, before):
            gone["messages"] += count
        async with store.writing() as session:
            gone.update(await _cases(session, purpose, before))
    async with store.writing() as session:
        await session.execute(_evidence(now - dt.timedelta(days=kept.service)))
        gone.update(await _logs(session, kept, now))
        gone.update(await _decisions(session, now - dt.timedelta(days=kept.decisions)))
        ended = delete(OfferRow).where(OfferRow.ended_at < now - dt.timedelta(days=kept.safety))
        alone = delete(LetterRow).where(LetterRow.case.is_(None), LetterRow.at < now - dt.timedelta(days=kept.letters))
        gone["letters"] += await _execute(session, alone)
        gone["offers"] += await _execute(session, ended)
    return {table: count for table, count in gone.items() if count}


async def _messages(store: Sessions, purpose: int, before: dt.datetime) -> int:
    """One batch; the floors rise in the same transaction."""
    async with store.writing() as session:
        key = MessageRow.device, MessageRow.boot, MessageRow.seq
        query = select(*key).where(MessageRow.purpose == purpose, MessageRow.received_at < before)
        keys = (await session.execute(query.order_by(MessageRow.received_at).limit(BATCH))).all()
        if not keys:
            return 0
        whose = select(DeviceRow.id).where(DeviceRow.id.in_({one[0] for one in keys})).order_by(DeviceRow.id)
        await session.execute(whose.with_for_update())  # as ingest does: floors never go back
        highest: dict[tuple[str, int], int] = {}
        for device, boot, seq in keys:
            highest[device, boot] = max(highest.get((device, boot), 0), seq)
        for where, seq in highest.items():
            receipt = await session.get(ReceiptRow, where)
            if receipt is None:
                receipt = ReceiptRow(device=where[0], boot=where[1], floor=seq, gone=0)
                session.add(receipt)
            receipt.gone = max(receipt.gone, seq)
            receipt.floor = max(receipt.floor, receipt.gone)
        await session.flush()
        await _execute(session, delete(MessageRow).where(tuple_(*key).in_([tuple(one) for one in keys])))
        return len(keys)


async def _cases(session: AsyncSession, purpose: int, before: dt.datetime) -> dict[str, int]:
    old = CaseRecord.purpose == purpose, CaseRecord.updated_at < before
    events = delete(CaseEventRow).where(CaseEventRow.case.in_(select(CaseRecord.id).where(*old)))
    return {
        "case_events": await _execute(session, events),
        "cases": await _execute(session, delete(CaseRecord).where(*old)),
    }


def _evidence(before: dt.datetime) -> Any:
    """Of hazards, which stay longer than the evidence that service allowed."""
    old = CaseRecord.purpose == ids.SAFETY, CaseRecord.updated_at < before
    return update(CaseRecord).where(*old).values(evidence_json=None, triage_json={}, first_cause=None, confidence=0.0)


async def _logs(session: AsyncSession, kept: Periods, now: dt.datetime) -> dict[str, int]:
    uses, odd = now - dt.timedelta(days=kept.uses), now - dt.timedelta(days=kept.security)
    return {
        "uses": await _execute(session, delete(UseRow).where(UseRow.at < uses)),
        "security_events": await _execute(session, delete(SecurityEventRow).where(SecurityEventRow.last_at < odd)),
        "idempotency": await _execute(session, delete(IdempotencyRow).where(IdempotencyRow.at < now - IDEMPOTENT)),
        "refused": await _execute(session, delete(RefusedRow).where(RefusedRow.at < odd, _below_floor())),
    }


def _below_floor() -> ColumnElement[bool]:
    """A refusal that the floor has not passed yet still stops it from being asked for again."""
    receipt = (ReceiptRow.device == RefusedRow.device, ReceiptRow.boot == RefusedRow.boot)
    return exists().where(*receipt, ReceiptRow.floor >= RefusedRow.seq)


async def _decisions(session: AsyncSession, before: dt.datetime) -> dict[str, int]:
    """Decisions that no longer hold and that no message rests on; closed ownerships, and owners who have none left."""
    newer, message = aliased(ConsentRow), MessageRow
    same = newer.device == ConsentRow.device, newer.consent_seq > ConsentRow.consent_seq
    superseded = exists().where(*same, or_(newer.purpose == ConsentRow.purpose, ConsentRow.purpose.is_(None)))
    rests = exists().where(message.device == ConsentRow.device, message.consent_seq == ConsentRow.consent_seq)
    present = exists().where(DeviceRow.id == ConsentRow.device, DeviceRow.consent_seq == ConsentRow.consent_seq)
    closed = (OwnershipRow.until < before,)
    persons = set((await session.scalars(select(OwnershipRow.owner).where(*closed))).all())
    gone = {
        "consents": await _execute(
            session, delete(ConsentRow).where(ConsentRow.at < before, superseded, ~rests, ~present)
        ),
        "consent_requests": await _execute(
            session, delete(RequestRow).where(RequestRow.settled_at < before, RequestRow.state != PENDING)
        ),
        "commands": await _execute(session, delete(CommandRow).where(CommandRow.answered_at < before)),
        "ownerships": await _execute(session, delete(OwnershipRow).where(*closed)),
    }
    for owner in persons:
        if not await session.scalar(select(func.count()).where(OwnershipRow.owner == owner)):
            gone["owners"] = gone.get("owners", 0) + await owners.forget(session, owner)
    return gone


async def _execute(session: AsyncSession, statement: Any) -> int:
    return sweep.count(await session.execute(statement.execution_options(synchronize_session=False)))


class Job:
    """Runs in a cloud: soon after its start, then every six hours. A failure is logged and tried again."""

    def __init__(self, store: Sessions, dead_letters: DeadLetters, folder: Path) -> None:
        self._store, self._dead_letters, self._folder = store, dead_letters, folder

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(FIRST_S)
        await repeat(self._turn, EVERY_S, log, "retention")

    async def _turn(self) -> None:
        kept = periods.load(self._folder)
        gone = await run(self._store, kept)
        await self._dead_letters.expire_dead_letters(kept.dead)
        if gone:
            log.info("retention removed %s", gone)
