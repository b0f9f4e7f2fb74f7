"""A new board from the template: takes a name and a folder, writes the files, gives their paths. Overwrites nothing.

The template is a board of its own (`template/`, loadable as it lies there); only its name is replaced.
"""

from __future__ import annotations

import re
from pathlib import Path

from .errors import BoardError

TEMPLATE = Path(__file__).parent / "template"
FILES = (
    *("board.toml", "catalogue.toml", "drivers.py", "inputs.py", "physics.py"),
    *("partitions.csv", "partitions-8MB.csv", "README.md"),
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")
_LONGEST = 24  # of a model, in messages


def scaffold(name: str, at: Path) -> list[Path]:
    """Make the folder `at`/`name` with a board that loads, packs and simulates."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        rule = f"letters, digits and dashes, beginning with a letter, at most {_LONGEST} characters, as in my-kettle"
        raise BoardError(f"{name!r} is no name for a board; write {rule}")
    folder = at / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BoardError(f"{folder} is already there; choose another name, or another place with --at")
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for file in FILES:
        text = (TEMPLATE / file).read_text(encoding="utf-8")
        (folder / file).write_text(named(text, name), encoding="utf-8")
        made.append(folder / file)
    return made


def named(text: str, name: str) -> str:
    """The template's text with its own name replaced: as a folder, as a model, as people say it."""
    words = " ".join(re.split("[-_]", name))
    spoken = words[0].upper() + words[1:]
    for old, new in (("my-kettle", name), ("MY-KETTLE", name.upper()), ("My kettle", spoken)):
        text = text.replace(old, new)
    return text
