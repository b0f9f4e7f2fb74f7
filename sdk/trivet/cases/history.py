"""What happened before on this appliance with this code. Takes the outcomes of its earlier cases, gives a factor for
each cause with its why in words; pure.

The factors are odds, estimates of the service trade and no measurements: a part that was just replaced seldom fails
again, one that was replaced without effect was not it, and where nothing was found the fault comes and goes: contacts
and use rather than a broken part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trivet.cases.rich import Cause

FIXED, WRONG_PART, NOTHING_FOUND = "fixed", "wrong_part", "no_fault_found"
REPLACED_AGAIN, NOT_IT, COMES_AND_GOES = 0.3, 0.1, 1.5
_LOOSE = ("wiring", "use", "mains")


@dataclass(frozen=True)
class History:
    """`tried`: causes that were acted upon, with what came of it (FIXED, WRONG_PART); `nothing_found`: how often."""

    tried: Mapping[str, str] = field(default_factory=dict)
    nothing_found: int = 0

    def factor(self, cause: Cause) -> float:
        """Odds of this cause against what they would be on an appliance without a past."""
        odds = {FIXED: REPLACED_AGAIN, WRONG_PART: NOT_IT}.get(self.tried.get(cause.name, ""), 1.0)
        if self.nothing_found and cause.kind in _LOOSE:
            odds *= COMES_AND_GOES
        return odds

    def why(self, cause: Cause) -> list[str]:
        """The same in words."""
        words = []
        before = self.tried.get(cause.name)
        if before == FIXED:
            words.append(f"it was mended on this appliance before: speaks strongly against it (×{REPLACED_AGAIN})")
        if before == WRONG_PART:
            words.append(f"its part was replaced on this appliance without effect (×{NOT_IT})")
        if self.nothing_found and cause.kind in _LOOSE:
            words.append(f"nothing was found on this appliance before: it comes and goes (×{COMES_AND_GOES})")
        return words
