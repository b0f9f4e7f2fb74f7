"""What it was in the end. Takes a transaction, a case and a technician's form, closes the case, teaches the weights,
and takes an outcome back where it was wrong. Never reads who declined what.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import learned, proposals, work
from trivet.cases.history import FIXED, NOTHING_FOUND, WRONG_PART
from trivet.cases.judge import catalogue_of, judge
from trivet.cases.problem import CaseError
from trivet.cases.rich import Catalogue, Code
from trivet.cases.terms import Terms
from trivet.cases.timeline import Actor, Hand, tell
from trivet.cases.weights import ruled_out
from trivet.store.cases import OutcomeRow, ProposalRow
from trivet.store.tables import ONGOING, RESOLVED, CaseRecord, utcnow

SENSOR, USE_ERROR = "sensor", "use_error"
KINDS = (FIXED, WRONG_PART, NOTHING_FOUND, SENSOR, USE_ERROR)
_WORDS = {
    FIXED: "Mended",
    WRONG_PART: "Wrong part: the fault is still there",
    NOTHING_FOUND: "No fault found",
    SENSOR: "The sensor lied",
    USE_ERROR: "No fault of the appliance",
}
_CAUSES = {SENSOR: ("sensor", "wiring"), USE_ERROR: ("use", "mains")}  # kinds of cause that an outcome may name
_UNDECIDED = (proposals.OPEN, proposals.APPROVED)


@dataclass(frozen=True)
class Form:
    """What the technician, or the desk after a call, reports. `cause`: a name of the catalogue; None where it has none
    for it (FIXED), or leaves the choice to what was likeliest. `visit`: somebody went there."""

    kind: str
    cause: str | None = None
    part: str | None = None
    visit: bool = True
    note: str = ""


async def close(hand: Hand, form: Form) -> OutcomeRow:
    """Keep it, teach it, and close the case, but after a wrong part: then the next cause is looked for. Raises
    CaseError."""
    return await keep(hand, await work.record(hand.session, hand.case, open_=True), form)


async def keep(hand: Hand, case: CaseRecord, form: Form) -> OutcomeRow:
    """The same of a case that is closed already, or just was: its fault is gone. Raises CaseError."""
    session, number, terms, actor = hand
    catalogue, code = await catalogue_of(session, case)
    cause = _cause(case, code, form)
    if form.part is not None and catalogue.part(form.part) is None:
        raise CaseError("no-such-part", f"{catalogue.model} has no part {form.part!r}: take a number of its catalogue.")
    row = _row(case, catalogue, actor, form, cause)
    row.attempt = 1 + (await session.scalar(select(func.count()).where(OutcomeRow.case == number)) or 0)
    row.taught_json = _taught(row)
    session.add(row)
    await session.flush()
    await learned.teach(session, row.model, row.code, row.taught_json)
    await _finish(session, case, terms, row)
    data = {"outcome": row.kind, "cause": cause, "id": row.id, "upto": [case.last_boot, case.last_seq]}
    ends = row.kind != WRONG_PART
    tell(session, number, actor, "closed", _text(code, row), why=form.note, ends=ends, **data)
    if form.kind == WRONG_PART:
        await judge(session, case, catalogue, code)
    return row


async def take_back(hand: Hand, outcome: int, why: str) -> None:
    """It was not so: what it taught is forgotten, and the case is open again."""
    session, number, terms, actor = hand
    case = await work.record(session, number)
    row = await session.get(OutcomeRow, outcome)
    if row is None or row.case != number or row.withdrawn_at is not None:
        raise CaseError("no-such-outcome", f"Case {number} has no outcome {outcome} that stands.")
    other = select(CaseRecord.id).where(
        CaseRecord.device == case.device,
        CaseRecord.code == case.code,
        CaseRecord.id != number,
        CaseRecord.state != RESOLVED,
    )
    newer = await session.scalar(other)
    if newer is not None:
        raise CaseError("other-case-open", f"Case {newer} of the same fault is open: work on that one.")
    row.withdrawn_at = utcnow()
    await session.flush()
    await learned.teach(session, row.model, row.code, row.taught_json, -1)
    if case.state == RESOLVED:
        case.state = ONGOING
    (await work.of(session, case, terms)).resolved_at = None
    case.updated_at = utcnow()
    upto = [case.last_boot, case.last_seq]
    tell(session, number, actor, "reopened", f"{actor.who} took the outcome back", why=why, id=outcome, upto=upto)
    await judge(session, case, *await catalogue_of(session, case))


def _cause(case: CaseRecord, code: Code, form: Form) -> str | None:
    """The cause that the form names, or the likeliest of those that it may mean."""
    if form.kind not in KINDS:
        raise CaseError("no-such-outcome", f"There is no outcome {form.kind!r}: use one of {', '.join(KINDS)}.")
    if form.kind == NOTHING_FOUND:
        return None
    kinds = _CAUSES.get(form.kind)
    fitting = [one.name for one in code.causes if kinds is None or one.kind in kinds]
    if form.cause is not None:
        if form.cause not in fitting:
            names = ", ".join(fitting) or "none"
            raise CaseError("no-such-cause", f"{form.cause!r} is no cause of {code.code} for {form.kind}: {names}.")
        return form.cause
    if form.kind == FIXED:
        return None
    if form.kind == WRONG_PART:
        return case.first_cause
    ranked = [one["name"] for one in case.triage_json.get("causes", [])]
    return next((name for name in ranked if name in fitting), fitting[0] if fitting else None)


def _row(case: CaseRecord, catalogue: Catalogue, actor: Actor, form: Form, cause: str | None) -> OutcomeRow:
    ranked = case.triage_json.get("causes", [])
    return OutcomeRow(
        case=case.id,
        by=actor.who,
        kind=form.kind,
        cause=cause,
        part=form.part,
        model=catalogue.model,
        code=case.code,
        predicted=case.first_cause,
        confidence=case.confidence,
        visit=form.visit,
        stated_json={one["name"]: one.get("stated", one["probability"]) for one in ranked},
    )


def _taught(row: OutcomeRow) -> dict[str, float]:
    if row.cause is None:
        return {}
    return ruled_out(row.stated_json, row.cause) if row.kind == WRONG_PART else {row.cause: 1.0}


async def _finish(session: AsyncSession, case: CaseRecord, terms: Terms, row: OutcomeRow) -> None:
    await work.responded(session, case, terms)
    mine = ProposalRow.case == case.id
    done = update(ProposalRow).where(mine, ProposalRow.state == proposals.ACCEPTED).values(state=proposals.DONE)
    await session.execute(done)
    if row.kind != WRONG_PART:
        gone = update(ProposalRow).where(mine, ProposalRow.state.in_(_UNDECIDED)).values(state=proposals.WITHDRAWN)
        await session.execute(gone)
        case.state = RESOLVED
        await work.ended(session, case, terms, row.at or utcnow())


def _text(code: Code, row: OutcomeRow) -> str:
    cause = next((one.text.get("en", one.name) for one in code.causes if one.name == row.cause), None)
    text = _WORDS[row.kind] + (f": {cause}" if cause else "")
    return text + (f"; part {row.part} fitted" if row.part else "")
