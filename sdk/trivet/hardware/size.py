"""How large the firmware is in flash: takes boards, gives bytes. A module is what stands in a chip's image, compiled:
the modules of a room that are always loaded are one there.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from trivet import boards
from trivet.release import bundle, drivers
from trivet.sim import rom
from trivet.sim.link import dotted


def measure(names: list[str]) -> dict[str, Any]:
    """`mpy`: each module's largest among the boards; `bundle`, `romfs`: by board."""
    found: dict[str, Any] = {"mpy": {}, "bundle": {}, "romfs": {}}
    for name in names:
        board = boards.load(name)
        sources = rom.shrunk(dict(rom.inputs(board, chip=True)))
        for module, size in modules(sources).items():
            if module not in ("drivers", "inputs"):
                found["mpy"][module] = max(size, found["mpy"].get(module, 0))
        found["bundle"][name] = len(bundle.pack(drivers.files(board)))
        found["romfs"][name] = rom.build(board, chip=True).stat().st_size
    return found


def modules(sources: dict[str, bytes]) -> dict[str, int]:
    """Bytes of `.mpy` by module."""
    sizes = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path, data in sources.items():
            if path.endswith(".py"):
                source = Path(scratch) / "module.py"
                source.write_bytes(data)
                rom.compiled(source, f"/rom/{path.removesuffix('.py')}.mpy")
                sizes[dotted(path)] = source.with_suffix(".mpy").stat().st_size
    return sizes
