"""Whether a sensor lies. Takes verdicts, invalid signals and ranked causes, gives the doubt with its why in words, the
signals that are not believed, and the parts that would mend them; decides no step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from trivet.cases.rich import Catalogue, Cause, Code

PLAUSIBILITY = 0.7  # what one failed plausibility check adds to the doubt
FAILED = "failed"


class Said(Protocol):
    """Findings, as far as this room needs them."""

    @property
    def verdicts(self) -> Mapping[str, str]: ...

    @property
    def invalid(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Doubt:
    """`level`: probability that a sensor lies. `signals`: those that are not believed."""

    level: float = 0.0
    why: list[str] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)


def doubt(catalogue: Catalogue, code: Code, causes: Mapping[str, float], said: Said) -> Doubt:
    """That of the causes which say so, raised by each failed plausibility check of another monitor. `causes`:
    probabilities by name."""
    kinds = {cause.name: cause for cause in code.causes}
    liars = {name: share for name, share in causes.items() if kinds[name].kind == "sensor"}
    why = [f"{kinds[name].text.get('en', name)}: {share:.0%}" for name, share in liars.items() if share >= 0.05]
    signals: list[str] = []
    for event in catalogue.events:
        failed = said.verdicts.get(event.name) == FAILED
        if event.judges is not None and failed and event.name != code.event:
            signals.append(event.judges)
            why.append(f"plausibility check of {event.judges} failed: {title(catalogue, event.name)}")
    for signal, reason in said.invalid.items():
        if signal not in signals:
            signals.append(signal)
            why.append(f"{signal} was not valid: {reason}")
    believed = 1.0 - sum(liars.values())
    believed *= (1.0 - PLAUSIBILITY) ** len(set(signals))
    return Doubt(min(max(1.0 - believed, 0.0), 1.0), why, list(dict.fromkeys(signals)))


def judged(catalogue: Catalogue, code: Code) -> str | None:
    """The signal whose sensor this code's own monitor doubts."""
    return next((event.judges for event in catalogue.events if event.name == code.event), None)


def sensor_parts(catalogue: Catalogue, signal: str) -> list[str]:
    """Parts that mend the sensor of a signal: of the sensor causes of every code that doubts it."""
    return list(
        dict.fromkeys(
            cause.part
            for code in catalogue.codes
            if judged(catalogue, code) == signal
            for cause in code.causes
            if cause.kind == "sensor" and cause.part is not None
        )
    )


def own_part(code: Code) -> str | None:
    """The part that mends the sensor which this code doubts: that of its likeliest sensor cause in the catalogue."""
    liars = [cause for cause in code.causes if cause.kind == "sensor" and cause.part is not None]
    likeliest: Cause | None = max(liars, key=lambda cause: cause.weight, default=None)
    return likeliest.part if likeliest else None


def title(catalogue: Catalogue, event: str) -> str:
    """Code and title of an event, or its name where it has no code."""
    row = next((code for code in catalogue.codes if code.event == event), None)
    return event if row is None else f"{row.code} {row.text.get('en', {}).get('title', event)}"
