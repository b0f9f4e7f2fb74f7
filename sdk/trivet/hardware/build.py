"""Builds what goes onto a real board: takes a board in which nothing is wrong, gives a folder. The same board and tools
give the same bytes.

    romfs.img        firmware, the board's data and programs for the partition `romfs` of a ready-made MicroPython
    bundle.tvb       the board's data and programs alone, as an update brings them
    partitions.bin   the partition table, from the board's partitions.csv
    main.py          starts the appliance on a ready-made MicroPython
    frozen/          the same firmware for a MicroPython of your own: make … FROZEN_MANIFEST=FOLDER/frozen/manifest.py
    build.json       what it is, and how large
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trivet import boards
from trivet.boards import Board
from trivet.boards.check import check
from trivet.errors import TrivetError
from trivet.release import bundle, drivers
from trivet.sim import rom

from . import fits, table

FORMAT = 1
MAIN = """\
# Starts the appliance from the partition `romfs`. The file system is the appliance's own from here on.
import vfs

vfs.umount("/")
import main_esp32

main_esp32.main()
"""
BOOT = """\
# Before anything else: nothing is mounted, so nothing can be formatted. `main.py` starts the appliance.
import gc

gc.collect()
"""
FROZEN_MAIN = """\
import main_esp32

main_esp32.main()
"""
MANIFEST = """\
# The firmware of {model}, for a MicroPython of your own. It stands in place of the port's own manifest, whose _boot.py
# would format a file system that it cannot read.
module("_boot.py", base_path=".", opt=3)
module("main.py", base_path=".", opt=3)
require("onewire")
freeze("firmware", opt=3)
"""


@dataclass(frozen=True)
class Built:
    """What build.json says."""

    format: int
    board: str
    model: str
    chip: str
    flash_mb: int
    files: dict[str, dict[str, Any]]  # name -> bytes, sha256


def build(name: str | Path, out: Path) -> Built:
    """TrivetError for a board with mistakes, or one that does not fit its flash."""
    board = boards.load(name)
    found = check(board.folder) or fits.check(board)[1]
    if found:
        raise TrivetError(f"{found[0].file.name}: {found[0].key} {found[0].problem}. trivet check {name} says more")
    rows = table.read(board.folder / "partitions.csv")
    sources = rom.shrunk(dict(rom.inputs(board, chip=True)))
    made = {
        "romfs.img": rom.build(board, chip=True).read_bytes(),
        "bundle.tvb": bundle.pack(drivers.files(board)),
        "partitions.bin": table.encode(rows),
        "main.py": MAIN.encode(),
    }
    for path, data in made.items():
        _write(out / path, data)
    _freeze(out / "frozen", sources, board)
    said = Built(
        format=FORMAT,
        board=board.name,
        model=board.model,
        chip=board.chip.kind,
        flash_mb=board.chip.flash_mb,
        files={path: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in made.items()},
    )
    _write(out / "build.json", (json.dumps(asdict(said), indent=2) + "\n").encode())
    return said


def _freeze(folder: Path, sources: dict[str, bytes], board: Board) -> None:
    """The firmware as a manifest of MicroPython takes it; packed data as bytes of a module."""
    packed = {path.removeprefix("board/"): data for path, data in sources.items() if path.startswith("board/")}
    rows = "".join(f"    {name!r}: {data!r},\n" for name, data in sorted(packed.items()))
    _write(folder / "firmware" / "packed_files.py", f"FILES = {{\n{rows}}}\n".encode())
    for path, data in sources.items():
        if path.endswith(".py"):
            _write(folder / "firmware" / path, data)
    _write(folder / "_boot.py", BOOT.encode())
    _write(folder / "main.py", FROZEN_MAIN.encode())
    _write(folder / "manifest.py", MANIFEST.format(model=board.model).encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def read(folder: Path) -> Built:
    """A folder that `build` wrote; TrivetError where a file of it was changed since."""
    try:
        said = Built(**json.loads((folder / "build.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TrivetError(f"{folder} holds nothing that was built: trivet build BOARD --out {folder}") from error
    for name, row in said.files.items():
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            raise TrivetError(f"{path} is not what was built: trivet build {said.board} --out {folder}")
    return said
