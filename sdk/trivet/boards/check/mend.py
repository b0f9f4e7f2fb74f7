"""Finds every mistake that stops a board from loading: load, note, put something fitting there, load again.

The loader stays the one place that knows what a board must be. Works on copies; the files are never written.
"""

from __future__ import annotations

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

from ..errors import NOTHING, Mistake, Place
from ..load import assemble
from ..models import Board
from ..reader import Table
from .finding import Finding, Source
from .lines import Lines

MOST = 200  # mistakes told; a file with more is best begun anew
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def open_source(file: Path) -> Source | Finding:
    """The file with its lines, or why there is nothing to check."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        write = "the file; `trivet new my-kettle` makes one to learn from"
        return Finding(file, 0, "", "is missing", write)
    except UnicodeDecodeError as error:
        return Finding(file, text_line(file, error.start), "", "is not UTF-8", "the file in UTF-8")
    lines = Lines(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else len(lines.text)
        problem = f"this is not TOML: {_AT_LINE.sub('', str(error)).strip()}"
        return Finding(file, line, "", problem, "key = value, [table] or [[table of a list]]", lines.quote(line))
    return Source(file, document, copy.deepcopy(document), lines)


def text_line(file: Path, offset: int) -> int:
    return file.read_bytes()[:offset].count(b"\n") + 1


def mend(board: Source, catalogue: Source) -> tuple[Board | None, list[Finding]]:
    """The board as it would be without its mistakes (None when it cannot be guessed), and the mistakes."""
    sources = {board.file: board, catalogue.file: catalogue}
    found: list[Finding] = []
    tries: dict[tuple[Path, Place, str | None], int] = {}
    for _ in range(MOST):
        try:
            tables = [Table(one.file, "", copy.deepcopy(one.mended)) for one in (board, catalogue)]
            return assemble(*tables), _without_doubles(found)
        except Mistake as mistake:
            source = sources[mistake.file]
            finding = source.find(mistake.path, mistake.wrong, mistake.write, mistake.item)
            if finding is not None:
                found.append(finding)
            key = (mistake.file, mistake.path, mistake.item)
            if not _apply(source.mended, mistake, tries.get(key, 0)):
                break
            tries[key] = tries.get(key, 0) + 1
            source.noted[mistake.path] = None
    return None, _without_doubles(found)


def _apply(document: dict[str, Any], mistake: Mistake, tried: int) -> bool:
    """Put something fitting there; False when nothing is left to try."""
    if not mistake.path:
        return False
    inside: Any = document
    for step in mistake.path[:-1]:
        try:
            inside = inside[step]
        except (KeyError, IndexError, TypeError):
            return False
    last = mistake.path[-1]
    if tried > 2 or not isinstance(inside, dict):
        return False
    listed = inside.get(last)
    if mistake.item is not None and isinstance(listed, list) and mistake.item in listed:
        listed.remove(mistake.item)
    elif last == "code" and len(mistake.path) > 1:
        inside[last] = _unused_code(document)
    elif mistake.stand is NOTHING or tried == 2:
        inside.pop(last, None)
    else:
        inside[last] = copy.deepcopy(mistake.stand)
    return True


def _unused_code(document: dict[str, Any]) -> str:
    rows = document.get("code")
    used = [row.get("code") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return next(code for number in range(1000) if (code := f"Z{number // 10:02}-{number % 10}") not in used)


def _without_doubles(found: list[Finding]) -> list[Finding]:
    """A misspelt key is one mistake, not also a missing one."""
    misspelt = {
        (one.file, one.key.rpartition(": ")[0], one.instead.split(" ")[0])
        for one in found
        if one.problem.startswith("is not a key")
    }
    return [
        one
        for one in found
        if one.problem != "is missing" or (one.file, *one.key.rpartition(": ")[::2]) not in misspelt
    ]
