"""One catalogue read from both its sides: packed, as appliances carry it, and rich, as people read it.

Takes the packed bytes and the rich JSON of one firmware's board, gives what an event or a code means; never changes
either. Every message names the catalogue it speaks of: keep all of them, by `id`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from trivet_wire import catalogue as wire
from trivet_wire import code as wire_code
from trivet_wire import ids
from trivet_wire.refuse import WireError

from trivet.cases import rich
from trivet.errors import MessageError


class Catalogue:
    """Raises CatalogueError when the bytes are no catalogue, or the two sides do not belong together."""

    def __init__(self, packed: bytes, rich_json: dict[str, Any]) -> None:
        try:
            self.packed = wire.Catalogue(packed)
            self.rich = rich.load(rich_json)
        except (WireError, msgspec.ValidationError) as error:
            raise MessageError.of(ids.R_CATALOGUE, str(error)) from error
        self.id = wire.catalogue_id(packed)
        self.model = self.rich.model
        said = [row.code if (row := self.rich.code(event)) else None for event in range(len(self.rich.events))]
        if said != [self.packed.text(event) for event in range(self.packed.events)]:
            raise MessageError.of(ids.R_CATALOGUE, "its packed and its rich side name different codes")

    def has(self, event: int) -> bool:
        """Whether it gives `event` a code and words."""
        return event < self.packed.events and self.rich.code(event) is not None

    def event(self, code: str) -> int:
        """The event of a code as people write it; CodeError when it is misread, CatalogueError when it is not here."""
        event = self.packed.find(wire_code.parse(code))
        if event < 0:
            raise MessageError.of(ids.R_CATALOGUE, f"the {self.model} has no code {code.strip().upper()}")
        return event

    def row(self, event: int) -> rich.Code:
        """Texts, severity, causes and steps of an event; CatalogueError when it has none."""
        row = self.rich.code(event)
        if row is None:
            raise MessageError.of(ids.R_CATALOGUE, f"the {self.model} has no event {event}")
        return row

    def code(self, event: int) -> str:
        """As on the display, `H07-1K`."""
        return self.row(event).code

    def text(self, event: int, language: str = "en") -> rich.Texts:
        """Title, what it means for the owner and what to do now; English where the language is missing."""
        texts = self.row(event).text
        return texts[language if language in texts else "en"]

    def causes(self, event: int) -> list[rich.Cause]:
        """Likeliest first, by the weights alone; evidence moves them (`trivet.cases`)."""
        return sorted(self.row(event).causes, key=lambda cause: -cause.weight)
