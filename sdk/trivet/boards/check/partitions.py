"""The flash of an appliance: partitions.csv in ESP-IDF's form. Takes the file, gives what does not fit on the chip.

Offsets may be left out, as ESP-IDF allows; they then follow the partition before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .finding import Finding

FIRST = 0x9000  # behind boot loader and partition table
SECTOR = 0x1000
APP = 0x10000  # alignment of an application
NEEDED = ("journal", "ledger", "romfs", "vfs")  # that the firmware opens by name
RINGS = ("journal", "ledger")  # raw rings of sectors
RING = 6 * SECTOR  # smallest
_UNITS = {"K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Partition:
    line: int
    name: str
    type: str
    offset: int
    size: int

    def end(self) -> int:
        return self.offset + self.size


def check(file: Path, flash_mb: int = 4) -> Iterator[Finding]:
    if not file.exists():
        yield Finding(
            file, 0, "", "is missing: the appliance's flash has no layout", "the one that `trivet new` writes"
        )
        return
    text = file.read_text(encoding="utf-8").splitlines()
    rows: list[Partition] = []

    def wrong(line: int, key: str, problem: str, instead: str) -> Finding:
        return Finding(file, line, key, problem, instead, text[line - 1].strip() if line else "")

    end = FIRST
    for number, line in enumerate(text, 1):
        cells = [cell.strip() for cell in line.split("#")[0].split(",")]
        if cells == [""]:
            continue
        row = _row(number, cells, end)
        if row is None:
            form = "name, data or app, subtype, offset, size: as in journal, data, 0x40, 0x370000, 0x20000"
            yield wrong(number, cells[0], "is no partition", form)
            continue
        yield from (wrong(number, row.name, *one) for one in _alone(row, flash_mb << 20))
        for other in rows:
            if row.name == other.name:
                yield wrong(number, row.name, f"stands twice: also in line {other.line}", "another name")
            if row.offset < other.end() and other.offset < row.end():
                problem = f"overlaps {other.name} (line {other.line}), which ends at {other.end():#x}"
                yield wrong(number, row.name, problem, f"an offset from {other.end():#x}")
        rows.append(row)
        end = row.end()
    for name in NEEDED:
        if name not in [row.name for row in rows]:
            yield wrong(0, name, "is missing", f"a partition with the name {name}: the firmware opens it")


def _row(line: int, cells: list[str], follows: int) -> Partition | None:
    if len(cells) < 5 or not cells[0] or cells[1] not in ("app", "data"):
        return None
    align = APP if cells[1] == "app" else SECTOR
    try:
        offset = number(cells[3]) if cells[3] else -(-follows // align) * align
        return Partition(line, cells[0], cells[1], offset, number(cells[4]))
    except ValueError:
        return None


def number(text: str) -> int:
    """`0x20000`, `131072`, `128K`, `1M`; ValueError otherwise."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(text[:-1] if unit > 1 else text, 0) * unit


def _alone(row: Partition, flash: int) -> Iterator[tuple[str, str]]:
    align = APP if row.type == "app" else SECTOR
    if row.offset % align:
        down = row.offset // align * align
        yield f"offset {row.offset:#x} is not aligned", f"a multiple of {align:#x}: {down:#x} or {down + align:#x}"
    if row.offset < FIRST:
        yield f"offset {row.offset:#x} lies in the boot loader or the partition table", f"an offset from {FIRST:#x}"
    if row.size <= 0 or row.size % SECTOR:
        up = max(SECTOR, -(-row.size // SECTOR) * SECTOR)
        yield f"size {row.size:#x} is no whole number of sectors", f"a multiple of {SECTOR:#x}: {up:#x}"
    if row.name in RINGS and row.size < RING:
        yield f"size {row.size:#x} is too small for a ring of sectors", f"at least {RING:#x}"
    if row.end() > flash:
        most = max(0, flash - row.offset)
        yield f"ends at {row.end():#x}, beyond the flash of {flash >> 20} MB", f"a size of at most {most:#x}"
