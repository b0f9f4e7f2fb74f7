"""What the owner has lost and still has. Takes the mask of functions that the appliance switched off, gives one word
and the functions; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trivet.cases.rich import Catalogue, Function

NONE, LIMITED, UNUSABLE = "none", "limited", "unusable"


@dataclass(frozen=True)
class Impact:
    """`level`: nothing is off, something is, or everything is."""

    level: str = NONE
    lost: list[Function] = field(default_factory=list)
    works: list[Function] = field(default_factory=list)

    @property
    def text(self) -> str:
        """In plain words."""
        if self.level == NONE:
            return "Everything still works."
        lost = ", ".join(_name(one) for one in self.lost)
        if self.level == UNUSABLE:
            return f"Nothing works any more: {lost}."
        return f"Switched off: {lost}. Still works: {', '.join(_name(one) for one in self.works)}."


def impact(catalogue: Catalogue, inhibited: int) -> Impact:
    """`inhibited`: mask by function index, as the appliance sent it; bits beyond the catalogue say nothing."""
    lost = [one for index, one in enumerate(catalogue.functions) if inhibited >> index & 1]
    works = [one for index, one in enumerate(catalogue.functions) if not inhibited >> index & 1]
    level = NONE if not lost else LIMITED if works else UNUSABLE
    return Impact(level, lost, works)


def _name(function: Function) -> str:
    return function.text.get("en", function.name)
