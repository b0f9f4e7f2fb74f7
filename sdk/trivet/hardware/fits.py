"""Whether what goes onto a board fits its flash: takes a board in which nothing else is wrong, gives for each partition
that is filled what it needs and what it has. Builds what it measures; writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from trivet.boards import Board
from trivet.boards.check import Finding
from trivet.boards.check.partitions import SECTOR
from trivet.release import drivers
from trivet.release.problem import ReleaseError
from trivet.sim import rom

from . import table

_FOLDERS = 4 * SECTOR  # a bundle's two folders: two blocks of littlefs each
_KEEP = 96 << 10  # of littlefs for identity, ledger of updates, an envelope and a patch under way


@dataclass(frozen=True)
class Use:
    """Of one partition, in bytes. `line` of partitions.csv, counted from 1."""

    partition: str
    what: str
    need: int
    room: int
    line: int

    @property
    def fits(self) -> bool:
        return self.need <= self.room

    def __str__(self) -> str:
        return f"{self.what} take {self.need:,} of the {self.room:,} bytes of {self.partition}"


def uses(board: Board) -> list[Use]:
    """The image and the bundles. ReleaseError for drivers that no bundle can bring, TrivetError for a table that is
    none."""
    rows = table.read(board.folder / "partitions.csv")
    image = rom.build(board, chip=True).stat().st_size
    bundle = sum(_blocks(len(data)) for data in drivers.files(board).values())
    wanted = (
        ("romfs", "the firmware and the board's data (romfs.img)", image),
        ("vfs", "two bundles and what else an appliance keeps", 2 * (bundle + _FOLDERS) + _KEEP),
    )
    found = [(table.row(rows, name), what, need) for name, what, need in wanted]
    return [Use(row.name, what, need, row.size, row.line) for row, what, need in found]


def check(board: Board) -> tuple[list[Use], list[Finding]]:
    """What it needs, and what of that does not fit, as `trivet check` tells every other mistake."""
    try:
        used = uses(board)
    except ReleaseError as error:
        return [], [Finding(board.folder / "drivers.py", 0, "", str(error), "only what a bundle can bring")]
    file = board.folder / "partitions.csv"
    text = file.read_text(encoding="utf-8").splitlines()
    found = [
        Finding(
            *(file, use.line, use.partition),
            f"has {use.room:,} bytes; {use.what} take {use.need:,}",
            f"a size of {_blocks(use.need):#x}",
            text[use.line - 1].strip(),
        )
        for use in used
        if not use.fits
    ]
    return used, found


def _blocks(size: int) -> int:
    """What littlefs takes for so many bytes; a partition too is whole sectors."""
    return -(-size // SECTOR) * SECTOR
