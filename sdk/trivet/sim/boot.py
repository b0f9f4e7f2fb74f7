"""The boot loader of a simulated appliance: what ESP-IDF's does, with rollback, before any of our code runs.

Takes the directory with `ota_0.img`, `ota_1.img` and `otadata.img`, gives the number and the file of the image that
starts, and writes what such a start leaves in otadata: NEW becomes PENDING, what is PENDING already becomes ABORTED and
the other image starts, INVALID never does. Without `ota_0.img` the image that was built last stands in its place.
"""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from trivet import paths

from .errors import SimulationError

_MAGIC = b"\xd2\xcd\x31"  # of a ROMFS image


def start(folder: Path, built: Path) -> tuple[int, Path]:
    """SimulationError when neither image can start: then the appliance is bricked."""
    data = folder / "otadata.img"
    if not data.exists() and not (folder / "ota_0.img").exists():
        return 0, built
    chosen = _select(data) if data.exists() else 0
    for slot in (chosen, 1 - chosen):
        image = folder / f"ota_{slot}.img"
        if not image.exists() and slot == 0:
            image = built
        if _starts(image):
            return slot, image
    raise SimulationError(f"no base image in {folder} can start")


def _select(path: Path) -> int:
    rules = otadata()
    data = path.read_bytes()
    first, second = (data[at : at + rules.ENTRY].ljust(rules.ENTRY, b"\xff") for at in (0, rules.SECTOR))
    slot, writes = rules.started(first, second)
    with path.open("r+b") as file:
        for sector, entry in writes:
            file.seek(sector * rules.SECTOR)
            file.write(entry.ljust(rules.SECTOR, b"\xff"))
    return int(slot)


def _starts(image: Path) -> bool:
    """What the chip checks before it starts an image: here its header, and that all of it is there."""
    if not image.exists():
        return False
    with image.open("rb") as file:
        head = file.read(8)
    length = 0
    for at, byte in enumerate(head[len(_MAGIC) :], len(_MAGIC)):
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            return head.startswith(_MAGIC) and at + 1 + length <= image.stat().st_size
    return False


@cache
def otadata() -> ModuleType:
    """The appliance's own rules, from its source."""
    path = paths.firmware() / "appliance" / "update" / "otadata.py"
    found = importlib.util.spec_from_file_location("trivet_otadata", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
