"""What the tests of this folder share: the chips' stubs as tables, a board's flash in a folder."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stubs
import upy
from littlefs import LittleFS
from trivet import boards
from trivet.boards.check import partitions
from trivet.sim.device import Provision

HERE = Path(__file__).parent
SITE = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
BLOCK = 4096
DATA = {"nvs": 2, "ota": 0, "littlefs": 0x83}


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stubs of an ESP32 as JSON."""
    made = tmp_path_factory.mktemp("stubs") / "esp32.json"
    made.write_text(json.dumps(stubs.table(SITE)))
    return made


def layout(board: str) -> dict[str, list[int]]:
    """The board's own partitions.csv, as the chip reports it."""
    made = {}
    for line in (boards.load(board).folder / "partitions.csv").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("#")[0].split(",")]
        if len(cells) >= 5:
            app = cells[1] == "app"
            subtype = 0x10 + int(cells[2][-1]) if app else DATA.get(cells[2], 0)
            subtype = subtype if app or cells[2] in DATA else int(cells[2], 0)
            made[cells[0]] = [0 if app else 1, subtype, partitions.number(cells[3]), partitions.number(cells[4])]
    return made


class Chip:
    """A fake board: one folder is its flash; each `run` is a life of it, in MicroPython."""

    def __init__(self, folder: Path, tables: Path, board: str = "oven") -> None:
        self.folder = folder
        self.tables = tables
        self.layout = layout(board)
        (folder / "partitions.json").write_text(json.dumps(self.layout))

    def files(self, more: dict[str, bytes] | None = None, model: str = "TO-60") -> None:
        """Provisioned, alone."""
        fs = LittleFS(block_size=BLOCK, block_count=self.layout["vfs"][3] // BLOCK, disk_version=0x00020000)
        for name, data in (Provision.alone(model).files() | (more or {})).items():
            with fs.open(name, "wb") as file:
                file.write(data)
        (self.folder / "vfs.img").write_bytes(bytes(fs.context.buffer))

    def run(self, script: str, *args: str, check: bool = True, **more: Any) -> "subprocess.CompletedProcess[bytes]":
        words = (str(self.folder), str(self.tables), *args)
        paths = [HERE / "fake", HERE]
        return upy.run_micropython(HERE / script, *words, heapsize="2m", paths=paths, check=check, **more)


@pytest.fixture
def chip(tmp_path: Path, tables: Path) -> Callable[..., Chip]:
    return lambda board="oven": Chip(tmp_path, tables, board)
