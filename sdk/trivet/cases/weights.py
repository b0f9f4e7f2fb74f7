"""What outcomes taught: how often each cause was it, and how far stated probabilities can be trusted. Takes catalogue
weights and what technicians reported, gives probabilities; pure, knows no database and no clock.

Causes of a code are Dirichlet distributed: the catalogue's weights are the prior, worth STRENGTH outcomes, and each
outcome adds one to its cause (posterior mean of a Dirichlet-multinomial). Evidence ratios are the maker's estimates,
taken as if they were independent, so what they make of it is too sure or not sure enough: `sharpness` is the exponent
that would have given the reported causes the highest likelihood (temperature scaling, Guo et al. 2017, section 4.2).
It keeps the order of causes and their sum of 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

STRENGTH = 4.0  # outcomes that the catalogue's weights are worth
SPREAD = 1.0  # standard deviation of ln(sharpness) before any outcome: usually between 0.4 and 2.7
REMEMBERED = 200  # outcomes that sharpness looks back on
_STEPS = 80  # of the search, ln(sharpness) from -2 to 2
_FLOOR = 1e-6


@dataclass(frozen=True)
class Weights:
    """Of one code of one model. `counts`: outcomes by cause, fractions where an outcome only ruled one out."""

    counts: Mapping[str, float] = field(default_factory=dict)
    sharpness: float = 1.0

    def shares(self, catalogue: Mapping[str, float]) -> dict[str, float]:
        """Probability of each cause before this case's evidence; `catalogue`: its causes' weights."""
        total = sum(max(weight, 0.0) for weight in catalogue.values())
        if total <= 0:
            return {}
        seen = {name: max(self.counts.get(name, 0.0), 0.0) for name in catalogue}
        whole = STRENGTH + sum(seen.values())
        return {name: (STRENGTH * max(weight, 0.0) / total + seen[name]) / whole for name, weight in catalogue.items()}


UNTAUGHT = Weights()


@dataclass(frozen=True)
class Lesson:
    """One outcome: the probabilities that were stated before sharpening, and the cause that it was."""

    stated: Mapping[str, float]
    cause: str


def sharpen(stated: Mapping[str, float], sharpness: float) -> dict[str, float]:
    """Probabilities to the power of `sharpness`, summing to 1 again."""
    powers = {name: max(value, _FLOOR) ** sharpness for name, value in stated.items()}
    total = sum(powers.values()) or 1.0
    return {name: value / total for name, value in powers.items()}


def fit(lessons: Sequence[Lesson]) -> float:
    """The sharpness that suits these outcomes best, newest last; 1 without any."""
    newest = [one for one in lessons[-REMEMBERED:] if one.cause in one.stated and len(one.stated) > 1]
    if not newest:
        return 1.0
    logs = [_logs(one) for one in newest]
    grid = (-2 + 4 * step / _STEPS for step in range(_STEPS + 1))
    best = max(grid, key=lambda at: _likelihood(logs, math.exp(at)) - (at / SPREAD) ** 2 / 2)
    return math.exp(best)


def _logs(lesson: Lesson) -> tuple[float, list[float]]:
    logs = {name: math.log(max(value, _FLOOR)) for name, value in lesson.stated.items()}
    return logs[lesson.cause], list(logs.values())


def _likelihood(logs: Iterable[tuple[float, list[float]]], sharpness: float) -> float:
    total = 0.0
    for true, every in logs:
        highest = max(every)
        total += sharpness * (true - highest)
        total -= math.log(sum(math.exp(sharpness * (one - highest)) for one in every))
    return total


def ruled_out(posterior: Mapping[str, float], wrong: str) -> dict[str, float]:
    """What an outcome teaches that only says which cause it was not: one outcome, shared among the others as likely as
    they are."""
    rest = {name: value for name, value in posterior.items() if name != wrong}
    total = sum(rest.values())
    return {name: value / total for name, value in rest.items()} if total > 0 else {}
