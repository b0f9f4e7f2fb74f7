"""Collects findings about a board that loads (as it is, or mended): words for places, values and nearest names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import Place
from ..models import Board, Condition, Monitor
from .finding import Finding, Source


@dataclass
class Report:
    """What the rules look at, and where they write."""

    board: Board
    toml: Source  # board.toml
    catalogue: Source
    found: list[Finding] = field(default_factory=list)

    def note(self, path: Place, problem: str, instead: str, item: str | None = None) -> None:
        """A mistake in board.toml."""
        self._add(self.toml.find(path, problem, instead, item))

    def note_code(self, path: Place, problem: str, instead: str) -> None:
        """A mistake in catalogue.toml."""
        self._add(self.catalogue.find(path, problem, instead))

    def _add(self, finding: Finding | None) -> None:
        if finding is not None:
            self.found.append(finding)

    def monitors(self) -> Iterator[tuple[Place, dict[str, Any], Monitor]]:
        """Each monitor with its place and its table; not those that are known to be wrong, or read what is."""
        by_event = {self.board.codes[one.event].event: one for one in self.board.monitors}
        for at, table in enumerate(self.toml.mended.get("monitor", [])):
            path: Place = ("monitor", at)
            if self.toml.touched(path) or table.get("event") not in by_event:
                continue
            monitor = by_event[table["event"]]
            if not self.guessed(monitor.sources) and not self.unsure(monitor.conditions):
                yield path, table, monitor

    def guessed(self, indices: Iterable[int]) -> bool:
        """Whether one of these signals has a mistake of its own, so that what it can show is not known."""
        return any(0 <= index < len(self.board.signals) and self.toml.touched(("signal", index)) for index in indices)

    def unsure(self, conditions: Iterable[Condition]) -> bool:
        return self.guessed(index for one in conditions for index in (one.source, one.minus))

    def scale(self, index: int) -> int:
        return self.board.signals[index].scale if index < len(self.board.signals) else 1

    def name(self, index: int) -> str:
        return self.board.names()[index]

    def show(self, index: int, value: int) -> str:
        """A value of a signal as its maker writes it: `-30.5 °C`."""
        unit = self.board.signals[index].unit if index < len(self.board.signals) else ""
        return f"{value / self.scale(index):g} {unit}".strip()
