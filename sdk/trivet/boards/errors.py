"""What is wrong in a board's files, said so that its maker can put it right."""

from pathlib import Path
from typing import Any

from trivet.errors import TrivetError

Place = tuple[str | int, ...]  # keys and positions from the top of a TOML file
NOTHING: Any = object()


class BoardError(TrivetError):
    """A mistake in a board's files; the text names file, key and what to write instead."""


class Mistake(BoardError):
    """One mistake at one place of a TOML file, with what `trivet check` needs to look past it."""

    def __init__(
        self,
        file: Path,
        said: str,
        path: Place,
        wrong: str,
        write: str,
        *,
        item: str | None = None,
        stand: Any = NOTHING,
    ) -> None:
        """`item`: the wrong text of a list. `stand`: what may stand there instead; NOTHING: leave it out."""
        super().__init__(f"{file}: {said}: {wrong}; write {write}" if said else f"{file}: {wrong}; write {write}")
        self.file = file
        self.path = path
        self.wrong = wrong
        self.write = write
        self.item = item
        self.stand = stand
