"""What a check found: one mistake, its place, and what to write instead. Holds values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Place
from .lines import Lines, said


@dataclass(frozen=True, order=True)
class Finding:
    """`line` counts from 1; 0 where the whole file is meant."""

    file: Path
    line: int
    key: str
    problem: str
    instead: str
    quote: str = field(default="", compare=False)

    def json(self) -> dict[str, str | int]:
        made: dict[str, str | int] = {"file": str(self.file), "line": self.line, "key": self.key}
        return made | {"problem": self.problem, "instead": self.instead}


@dataclass
class Source:
    """One TOML file of a board: what it says, and where."""

    file: Path
    document: dict[str, Any]  # as written
    mended: dict[str, Any]  # with something fitting in the place of each mistake
    lines: Lines
    noted: dict[Place, None] = field(default_factory=dict)  # places with a mistake: what follows from it is not news

    def find(self, path: Place, problem: str, instead: str, item: str | None = None) -> Finding | None:
        """The mistake at `path` (in `item` of its list); None where that place is known to be wrong already."""
        if self.wrong(path) and item is None:
            return None
        place = path
        listed = self._value(path)
        if item is not None and isinstance(listed, list) and item in listed:
            place = (*path, listed.index(item))
        line = self.lines.of(place)
        return Finding(self.file, line, said(self.document, path), problem, instead, self.lines.quote(line))

    def wrong(self, path: Place) -> bool:
        """Whether this place, or what it stands in, was told already."""
        return any(path[: len(known)] == known for known in self.noted)

    def touched(self, path: Place) -> bool:
        """Whether anything in this table was told already."""
        return self.wrong(path) or any(known[: len(path)] == path for known in self.noted)

    def _value(self, path: Place) -> Any:
        inside: Any = self.document
        for step in path:
            try:
                inside = inside[step]
            except (KeyError, IndexError, TypeError):
                return None
        return inside
