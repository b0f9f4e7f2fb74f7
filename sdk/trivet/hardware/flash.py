"""How what was built comes into a board: takes the built folder, the base image that the maker gives and a port, gives
commands. `esptool` writes the flash, `mpremote` the file that starts the appliance; nothing here talks to a board.

A base image is MicroPython for the board's chip: the file of the download page (boot loader, partition table and
program in one) or a program image alone with its boot loader beside it. Its own partition table
is left out: ours stands there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from trivet.boards.pins import CHIPS
from trivet.errors import TrivetError

from . import build, table

BAUD = 460_800
_MAGIC = 0xE9  # of a program image (esp_image_header_t)
_CHIP_AT = 12  # in its header: u16, which chip
_CHIPS = {0: "esp32", 5: "esp32c3", 9: "esp32s3"}
_ERASED = b"\xff"


@dataclass(frozen=True)
class Step:
    """One command, and what it is for."""

    what: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Base:
    bootloader: bytes
    program: bytes


def base(file: Path, bootloader: Path | None, chip: str) -> Base:
    """The parts of the maker's image; TrivetError for one of another chip, or that is none."""
    data = _read(file)
    boot = CHIPS[chip].boot
    at = table.AT - boot
    if len(data) > at + 2 and data[at : at + 2] == b"\xaa\x50":  # all in one
        rows = table.decode(data[at : at + table.SIZE])
        programs = [one for one in rows if one.type == 0]
        if not programs:
            raise TrivetError(f"{file}: its partition table has no program")
        made = Base(data[:at].rstrip(_ERASED), data[programs[0].offset - boot :].rstrip(_ERASED))
        made = Base(made.bootloader, _padded(made.program))
    elif bootloader is None:
        raise TrivetError(
            f"{file} has no boot loader in it: give the whole image, as MicroPython's download page has it, or "
            "--bootloader FILE too"
        )
    else:
        made = Base(_read(bootloader), data)
    for part in (made.bootloader, made.program):
        _judge(part, chip, file)
    return made


def _padded(program: bytes) -> bytes:
    """An image ends at a multiple of 16; what looks like erased flash there is its own."""
    return program + _ERASED * (-len(program) % 16)


def _judge(image: bytes, chip: str, file: Path) -> None:
    if len(image) < 24 or image[0] != _MAGIC:
        raise TrivetError(f"{file} is no image for a chip of this family")
    its = _CHIPS.get(int.from_bytes(image[_CHIP_AT : _CHIP_AT + 2], "little"), "another chip")
    if its != chip:
        raise TrivetError(f"{file} is for {its}; the board has an {chip} ([chip] in board.toml)")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TrivetError(f"{file} cannot be read: {error.strerror}") from error


def steps(folder: Path, made: build.Built, rows: list[table.Row], parts: Base | None, port: str) -> list[Step]:
    """What to run, in this order. `parts` None: the board has its base, only the appliance is written."""
    romfs = table.row(rows, "romfs")
    connect = (sys.executable, "-m", "mpremote", "connect", port)
    if parts is None:
        return [
            Step("the appliance into its partition", (*connect, "romfs", "deploy", str(folder / "romfs.img"))),
            Step("what starts it", (*connect, "resume", "fs", "cp", str(folder / "main.py"), ":main.py")),
            Step("start it", (*connect, "resume", "reset")),
        ]
    program = table.row(rows, "ota_0")
    if len(parts.program) > program.size:
        raise TrivetError(
            f"the base has {len(parts.program):,} bytes, the partition ota_0 {program.size:,}: take MicroPython's "
            "OTA variant for this chip, or a chip with more flash"
        )
    for name, data in (("bootloader.bin", parts.bootloader), ("program.bin", parts.program)):
        (folder / name).write_bytes(data)
    about = CHIPS[made.chip]
    tool = (sys.executable, "-m", "esptool", "--chip", about.name, "--port", port)
    writes = [
        *(f"{about.boot:#x}", str(folder / "bootloader.bin"), f"{table.AT:#x}", str(folder / "partitions.bin")),
        *(f"{program.offset:#x}", str(folder / "program.bin"), f"{romfs.offset:#x}", str(folder / "romfs.img")),
    ]
    size = ("--flash-size", f"{made.flash_mb}MB")
    return [
        Step("empty the whole flash", (*tool, "erase-flash")),
        Step("base and appliance", (*tool, "--baud", str(BAUD), "write-flash", *size, *writes)),
        Step("what starts it", (*connect, "fs", "cp", str(folder / "main.py"), ":main.py")),
        Step("start it", (*connect, "reset")),
    ]


def merged(folder: Path, made: build.Built, rows: list[table.Row], parts: Base, out: Path) -> Step:
    """One file with everything at its place, for a programmer on the maker's line: `esptool merge-bin`."""
    program, romfs = table.row(rows, "ota_0"), table.row(rows, "romfs")
    for name, data in (("bootloader.bin", parts.bootloader), ("program.bin", parts.program)):
        (folder / name).write_bytes(data)
    about = CHIPS[made.chip]
    words = (
        *(sys.executable, "-m", "esptool", "--chip", about.name, "merge-bin", "--output", str(out)),
        *("--flash-size", f"{made.flash_mb}MB", f"{about.boot:#x}", str(folder / "bootloader.bin")),
        *(f"{table.AT:#x}", str(folder / "partitions.bin"), f"{program.offset:#x}", str(folder / "program.bin")),
        *(f"{romfs.offset:#x}", str(folder / "romfs.img")),
    )
    return Step("one image of everything", words)
