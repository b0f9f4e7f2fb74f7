"""Messages become cases: opened once per appliance and root cause, kept up to date, reopened when the fault returns.

Takes one stored message at a time, inside the transaction that stored it and with its appliance's row locked; gives
the case it belongs to. Nothing here depends on the order in which messages arrive: what a case says is that of its
newest message by (boot, seq), and evidence finds its case whichever comes first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import proposals, work
from trivet.cases.judge import judge
from trivet.cases.rich import Catalogue, Code
from trivet.cases.terms import DEFAULT, Terms
from trivet.cases.timeline import APPLIANCE, tell
from trivet.store.tables import (
    ESCALATING,
    NEW,
    ONGOING,
    REGRESSED,
    RESOLVED,
    CaseRecord,
    MessageRow,
    utcnow,
)

REOPEN = dt.timedelta(days=90)  # a fault that returns within this is the same case
ESCALATE_AFTER = 2  # further occurrences while the case is open
_ACTIVE = ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED


class _About(NamedTuple):
    """What a message is looked at with."""

    catalogue: Catalogue
    code: Code
    terms: Terms


@dataclass(frozen=True)
class Observation:
    """What a FAULT or EVIDENCE message says. `evidence`: the part of it that a case keeps, else None."""

    device: str
    boot: int
    seq: int
    event: int
    status: int
    occurrence: int
    catalogue: int
    inhibited: int = 0
    evidence: dict[str, Any] | None = None

    @property
    def at(self) -> tuple[int, int]:
        return self.boot, self.seq


def observation(device: str, boot: int, seq: int, body: Mapping[str, Any]) -> Observation:
    """From a stored message's `body_json`."""
    evidence = None
    if "frames" in body:
        keys = ("trigger", "cycle", "occurrence", "fdc_max", "period_ms", "verdicts", "frames")
        evidence = {key: body[key] for key in keys} | {"received_at": utcnow().isoformat()}
    return Observation(
        device=device,
        boot=boot,
        seq=seq,
        event=body["event"],
        status=body["status"],
        occurrence=body["occurrence"],
        catalogue=body["catalogue"],
        inhibited=body.get("inhibited", 0),
        evidence=evidence,
    )


async def observe(
    session: AsyncSession, seen: Observation, catalogue: Catalogue, terms: Terms = DEFAULT
) -> CaseRecord | None:
    """Opens or updates the case of this message; None when it concerns none (a fault not yet confirmed)."""
    code = catalogue.code(seen.event)
    if code is None:
        return None
    about = _About(catalogue, code, terms)
    case = await _find(session, seen.device, code.code)
    if case is not None:
        await _update(session, case, seen, about)
    elif seen.status & ids.CONFIRMED:
        case = await _open(session, seen, about)
    return case


async def _find(session: AsyncSession, device: str, code: str) -> CaseRecord | None:
    """The open case, else the newest that was resolved not long ago."""
    query = select(CaseRecord).where(CaseRecord.device == device, CaseRecord.code == code)
    cases = (await session.scalars(query)).all()
    for case in cases:
        if case.state != RESOLVED:
            return case
    recent = [case for case in cases if utcnow() - case.updated_at < REOPEN]
    return max(recent, key=lambda case: case.updated_at, default=None)


async def _open(session: AsyncSession, seen: Observation, about: _About) -> CaseRecord:
    code = about.code
    case = CaseRecord(
        device=seen.device,
        code=code.code,
        event=seen.event,
        catalogue=seen.catalogue,
        operation=seen.boot,
        last_boot=seen.boot,
        last_seq=seen.seq,
        evidence_boot=-1,
        evidence_seq=-1,
        state=NEW,
        purpose=code.purpose,
        severity=code.severity,
        hazard=code.hazard,
        ne107=code.ne107,
        first_occurrence=seen.occurrence,
        occurrences=seen.occurrence,
        status=seen.status,
        inhibited=seen.inhibited,
    )
    session.add(case)
    await session.flush()
    _tell(session, case, "opened", f"Confirmed {code.code}: {_title(code)}", seen)
    await judge(session, case, about.catalogue, about.code)
    await work.begun(session, case, about.terms, case.opened_at)
    await _attach(session, case, seen, about)
    for other in await _others(session, seen):
        await _update(session, case, other, about)
    return case


async def _others(session: AsyncSession, seen: Observation) -> list[Observation]:
    """What came before the case was opened: evidence, and reports that are newer than the one which opens it."""
    query = select(MessageRow).where(MessageRow.device == seen.device, MessageRow.kind.in_((ids.FAULT, ids.EVIDENCE)))
    others = [
        observation(row.device, row.boot, row.seq, row.body_json)
        for row in await session.scalars(query.order_by(MessageRow.boot, MessageRow.seq))
        if row.body_json["event"] == seen.event and row.body_json["catalogue"] == seen.catalogue
    ]
    return [other for other in others if other.at != seen.at and (other.evidence or other.at > seen.at)]


async def _update(session: AsyncSession, case: CaseRecord, seen: Observation, about: _About) -> None:
    case.first_occurrence = min(case.first_occurrence, seen.occurrence)
    again = seen.occurrence > case.occurrences
    case.occurrences = max(case.occurrences, seen.occurrence)
    if seen.at > (case.last_boot, case.last_seq):
        case.last_boot, case.last_seq = seen.at
        case.status = seen.status
        await _move(session, case, seen, about, again=again)
    await _attach(session, case, seen, about)
    case.updated_at = utcnow()


async def _move(session: AsyncSession, case: CaseRecord, seen: Observation, about: _About, *, again: bool) -> None:
    """The state after a newer report."""
    code = about.code
    if not seen.status & _ACTIVE:
        if case.state != RESOLVED:
            case.state = RESOLVED
            await work.ended(session, case, about.terms, utcnow())
            _tell(session, case, "resolved", f"{code.code} is gone: healed or cleared", seen)
    elif case.state == RESOLVED:
        if seen.status & ids.CONFIRMED:
            case.state = REGRESSED
            case.first_occurrence = seen.occurrence
            await work.begun(session, case, about.terms, utcnow())
            _tell(session, case, "regressed", f"{code.code} is back: {_title(code)}", seen)
    elif again and case.occurrences - case.first_occurrence >= ESCALATE_AFTER:
        case.state = ESCALATING
        _tell(session, case, "again", f"{code.code} seen {case.occurrences} times", seen)
    elif again:
        case.state = ONGOING if case.state == NEW else case.state
        _tell(session, case, "again", f"{code.code} seen {case.occurrences} times", seen)
    if seen.status & ids.CONFIRMED and again and await proposals.returned(session, case):
        await judge(session, case, about.catalogue, about.code)


async def _attach(session: AsyncSession, case: CaseRecord, seen: Observation, about: _About) -> None:
    """Newer evidence replaces older, but an empty recapture never a good one."""
    if seen.evidence is None or seen.at <= (case.evidence_boot, case.evidence_seq):
        return
    if case.evidence_json and case.evidence_json["frames"] and not seen.evidence["frames"]:
        return
    first = case.evidence_json is None
    case.evidence_boot, case.evidence_seq = seen.at
    case.evidence_json = seen.evidence
    case.inhibited = seen.inhibited
    text = "Evidence came" if first else "Newer evidence came"
    _tell(session, case, "evidence", f"{text}: {len(seen.evidence['frames'])} signals", seen)
    await judge(session, case, about.catalogue, about.code)


def _title(code: Code) -> str:
    return code.text.get("en", {}).get("title", code.event)


def _tell(session: AsyncSession, case: CaseRecord, kind: str, text: str, seen: Observation) -> None:
    tell(session, case.id, APPLIANCE, kind, text, boot=seen.boot, seq=seen.seq, status=seen.status)
