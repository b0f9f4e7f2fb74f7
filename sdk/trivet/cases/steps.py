"""The one next step of a case. Takes what triage found, gives a step with its why in words; never carries it out.

No alert without an action, no visit without evidence: below the bar the next step is a test, never a van; while a
sensor is in doubt nobody comes but with the sensor's part. A person decides at every hazard, where sources
contradict each other, and before anything that costs the owner money or time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.cases.doubt import Doubt, own_part
from trivet.cases.rich import Cause, Code
from trivet.cases.selftests import Choice

BAR = 0.6  # confidence below which nobody is sent
DOUBT_BAR = 0.5  # doubt above which the sensor is looked at before what it says
MINOR = 5  # severity that is only watched
BRING = 0.15  # probability from which on a cause's part is worth its place on the van

SELF_HELP, REMOTE_TEST, REMOTE_FIX = "self_help", "remote_test", "remote_fix"
VISIT, WATCH, ESCALATE = "visit", "watch", "escalate"
STEPS = (SELF_HELP, REMOTE_TEST, REMOTE_FIX, VISIT, WATCH, ESCALATE)
COSTS = (VISIT,)  # the owner's money or time
_OUTSIDE = ("use", "mains")  # not the appliance


@dataclass(frozen=True)
class Ranked:
    """`probability` after this case's evidence and what outcomes taught; `stated` before it was sharpened."""

    cause: Cause
    probability: float
    why: list[str]
    stated: float = 0.0


@dataclass(frozen=True)
class Step:
    name: str  # one of STEPS
    text: str
    part: str | None = None
    needs_human: bool = False
    parts: list[str] = field(default_factory=list)  # to bring along, `part` first
    routine: str | None = None  # self-test to run
    fix: str | None = None  # what the appliance is to do


@dataclass(frozen=True)
class Found:
    """What triage knows when it asks for a step. `own`: the signal that the code's own monitor doubts."""

    code: Code
    causes: Sequence[Ranked]
    confidence: float
    doubt: Doubt
    own: str | None
    evidence: bool
    test: Choice | None
    conflicts: Sequence[str]
    tried: frozenset[str] = frozenset()  # fixes that did not help

    @property
    def top(self) -> Ranked | None:
        return self.causes[0] if self.causes else None


def step(found: Found) -> Step:
    """Exactly one, for whatever was found."""
    if found.code.hazard:
        return Step(ESCALATE, "Hazard: a person decides now. Call the owner before anything else.", needs_human=True)
    if found.code.severity >= MINOR:
        return Step(WATCH, "Minor: watch whether it comes back; nobody needs to come.")
    why = _untested(found)
    if why is not None:
        return _test(found, why)
    assert found.top is not None
    return _act(found, found.top)


def allows_visit(found: Found, part: str | None) -> bool:
    """Whether anybody may be sent with this part: evidence, the bar, and no sensor in doubt but the one that the part
    mends. The same rule binds what people propose."""
    top = found.top
    if top is None or not found.evidence or found.confidence < BAR:
        return False
    return not _in_doubt(found) or (part is not None and part in _sensor_parts(found))


def _untested(found: Found) -> str | None:
    """Why a test comes before anything else; None where nothing stands against acting."""
    top = found.top
    if top is None:
        return "The catalogue names no cause: run the self-tests of this function."
    if not found.evidence:
        return "No evidence has come yet: ask the appliance for it or run a self-test."
    if _in_doubt(found) and not _mends_doubt(found, top.cause):
        return "The sensor may be lying: test it before what it says."
    if found.confidence < BAR:
        return f"Not sure enough ({found.confidence:.0%}): a self-test must tell the causes apart."
    return None


def _in_doubt(found: Found) -> bool:
    return found.own is not None or found.doubt.level >= DOUBT_BAR


def _mends_doubt(found: Found, cause: Cause) -> bool:
    """Whether this cause explains the doubt: the sensor itself, or its wiring, or something outside the appliance that
    makes its own monitor say so."""
    if cause.kind == "sensor":
        return cause.part is not None or own_part(found.code) is not None
    if found.own is None:
        return False
    return cause.kind in _OUTSIDE or (cause.kind == "wiring" and own_part(found.code) is not None)


def _sensor_parts(found: Found) -> set[str]:
    return {one.cause.part for one in found.causes if one.cause.kind == "sensor" and one.cause.part is not None}


def _test(found: Found, why: str) -> Step:
    human = bool(found.conflicts)
    if found.conflicts:
        why = f"{why} {' '.join(found.conflicts)}"
    if found.test is None:
        alone = found.evidence and found.top is not None
        text = f"{why} No self-test of it tells them apart: a person decides what to look at." if alone else why
        return Step(REMOTE_TEST, text, needs_human=human or alone)
    name = found.test.routine.text.get("en", found.test.routine.name)
    why = f"{why} Next: self-test {name} ({found.test.bits:.2f} bits expected)."
    return Step(REMOTE_TEST, why, needs_human=human, routine=found.test.routine.name)


def _act(found: Found, top: Ranked) -> Step:
    cause, human = top.cause, bool(found.conflicts)
    said = cause.text.get("en", cause.name)
    name = f"{said[:1].upper()}{said[1:]} ({found.confidence:.0%})"
    if cause.fix is not None and cause.fix not in found.tried:
        text = f"{name}: let the appliance {cause.fix} by itself, then see whether the fault comes back."
        return Step(REMOTE_FIX, text, needs_human=human, fix=cause.fix)
    if cause.kind == "use":
        return Step(SELF_HELP, f"{name}: tell the owner what to do.", needs_human=human)
    if cause.kind == "mains":
        return Step(SELF_HELP, f"{name}: the house's supply, not the appliance. Tell the owner.", needs_human=human)
    part = cause.part
    if part is None and (cause.kind == "sensor" or found.own is not None):
        part = own_part(found.code)
    if part is None and cause.kind == "part":
        return Step(ESCALATE, f"{name}: no part mends it, a person must find out what does.", needs_human=True)
    if part is None:
        return Step(VISIT, f"{name}: propose a visit; no part is needed.", needs_human=True)
    return Step(VISIT, f"{name}: propose a visit with part {part}.", part, True, _parts(found, part))


def _parts(found: Found, first: str) -> list[str]:
    also = [one.cause.part for one in found.causes if one.cause.part is not None and one.probability >= BRING]
    return list(dict.fromkeys([first, *also]))
