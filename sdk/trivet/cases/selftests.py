"""Which self-test tells the likeliest causes apart, and what its result says. Takes ranked causes and a catalogue's
routines, gives the routine with the highest expected information; never runs one.

A routine's result is taken as a noisy sign: it fails with SENSITIVITY when the cause is among those it finds, and with
FALSE_ALARM when it is not. Expected information is the mean fall of the causes' entropy in bits (Lindley 1956).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from trivet.cases.rich import Catalogue, Code, Routine

SENSITIVITY = 0.95
FALSE_ALARM = 0.03
WORTH_BITS = 0.02  # a test that tells less is not worth anybody's minutes


@dataclass(frozen=True)
class Choice:
    """A routine and the bits that its result is expected to tell."""

    routine: Routine
    bits: float


def likelihood(routine: Routine, event: str, cause: str, *, failed: bool) -> float:
    """Probability of this result when it is this cause."""
    fails = SENSITIVITY if routine.fails(event, cause) else FALSE_ALARM
    return fails if failed else 1.0 - fails


def best(catalogue: Catalogue, code: Code, causes: Mapping[str, float], done: Collection[str]) -> Choice | None:
    """The routine to run next; None when none that was not run tells anything. `causes`: their probabilities."""
    choices = [Choice(one, information(one, code.event, causes)) for one in catalogue.routines if one.name not in done]
    found = max(choices, key=lambda one: one.bits, default=None)
    return found if found is not None and found.bits >= WORTH_BITS else None


def information(routine: Routine, event: str, causes: Mapping[str, float]) -> float:
    """Bits, 0 to 1."""
    fall = _entropy(causes.values())
    for failed in (True, False):
        joint = [value * likelihood(routine, event, name, failed=failed) for name, value in causes.items()]
        total = sum(joint)
        if total > 0:
            fall -= total * _entropy([one / total for one in joint])
    return max(fall, 0.0)


def _entropy(values: Collection[float]) -> float:
    return -sum(one * math.log2(one) for one in values if one > 0)
