"""What a delta saves, and what applying it costs: a typical release of each board, applied by the appliance's patcher
as it is in that board's ROM image, in MicroPython with an appliance's heap. `bench updates` prints it.

A typical release here: the next firmware of a board whose drivers have another constant and two lines more, and one of
whose codes tells its owner something else. Times are the fastest of `--n` runs; the peak is the least free heap with
which it works (words have 64 bits here, on a chip 32).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet import boards, paths
from trivet.release.build import Order, build
from trivet.sim import rom
from trivet.sim.appliance import start_command

from . import device

if TYPE_CHECKING:
    from . import Options

ENTRY = "delta"
DEFAULT_N = 20
HEAP_KIB = 160
_CONSTANT = re.compile(r"^(_\w+ = )(\d+)(.*)$", re.MULTILINE)
_INIT = re.compile(r"^    def __init__\(self, board.*\n", re.MULTILINE)
_OWNER = re.compile(r'^owner = "', re.MULTILINE)


def run(options: Options) -> dict[str, Any]:
    """By board: `bundle_bytes`, `patch_bytes`, `delta_ratio`, `apply_ms`, `apply_peak` (bytes). `delta_ratio` over all
    is the largest."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = {name: _one(name, Path(scratch) / name, options) for name in boards.available()}
    return {"boards": rows, "delta_ratio": max(row["delta_ratio"] for row in rows.values())}


def _one(name: str, scratch: Path, options: Options) -> dict[str, Any]:
    options.say(f"{name}: two releases, and the way from one to the other")
    board = scratch / name
    shutil.copytree(paths.boards() / name, board)
    old = build(board, Order(version="1.0.0"), scratch / "old")
    changed(board)
    new = build(board, Order(version="1.1.0", earlier=(old.path,)), scratch / "new")
    patch = new.path / new.index.deltas[0].file
    images = [str(one.path / "bundle.tvb") for one in (old, new)]
    said = _applied(name, [*images, str(patch), str(options.n or DEFAULT_N)])
    whole, part = (new.path / "bundle.tvb").stat().st_size, patch.stat().st_size
    figures = {"bundle_bytes": whole, "patch_bytes": part, "delta_ratio": round(part / whole, 4)}
    return figures | {"apply_ms": said["us"] / 1000, "apply_peak": said["peak"], "same": said["same"]}


def _applied(board: str, words: list[str]) -> dict[str, Any]:
    """What the program in the board's image says."""
    image = rom.build(boards.load(board), device.TOOLS / f"{ENTRY}.py", device.TOOLS / "measure.py")
    done = subprocess.run(start_command(image, HEAP_KIB, ENTRY, *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{ENTRY} stopped:\n{done.stdout}{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def changed(board: Path) -> None:
    """The board's folder as it is a release later."""
    drivers, catalogue = board / "drivers.py", board / "catalogue.toml"
    source = _CONSTANT.sub(lambda found: f"{found[1]}{int(found[2]) + 1}{found[3]}", drivers.read_text(), count=1)
    lines = "        self._releases = 2\n        self._since = self._releases - 1\n"
    drivers.write_text(_INIT.sub(lambda found: found[0] + lines, source, count=1))
    catalogue.write_text(_OWNER.sub('owner = "Please note: ', catalogue.read_text(), count=1))


def sound(result: dict[str, Any]) -> bool:
    """Every patch led to the new image."""
    return all(row["same"] for row in result["boards"].values())


def show(result: dict[str, Any]) -> None:
    print(f"{'':12}{'bundle':>10}{'delta':>10}{'share':>8}{'applied in':>12}{'peak heap':>11}")
    for name, row in result["boards"].items():
        size, part = f"{row['bundle_bytes']:,} B", f"{row['patch_bytes']:,} B"
        share, took = f"{100 * row['delta_ratio']:.1f} %", f"{row['apply_ms']:.1f} ms"
        print(f"{name:12}{size:>10}{part:>10}{share:>8}{took:>12}{row['apply_peak']:>9,} B")
