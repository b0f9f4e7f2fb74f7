"""`check` explains every mistake of a board: takes its folder, gives findings with file, line and what to write.

What a board must be is known to the loader and to the monitor kinds; here is how to go on after a mistake, and what
loads but cannot be meant. Writes nothing; runs one tick of the board's physics.
"""

from __future__ import annotations

import ast
import struct
from functools import cache
from pathlib import Path

from trivet import paths
from trivet.errors import TrivetError

from ..pack import pack
from ..reader import nearest
from . import codes, conditions, drivers, limits, partitions, pins, world
from .finding import Finding, Source
from .mend import mend, open_source
from .report import Report

__all__ = ["Finding", "check"]


def check(folder: Path) -> list[Finding]:
    """All mistakes of the board in `folder`, by file and line; none: it is sound."""
    found: list[Finding] = []
    opened = [open_source(folder / name) for name in ("board.toml", "catalogue.toml")]
    sources = [one for one in opened if isinstance(one, Source)]
    found += [one for one in opened if isinstance(one, Finding)]
    board = None
    if len(sources) == 2:
        toml, catalogue = sources
        board, mistakes = mend(toml, catalogue)
        found += mistakes
        if board is not None:
            report = Report(board, toml, catalogue)
            for rule in (limits.check, conditions.check, codes.check, pins.check, _internal):
                rule(report)
            found += report.found
            if not found:
                found += _packs(report)
    found += drivers.check(folder / "drivers.py", board)
    found += world.check(folder / "physics.py", board)
    found += partitions.check(folder / "partitions.csv", board.chip.flash_mb if board is not None else 4)
    return sorted(set(found))


def _internal(report: Report) -> None:
    """Under [internal] stands what the firmware reports of itself; a name that it never says is a mistake."""
    for name in report.board.internal:
        if name not in _words():
            used = [word for word in _words() if word in _house_words()]
            report.note(("internal", name), "the firmware reports nothing of this name", nearest(name, used))


@cache
def _words() -> frozenset[str]:
    """Every text in the firmware's sources: the names that it can report are among them."""
    made = set()
    for file in (paths.firmware() / "appliance").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                made.add(node.value)
    return frozenset(made)


@cache
def _house_words() -> frozenset[str]:
    """What the boards that come with the SDK write under [internal]."""
    made: set[str] = set()
    for file in paths.boards().glob("*/board.toml"):
        source = open_source(file)
        if isinstance(source, Source) and isinstance(source.document.get("internal"), dict):
            made |= set(source.document["internal"])
    return frozenset(made)


def _packs(report: Report) -> list[Finding]:
    try:
        pack(report.board)
    except (TrivetError, ValueError, struct.error) as error:
        file = report.toml.file
        return [Finding(file, 0, "", f"is too large for the appliance: {error}", "fewer or shorter texts")]
    return []
