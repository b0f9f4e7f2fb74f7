"""What is most likely wrong and what to do next. Takes a catalogue's causes, the evidence, the appliance's history and
what outcomes taught, gives ranked causes, doubt in the sensor, confidence, impact and one next step, each with its why
in words.

Pure: no database, no clock. Causes are ranked by Bayes' rule in odds form: share before evidence × likelihood ratio of
each verdict and of each self-test's result × what this appliance's history says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trivet.cases import doubt as doubts
from trivet.cases import selftests
from trivet.cases.history import History
from trivet.cases.impact import Impact, impact
from trivet.cases.rich import Catalogue, Cause, Code
from trivet.cases.steps import BAR, DOUBT_BAR, MINOR, Found, Ranked, Step, step
from trivet.cases.weights import UNTAUGHT, Weights, sharpen

__all__ = ("BAR", "DOUBT_BAR", "MINOR", "NOTHING", "Findings", "Ranked", "Step", "Triage", "found", "triage")

NO_EVIDENCE_CAP = 0.4  # confidence that weights alone can reach

PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True)
class Findings:
    """What the evidence says: verdicts by event name, signals that were not valid, by name with the reason, results of
    self-tests by routine, and fixes that were carried out and did not help."""

    verdicts: Mapping[str, str] = field(default_factory=dict)
    invalid: Mapping[str, str] = field(default_factory=dict)
    present: bool = True
    tests: Mapping[str, str] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()


NOTHING = Findings(present=False)


@dataclass(frozen=True)
class Triage:
    causes: list[Ranked]  # likeliest first
    sensor_doubt: float
    sensor_why: list[str]
    confidence: float
    step: Step
    impact: Impact = field(default_factory=Impact)
    conflicts: list[str] = field(default_factory=list)
    sharpness: float = 1.0

    def as_json(self) -> dict[str, Any]:
        """What `cases.triage_json` keeps; texts of causes stay in the catalogue."""
        return {
            "causes": [
                {
                    "name": one.cause.name,
                    "probability": round(one.probability, 4),
                    "stated": round(one.stated, 4),
                    "why": one.why,
                }
                for one in self.causes
            ],
            "sensor_why": self.sensor_why,
            "next_step": {key: value for key, value in asdict(self.step).items() if key != "name"},
            "impact": {"level": self.impact.level, "text": self.impact.text},
            "conflicts": self.conflicts,
        }


def triage(
    catalogue: Catalogue,
    code: Code,
    findings: Findings,
    *,
    weights: Weights = UNTAUGHT,
    history: History | None = None,
    inhibited: int = 0,
) -> Triage:
    """`weights`: of this code; `inhibited`: mask of the functions that are switched off."""
    seen = found(catalogue, code, findings, weights=weights, history=history)
    return Triage(
        list(seen.causes),
        seen.doubt.level,
        seen.doubt.why,
        seen.confidence,
        step(seen),
        impact(catalogue, inhibited),
        list(seen.conflicts),
        weights.sharpness,
    )


def found(
    catalogue: Catalogue,
    code: Code,
    findings: Findings,
    *,
    weights: Weights = UNTAUGHT,
    history: History | None = None,
) -> Found:
    """Everything that the next step rests on."""
    causes = _rank(catalogue, code, findings, weights, history or History())
    shares = {one.cause.name: one.probability for one in causes}
    informed = findings.present and _informed(code, findings)
    confidence = causes[0].probability if causes else 0.0
    if not informed:
        confidence = min(confidence, NO_EVIDENCE_CAP)
    doubt = doubts.doubt(catalogue, code, shares, findings)
    return Found(
        code=code,
        causes=causes,
        confidence=confidence,
        doubt=doubt,
        own=doubts.judged(catalogue, code),
        evidence=findings.present,
        test=selftests.best(catalogue, code, shares, findings.tests),
        conflicts=_conflicts(catalogue, code, causes, doubt, findings),
        tried=findings.tried,
    )


def _rank(catalogue: Catalogue, code: Code, findings: Findings, weights: Weights, history: History) -> list[Ranked]:
    shares = weights.shares({cause.name: cause.weight for cause in code.causes})
    if not shares:
        return []
    odds = {
        cause.name: shares[cause.name]
        * _ratio(cause, findings)[0]
        * _tested(catalogue, code, cause, findings)
        * history.factor(cause)
        for cause in code.causes
    }
    total = sum(odds.values()) or 1.0
    stated = {name: one / total for name, one in odds.items()}
    sharp = sharpen(stated, weights.sharpness)
    ranked = [
        Ranked(
            cause,
            sharp[cause.name],
            [*_why(catalogue, cause, shares[cause.name], findings), *history.why(cause)],
            stated[cause.name],
        )
        for cause in code.causes
    ]
    return sorted(ranked, key=lambda one: -one.probability)


def _informed(code: Code, findings: Findings) -> bool:
    """Whether the evidence shows the fault, or anything in it speaks for or against a cause."""
    shown = findings.verdicts.get(code.event) == FAILED
    return shown or bool(findings.tests) or any(_ratio(cause, findings)[1] for cause in code.causes)


def _ratio(cause: Cause, findings: Findings) -> tuple[float, int]:
    """Product of the cause's ratios over the verdicts there are, and how many of them said anything."""
    product, spoke = 1.0, 0
    for ratio in cause.evidence:
        verdict = findings.verdicts.get(ratio.event)
        factor = {PASSED: ratio.passed, FAILED: ratio.failed}.get(verdict or "", 1.0)
        product *= max(factor, 1e-6)
        spoke += factor != 1.0
    return product, spoke


def _tested(catalogue: Catalogue, code: Code, cause: Cause, findings: Findings) -> float:
    """Likelihood of the self-tests' results when it is this cause."""
    product = 1.0
    for routine in catalogue.routines:
        result = findings.tests.get(routine.name)
        if result is not None:
            product *= selftests.likelihood(routine, code.event, cause.name, failed=result == FAILED)
    return product


def _conflicts(
    catalogue: Catalogue, code: Code, causes: list[Ranked], doubt: doubts.Doubt, findings: Findings
) -> list[str]:
    """Where sources contradict each other: then a person decides."""
    if not causes:
        return []
    top, words = causes[0], []
    name = top.cause.text.get("en", top.cause.name)
    if doubt.level >= DOUBT_BAR and doubt.signals and top.cause.kind != "sensor":
        words.append(f"Conflict: most speaks for {name}, but {', '.join(doubt.signals)} is not believed.")
    for routine in catalogue.routines:
        result = findings.tests.get(routine.name)
        if result is None:
            continue
        if selftests.likelihood(routine, code.event, top.cause.name, failed=result == FAILED) < 0.1:
            words.append(f"Conflict: self-test {routine.name} {result}, which {name} does not explain.")
    return words


def _why(catalogue: Catalogue, cause: Cause, prior: float, findings: Findings) -> list[str]:
    words = [f"{prior:.0%} of such faults have this cause before any evidence"]
    for ratio in cause.evidence:
        verdict = findings.verdicts.get(ratio.event)
        if verdict is None:
            words.append(f"{doubts.title(catalogue, ratio.event)} was not tested")
            continue
        factor = ratio.failed if verdict == FAILED else ratio.passed
        said = f"{doubts.title(catalogue, ratio.event)} {verdict}"
        if factor != 1.0:
            words.append(f"{said}: speaks {_strength(factor)} this cause (×{factor:.2g})")
    return words


def _strength(ratio: float) -> str:
    """A likelihood ratio in words: from 3 (or a third) on it is strong, below 1.5 slight."""
    size = max(ratio, 1 / max(ratio, 1e-6))
    degree = "strongly " if size >= 3 else "slightly " if size < 1.5 else ""
    return degree + ("for" if ratio > 1 else "against")
