"""A board with something spoilt, for tests: takes a temporary folder and how to change the oven's files, gives a
board's folder. The sound oven is never touched.
"""

import shutil
from pathlib import Path

from trivet import boards

TICK = '"""Drive the outputs for the next tick."""'  # a line in every tick of the control program
INIT = "        self._cavity ="  # the first line of its __init__


def oven(tmp_path: Path, *changes: tuple[str, str], file: str = "drivers.py") -> Path:
    """The oven with each (text, other text) replaced once."""
    folder = tmp_path / "oven"
    if not folder.exists():
        shutil.copytree(boards.load("oven").folder, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return folder
