"""A list of links, one line each, that stays live. Takes lines of HTML by key, draws anew only what changed; never
builds markup of its own.
"""

from __future__ import annotations

from typing import NamedTuple

from nicegui import ui

from trivet.desk.frame import Island


class Line(NamedTuple):
    """`html` is escaped markup of a template."""

    key: str
    address: str
    classes: str
    html: str


class Lines:
    """The list, kept in order."""

    def __init__(self, classes: str, head: str) -> None:
        self.element = ui.element("div").classes(f"list {classes}")
        with self.element:
            Island("head", html=head)
        self._lines: dict[str, Island] = {}
        self._drawn = False

    def show(self, lines: list[Line], *, calm: bool = False) -> None:
        """Show these in this order. What came since the drawing before lights up, unless somebody asked for other lines
        (`calm`)."""
        for key in self._lines.keys() - {line.key for line in lines}:
            self._lines.pop(key).element.delete()
        for position, line in enumerate(lines, start=1):
            island = self._lines.get(line.key)
            if island is None:
                arrived = "arrived" if self._drawn and not calm else ""
                with self.element:
                    island = Island(arrived, "a", line.html, f'href="{line.address}" data-key="{line.key}"')
                self._lines[line.key] = island
            island.show(line.html)
            kept = " arrived" if "arrived" in island.element.classes else ""
            island.element.classes(replace=line.classes + kept)
            if self.element.default_slot.children.index(island.element) != position:
                island.element.move(target_index=position)
        self.element.set_visibility(bool(lines))
        self._drawn = True
