"""Triage of a stored case. Takes a transaction and a case, gathers its evidence, self-tests, history and what outcomes
taught, writes the result into the case; tells the timeline when first cause or next step changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import learned
from trivet.cases.history import History
from trivet.cases.rich import Catalogue, Code, load
from trivet.cases.steps import REMOTE_FIX, Found
from trivet.cases.timeline import SYSTEM, tell
from trivet.cases.triage import FAILED, NOTHING, PASSED, Findings, Triage, found, triage
from trivet.cases.weights import Weights
from trivet.store.cases import CaseTestRow, ProposalRow
from trivet.store.tables import CaseRecord, CatalogueRow

_VERDICTS = {ids.VERDICT_PASSED: PASSED, ids.VERDICT_FAILED: FAILED}
DID_NOT_HELP = "failed"  # state of a proposal


async def judge(session: AsyncSession, case: CaseRecord, catalogue: Catalogue, code: Code) -> None:
    """Judge it with all that is known now."""
    said, weights, history = await _known(session, case, catalogue)
    result = triage(catalogue, code, said, weights=weights, history=history, inhibited=case.inhibited)
    before = case.first_cause, case.next_step
    top = result.causes[0].cause if result.causes else None
    case.first_cause = top.name if top else None
    case.confidence = result.confidence
    case.sensor_doubt = result.sensor_doubt
    case.next_step = result.step.name
    case.triage_json = result.as_json()
    if before != (case.first_cause, case.next_step):
        _say(session, case, result)


async def found_of(session: AsyncSession, case: CaseRecord, catalogue: Catalogue, code: Code) -> Found:
    """What a next step would rest on now."""
    said, weights, history = await _known(session, case, catalogue)
    return found(catalogue, code, said, weights=weights, history=history)


async def catalogue_of(session: AsyncSession, case: CaseRecord) -> tuple[Catalogue, Code]:
    """The case's catalogue and its row."""
    row = await session.get_one(CatalogueRow, case.catalogue)
    catalogue = load(row.rich_json)
    code = catalogue.code(case.event)
    assert code is not None  # else it would be no case
    return catalogue, code


async def _known(session: AsyncSession, case: CaseRecord, catalogue: Catalogue) -> tuple[Findings, Weights, History]:
    tests = {
        row.routine: PASSED if row.passed else FAILED
        for row in await session.scalars(select(CaseTestRow).where(CaseTestRow.case == case.id))
    }
    query = select(ProposalRow.fix).where(ProposalRow.case == case.id, ProposalRow.step == REMOTE_FIX)
    tried = await session.scalars(query.where(ProposalRow.state == DID_NOT_HELP))
    said = findings(case.evidence_json, catalogue, tests, frozenset(fix for fix in tried if fix is not None))
    weights = await learned.weights(session, catalogue.model, case.code)
    return said, weights, await learned.history(session, case.device, case.code)


def findings(
    evidence: Mapping[str, Any] | None,
    catalogue: Catalogue,
    tests: Mapping[str, str] | None = None,
    tried: frozenset[str] = frozenset(),
) -> Findings:
    """Verdicts and invalid signals of stored evidence, by name, with what self-tests and fixes said."""
    if evidence is None:
        return Findings(present=False, tests=tests or {}, tried=tried) if tests or tried else NOTHING
    names = [event.name for event in catalogue.events]
    verdicts = {
        names[int(index)]: _VERDICTS[verdict]
        for index, verdict in evidence["verdicts"].items()
        if int(index) < len(names) and verdict in _VERDICTS
    }
    invalid = {
        catalogue.signals[signal].name: ids.VALIDITY_NAMES[validity]
        for signal, validity, _samples in evidence["frames"]
        if signal < len(catalogue.signals) and ids.VALID < validity < len(ids.VALIDITY_NAMES)
    }
    return Findings(verdicts, invalid, tests=tests or {}, tried=tried)


def _say(session: AsyncSession, case: CaseRecord, result: Triage) -> None:
    top = result.causes[0].cause if result.causes else None
    cause = f"{top.text.get('en', top.name)} ({result.confidence:.0%})" if top else "no cause known"
    text = f"Likeliest: {cause}. {result.step.text}"
    data = {"cause": case.first_cause, "step": case.next_step, "confidence": round(result.confidence, 4)}
    tell(session, case.id, SYSTEM, "triage", text, **data)
