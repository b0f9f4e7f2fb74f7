"""A board's files for a bundle: what a ROM image carries of them, compiled apart from it.

Takes a board, gives files by path: `drivers.mpy` and the packed data under `board/`. The firmware that will load
`drivers.mpy` was compiled at another time, its integers folded and its names spared; so the drivers' integers of
`trivet_wire.ids` are folded in here, and what they may call of the firmware (`trivet.sim.unused.OFFERED`) keeps its
name on both sides. Their other names become some that the interpreter has anyway: thousands of bytes of RAM less.
"""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path

from trivet import boards, paths
from trivet.boards import Board
from trivet.sim.constants import fold
from trivet.sim.errors import SimulationError
from trivet.sim.rom import compiled
from trivet.sim.shorten import shorten
from trivet.sim.unused import OFFERED

from .problem import ReleaseError

_WIRE = ("trivet_wire/__init__.py", "trivet_wire/ids.py")
_FIRMWARE = ("trivet_wire", "appliance", "main")
_LENT = ("board", "inhibit", "pins")  # arguments of a maker's program that are objects of the firmware


def files(board: Board) -> dict[str, bytes]:
    """What a bundle of this board holds. ReleaseError when its drivers lean on what a bundle cannot bring."""
    made = {f"board/{name}": data for name, data in boards.pack(board).items()}
    for name in ("drivers", "inputs"):
        file = board.folder / f"{name}.py"
        if file.exists():
            made[f"{name}.mpy"] = _compiled(file)
    return made


def source(drivers: Path) -> bytes:
    """The drivers' source as it is compiled: each constant of the shared package is its value, names are spared."""
    root = paths.firmware()
    shared = {path: (root / path).read_bytes() for path in _WIRE if (root / path).exists()}
    folded = fold({**shared, drivers.name: drivers.read_bytes()})[drivers.name]
    _check(folded, drivers)
    return shorten({drivers.name: folded}, steady=True)[drivers.name]


def _check(folded: bytes, drivers: Path) -> None:
    """ReleaseError, with its line, for what the firmware that loads the drivers may not have by that name."""
    for node in ast.walk(ast.parse(folded)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.partition(".")[0] in _FIRMWARE:
                raise ReleaseError(
                    f"{drivers}, line {getattr(node, 'lineno', 0)}: drivers in a bundle may take integers of "
                    f"trivet_wire.ids, and nothing else of {name}: the firmware that will load them spares its names"
                )
        lent = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _LENT
        if isinstance(node, ast.Attribute) and lent and node.attr not in OFFERED:
            raise ReleaseError(
                f"{drivers}, line {node.lineno}: {ast.unparse(node)} is nothing that drivers in a bundle may take of "
                f"the firmware; there are {', '.join(sorted(OFFERED - {'Application', 'tick'}))}"
            )


def _compiled(drivers: Path) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / drivers.name
        path.write_bytes(source(drivers))
        try:
            compiled(path, drivers.name)
        except SimulationError as error:
            raise ReleaseError(f"{drivers}: {error}. `trivet check` says where") from error
        return path.with_suffix(".mpy").read_bytes()
