"""One piece for each thing of a list, kept while what it shows changes: a form in it keeps what somebody types. Takes
things by number, makes and removes their pieces; never draws what is in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from nicegui import ui


class Piece(Protocol):
    """What is drawn of one thing, all of it within `element`."""

    element: ui.element


P = TypeVar("P", bound=Piece)
T = TypeVar("T")


class Each(Generic[P]):
    """The pieces in `slot`, by number."""

    def __init__(self, slot: ui.element, make: Callable[[int], P]) -> None:
        self._slot, self._make = slot, make
        self._pieces: dict[int, P] = {}

    def of(self, things: Mapping[int, T]) -> Iterable[tuple[T, P]]:
        """Each thing with its piece. There are no others then, and they stand in this order."""
        for gone in self._pieces.keys() - things.keys():
            self._pieces.pop(gone).element.delete()
        for place, number in enumerate(things):
            if number not in self._pieces:
                with self._slot:
                    self._pieces[number] = self._make(number)
            element = self._pieces[number].element
            if self._slot.default_slot.children.index(element) != place:
                element.move(target_index=place)
        return [(thing, self._pieces[number]) for number, thing in things.items()]

    def clear(self) -> None:
        """None stays."""
        self.of({})
