"""The partition table as the chip's boot loader reads it (ESP-IDF, "Partition Tables"). Takes a board's partitions.csv,
gives rows, and the 3 KB that stand at 0x8000: an entry of 32 bytes for each, their MD5, erased flash behind.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path

from trivet.boards.check.partitions import APP, FIRST, SECTOR, number
from trivet.errors import TrivetError

AT = 0x8000
SIZE = 0xC00
_ENTRY = b"\xaa\x50"
_MD5 = b"\xeb\xeb" + b"\xff" * 14
_TYPES = {"app": 0, "data": 1}
_APPS = {"factory": 0, "test": 0x20} | {f"ota_{at}": 0x10 + at for at in range(16)}
_DATA = {"ota": 0, "phy": 1, "nvs": 2, "coredump": 3, "nvs_keys": 4, "fat": 0x81, "spiffs": 0x82, "littlefs": 0x83}


@dataclass(frozen=True)
class Row:
    name: str
    type: int
    subtype: int
    offset: int
    size: int
    line: int = field(default=0, compare=False)  # of partitions.csv, counted from 1; 0 out of flash

    @property
    def end(self) -> int:
        return self.offset + self.size


def read(file: Path) -> list[Row]:
    """The rows of a table in which `trivet check` finds no mistake; TrivetError for one that is none."""
    rows: list[Row] = []
    end = FIRST
    for at, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.split("#")[0].split(",")]
        if cells == [""]:
            continue
        try:
            kind = _TYPES[cells[1]]
            subtype = (_DATA if kind else _APPS).get(cells[2])
            align = SECTOR if kind else APP
            offset = number(cells[3]) if cells[3] else -(-end // align) * align
            subtype = int(cells[2], 0) if subtype is None else subtype
            rows.append(Row(cells[0], kind, subtype, offset, number(cells[4]), at))
        except (KeyError, ValueError, IndexError) as error:
            raise TrivetError(f"{file}, line {at}: this is no partition; trivet check says more") from error
        end = rows[-1].end
    return rows


def row(rows: list[Row], name: str) -> Row:
    """By name; TrivetError where there is none."""
    found = next((one for one in rows if one.name == name), None)
    if found is None:
        raise TrivetError(f"partitions.csv has no partition {name}")
    return found


def encode(rows: list[Row]) -> bytes:
    entries = b"".join(
        _ENTRY + struct.pack("<BBII16sI", one.type, one.subtype, one.offset, one.size, one.name.encode(), 0)
        for one in rows
    )
    table = entries + _MD5 + hashlib.md5(entries, usedforsecurity=False).digest()
    return table.ljust(SIZE, b"\xff")


def decode(data: bytes) -> list[Row]:
    """The rows of a table out of flash; TrivetError where its MD5 does not fit."""
    rows = []
    for at in range(0, SIZE, 32):
        entry = data[at : at + 32]
        if entry[:16] == _MD5:
            if hashlib.md5(data[:at], usedforsecurity=False).digest() != entry[16:]:
                raise TrivetError("the partition table's MD5 does not fit")
            break
        if entry[:2] != _ENTRY:
            break
        kind, subtype, offset, size, name, _ = struct.unpack("<BBII16sI", entry[2:])
        rows.append(Row(name.rstrip(b"\0").decode(), kind, subtype, offset, size))
    return rows
