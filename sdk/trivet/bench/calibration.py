"""How far stated probabilities hold. Takes pairs of a stated probability and whether it was so, gives reliability by
bin and the expected calibration error (Naeini, Cooper and Hauskrecht 2015, section 2: equal-width bins, weighted by
how many fell into each).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BINS = 10
Pairs = Sequence[tuple[float, bool]]


def reliability(pairs: Pairs) -> list[dict[str, Any]]:
    """Of each bin that is not empty: how many, their mean stated probability, and the share that was so."""
    made = []
    for at in range(BINS):
        inside = [pair for pair in pairs if _bin(pair[0]) == at]
        if inside:
            stated = sum(one for one, _ in inside) / len(inside)
            true = sum(so for _, so in inside) / len(inside)
            made.append({"bin": at, "n": len(inside), "stated": round(stated, 4), "true": round(true, 4)})
    return made


def expected_error(pairs: Pairs) -> float:
    """0 to 1; 0 without any pair."""
    gaps = [0.0] * BINS
    for stated, so in pairs:
        gaps[_bin(stated)] += stated - so
    return sum(abs(gap) for gap in gaps) / max(len(pairs), 1)


def _bin(stated: float) -> int:
    return min(int(stated * BINS), BINS - 1)
