"""What the database holds after a siege, against the oracle. Takes the store and the lives, gives a `Verdict`: exact
equality of messages, cases and timelines, or an example of what differs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from trivet_wire import ids

from trivet.bench.ingest_story import Case, Life, oracle
from trivet.cases import queries
from trivet.cases.views import CaseView
from trivet.consent.access import Access, reading
from trivet.ingest.transport import Transport
from trivet.store import Store
from trivet.store.tables import CaseRecord, MessageRow

TOLD = ("opened", "again", "resolved", "regressed", "evidence")


@dataclass
class Verdict:
    """`lost`: messages and cases that are not there; `doubled`: that are there too often; `wrong`: cases that differ,
    in words; `buried`: messages that were refused, and none may be."""

    lost: int = 0
    doubled: int = 0
    buried: int = 0
    cases: int = 0
    wrong: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)  # why messages were refused


async def stored(store: Store) -> int:
    async with store.reading() as session:
        return await session.scalar(select(func.count()).select_from(MessageRow)) or 0


async def judge(store: Store, transport: Transport, lives: Sequence[Life]) -> Verdict:
    """Everything of every life."""
    letters = await transport.dead_letter_counts()
    verdict = Verdict(buried=sum(letters.values()))
    verdict.reasons = {ids.REASON_NAMES.get(reason, str(reason)): count for reason, count in letters.items()}
    found = await _messages(store)
    rows = await _cases(store)
    for life in lives:
        device = life.sender.device
        kept = found[device]
        verdict.lost += len(life.numbers - set(kept))
        verdict.doubled += sum(count - 1 for count in kept.values()) + len(set(kept) - life.numbers)
        expected = {case.code: case for case in oracle(life)}
        counts = Counter(row.event for row in rows[device])
        verdict.lost += len(set(expected) - set(counts))
        verdict.doubled += sum(counts.values()) - len(set(counts) & set(expected))
        for row in rows[device]:
            verdict.cases += 1
            actual = await _shown(store, row)
            if actual != expected.get(row.event):
                verdict.wrong.append(f"{device}: {actual} instead of {expected.get(row.event)}")
    return verdict


async def _messages(store: Store) -> dict[str, Counter[tuple[int, int]]]:
    found: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    async with store.reading() as session:
        for device, boot, seq in await session.execute(select(MessageRow.device, MessageRow.boot, MessageRow.seq)):
            found[device][boot, seq] += 1
    return found


async def _cases(store: Store) -> dict[str, list[CaseRecord]]:
    found: dict[str, list[CaseRecord]] = defaultdict(list)
    async with store.reading() as session:
        for row in await session.scalars(select(CaseRecord).order_by(CaseRecord.id)):
            found[row.device].append(row)
    return found


async def _shown(store: Store, row: CaseRecord) -> Case:
    """A case as whoever opens it sees it: the timeline through the same door as the desk's."""
    async with reading(store, Access("service", "bench", "A siege of ingest")) as read:
        view = await queries.case(read, row.id)
    assert isinstance(view, CaseView)
    told = tuple((one.kind, one.boot or 0, one.seq or 0) for one in view.timeline if one.kind in TOLD)
    return Case(
        code=row.event,
        state=row.state,
        operation=row.operation,
        status=row.status,
        first_occurrence=row.first_occurrence,
        occurrences=row.occurrences,
        last=(row.last_boot, row.last_seq),
        evidence=(row.evidence_boot, row.evidence_seq),
        timeline=told,
    )
