"""What is most likely wrong and what to do next. Takes a catalogue's causes and the verdicts in the evidence, gives
ranked causes, doubt in the sensor, confidence and one next step, each with its why in words.

Pure: no database, no clock. Causes are ranked by Bayes' rule in odds form: prior weight × likelihood ratio of each
verdict. The rule that never bends: no visit without evidence, and below the bar the next step is a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trivet.cases.rich import Catalogue, Cause, Code

BAR = 0.6  # confidence below which nobody is sent
DOUBT_BAR = 0.5  # doubt above which the sensor is looked at before what it says
NO_EVIDENCE_CAP = 0.4  # confidence that weights alone can reach
PLAUSIBILITY_DOUBT = 0.7  # what one failed plausibility check adds to the doubt
MINOR = 5  # severity that is only watched

PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True)
class Findings:
    """What the evidence says: verdicts by event name, and signals that were not valid, by name with the reason."""

    verdicts: Mapping[str, str] = field(default_factory=dict)
    invalid: Mapping[str, str] = field(default_factory=dict)
    present: bool = True


NOTHING = Findings(present=False)


@dataclass(frozen=True)
class Ranked:
    cause: Cause
    probability: float
    why: list[str]


@dataclass(frozen=True)
class Step:
    name: str  # self_help | remote_test | remote_fix | visit | watch | escalate
    text: str
    part: str | None = None
    needs_human: bool = False


@dataclass(frozen=True)
class Triage:
    causes: list[Ranked]  # likeliest first
    sensor_doubt: float
    sensor_why: list[str]
    confidence: float
    step: Step

    def as_json(self) -> dict[str, Any]:
        """What `cases.triage_json` keeps; texts of causes stay in the catalogue."""
        return {
            "causes": [
                {"name": one.cause.name, "probability": round(one.probability, 4), "why": one.why}
                for one in self.causes
            ],
            "sensor_why": self.sensor_why,
            "next_step": {
                "text": self.step.text,
                "part": self.step.part,
                "needs_human": self.step.needs_human,
            },
        }


def triage(catalogue: Catalogue, code: Code, findings: Findings) -> Triage:
    causes = _rank(catalogue, code, findings)
    doubt, doubt_why = _doubt(catalogue, code, causes, findings)
    top = causes[0] if causes else None
    informed = findings.present and any(_ratio(cause, findings)[1] for cause in code.causes)
    confidence = 0.0 if top is None else top.probability
    if not informed:
        confidence = min(confidence, NO_EVIDENCE_CAP)
    step = _step(code, top, confidence, doubt, findings.present)
    return Triage(causes, doubt, doubt_why, confidence, step)


def _rank(catalogue: Catalogue, code: Code, findings: Findings) -> list[Ranked]:
    prior = sum(max(cause.weight, 0.0) for cause in code.causes)
    if prior <= 0:
        return []
    odds = {cause.name: max(cause.weight, 0.0) * _ratio(cause, findings)[0] for cause in code.causes}
    total = sum(odds.values()) or 1.0
    ranked = [
        Ranked(cause, odds[cause.name] / total, _why(catalogue, cause, cause.weight / prior, findings))
        for cause in code.causes
    ]
    return sorted(ranked, key=lambda one: -one.probability)


def _ratio(cause: Cause, findings: Findings) -> tuple[float, int]:
    """Product of the cause's ratios over the verdicts there are, and how many of them said anything."""
    product, spoke = 1.0, 0
    for ratio in cause.evidence:
        verdict = findings.verdicts.get(ratio.event)
        factor = {PASSED: ratio.passed, FAILED: ratio.failed}.get(verdict or "", 1.0)
        product *= max(factor, 1e-6)
        spoke += factor != 1.0
    return product, spoke


def _why(catalogue: Catalogue, cause: Cause, prior: float, findings: Findings) -> list[str]:
    words = [f"{prior:.0%} of such faults have this cause before any evidence"]
    for ratio in cause.evidence:
        verdict = findings.verdicts.get(ratio.event)
        if verdict is None:
            words.append(f"{_name(catalogue, ratio.event)} was not tested")
            continue
        factor = ratio.failed if verdict == FAILED else ratio.passed
        said = f"{_name(catalogue, ratio.event)} {verdict}"
        if factor != 1.0:
            words.append(f"{said}: speaks {_strength(factor)} this cause (×{factor:.2g})")
    return words


def _strength(ratio: float) -> str:
    """A likelihood ratio in words: from 3 (or a third) on it is strong, below 1.5 slight."""
    size = max(ratio, 1 / max(ratio, 1e-6))
    degree = "strongly " if size >= 3 else "slightly " if size < 1.5 else ""
    return degree + ("for" if ratio > 1 else "against")


def _doubt(catalogue: Catalogue, code: Code, causes: list[Ranked], findings: Findings) -> tuple[float, list[str]]:
    """Probability that a sensor lies: that of the causes which say so, raised by each failed plausibility check."""
    words = [
        f"{one.cause.text.get('en', one.cause.name)}: {one.probability:.0%}"
        for one in causes
        if one.cause.kind == "sensor" and one.probability >= 0.05
    ]
    believed = 1.0 - sum(one.probability for one in causes if one.cause.kind == "sensor")
    doubted: set[str] = set()
    for event in catalogue.events:
        failed = findings.verdicts.get(event.name) == FAILED
        if event.judges is not None and failed and event.name != code.event:
            doubted.add(event.judges)
            words.append(f"plausibility check of {event.judges} failed: {_name(catalogue, event.name)}")
    for signal, reason in findings.invalid.items():
        if signal not in doubted:
            doubted.add(signal)
            words.append(f"{signal} was not valid: {reason}")
    believed *= (1.0 - PLAUSIBILITY_DOUBT) ** len(doubted)
    return min(max(1.0 - believed, 0.0), 1.0), words


def _step(code: Code, top: Ranked | None, confidence: float, doubt: float, evidence: bool) -> Step:
    if code.hazard:
        return Step("escalate", "Hazard: a person decides now. Call the owner before anything else.", needs_human=True)
    if code.severity >= MINOR:
        return Step("watch", "Minor: watch whether it comes back; nobody needs to come.")
    if top is None:
        test = "The catalogue names no cause: run the self-tests of this function."
    elif not evidence:
        test = "No evidence has come yet: ask the appliance for it or run a self-test."
    elif doubt >= DOUBT_BAR and top.cause.kind != "sensor":
        test = "The sensor may be lying: test it before what it says."
    elif confidence < BAR:
        test = f"Not sure enough ({confidence:.0%}): a self-test must tell the causes apart."
    else:
        return _act(top, confidence)
    return Step("remote_test", test)


def _act(top: Ranked, confidence: float) -> Step:
    name = top.cause.text.get("en", top.cause.name)
    if top.cause.kind == "use":
        return Step("self_help", f"{name} ({confidence:.0%}): tell the owner what to do.")
    if top.cause.kind == "mains":
        return Step("self_help", f"{name} ({confidence:.0%}): the house's supply, not the appliance. Tell the owner.")
    if top.cause.part is not None:
        text = f"{name} ({confidence:.0%}): propose a visit with part {top.cause.part}."
        return Step("visit", text, part=top.cause.part, needs_human=True)
    return Step("visit", f"{name} ({confidence:.0%}): propose a visit; no part is needed.", needs_human=True)


def _name(catalogue: Catalogue, event: str) -> str:
    row = next((code for code in catalogue.codes if code.event == event), None)
    return event if row is None else f"{row.code} {row.text.get('en', {}).get('title', event)}"
