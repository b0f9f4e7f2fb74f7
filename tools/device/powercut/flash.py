"""A NOR flash stricter than the chip, and every way to cut the power at one of its operations.

`StrictFlash` is the `Flash` port over a bytearray: misaligned, unerased or out-of-sector programming panics. With a
`log` it keeps the image before each operation, so that a clean run can be cut afterwards at every one of them:
`cuts(operation)` gives the images that a cut before, in the middle of (several ways) and after it can leave.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass


class PowerCut(Exception):
    """The supply is gone; nothing further is written."""


class Panic(AssertionError):
    """The caller did what no NOR flash forgives."""


@dataclass(frozen=True)
class Operation:
    """One program or erase: the whole image before it, and what it would do."""

    before: bytes
    addr: int
    data: bytes  # empty for an erase
    size: int  # bytes erased, or programmed
    unit: int

    def whole(self) -> bytes:
        image = bytearray(self.before)
        image[self.addr : self.addr + self.size] = self.data or b"\xff" * self.size
        return bytes(image)


class StrictFlash:
    """`fuse` counts down the operations left before the power goes; None never."""

    def __init__(self, sectors: int = 8, sector_size: int = 4096, write_size: int = 8, image: bytes | None = None):
        self.sectors = sectors
        self.sector_size = sector_size
        self.write_size = write_size
        self.image = bytearray(image if image is not None else b"\xff" * sectors * sector_size)
        self.log: list[Operation] | None = None
        self.marks: list[tuple[int, bytes]] = []  # with a log: operations so far and the image, at every `mark()`
        self.operations = 0
        self.erase_counts = [0] * sectors
        self.fuse: int | None = None
        self.random = random.Random(0)

    def read(self, addr: int, buf: bytearray | memoryview) -> None:
        if addr < 0 or addr + len(buf) > len(self.image):
            raise Panic("read outside the partition")
        buf[:] = self.image[addr : addr + len(buf)]

    def program(self, addr: int, buf: bytes | bytearray | memoryview) -> None:
        size = len(buf)
        if addr % self.write_size or size % self.write_size or not size:
            raise Panic("misaligned program")
        if addr // self.sector_size != (addr + size - 1) // self.sector_size or addr + size > len(self.image):
            raise Panic("program leaves its sector")
        if self.image[addr : addr + size].count(0xFF) != size:
            raise Panic("program on flash that is not erased")
        self._do(Operation(bytes(self.image), addr, bytes(buf), size, self.write_size))

    def erase(self, sector: int) -> None:
        if not 0 <= sector < self.sectors:
            raise Panic("erase outside the partition")
        self.erase_counts[sector] += 1
        size = self.sector_size
        self._do(Operation(bytes(self.image), sector * size, b"", size, self.write_size))

    def mark(self) -> None:
        """A step ends here, in the middle of something larger."""
        if self.log is not None and (not self.marks or self.marks[-1][0] != len(self.log)):
            self.marks.append((len(self.log), bytes(self.image)))

    def _do(self, operation: Operation) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.image[:] = self.random.choice([image for _, image in cuts(operation, self.random)])
                raise PowerCut
        if self.log is not None:
            self.log.append(operation)
        self.operations += 1
        self.image[operation.addr : operation.addr + operation.size] = operation.data or b"\xff" * operation.size


class Part:
    """A partition of a strict flash: `sectors` from `first` on, as a flash of its own."""

    def __init__(self, flash: StrictFlash, first: int, sectors: int) -> None:
        self.sectors = sectors
        self.sector_size = flash.sector_size
        self.write_size = flash.write_size
        self._flash = flash
        self._first = first
        self.mark = flash.mark

    def read(self, addr: int, buf: bytearray | memoryview) -> None:
        self._flash.read(self._at(addr, len(buf)), buf)

    def program(self, addr: int, buf: bytes | bytearray | memoryview) -> None:
        self._flash.program(self._at(addr, len(buf)), buf)

    def erase(self, sector: int) -> None:
        self._flash.erase(self._at(sector * self.sector_size, self.sector_size) // self.sector_size)

    def _at(self, addr: int, size: int) -> int:
        if addr < 0 or addr + size > self.sectors * self.sector_size:
            raise Panic("outside the partition")
        return addr + self._first * self.sector_size


def cuts(operation: Operation, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """(how, image) for each way to cut the power at `operation`."""
    yield "before", operation.before
    yield "after", operation.whole()
    if operation.data:
        yield from _torn_programs(operation, chance)
    else:
        yield from _torn_erases(operation, chance)


def _torn_programs(operation: Operation, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """A prefix of the units arrived, and of one further unit some bits only; or the units arrived in any order."""
    units = operation.size // operation.unit
    for arrived in sorted({0, chance.randrange(units), units - 1}):
        image = bytearray(operation.before)
        end = arrived * operation.unit
        image[operation.addr : operation.addr + end] = operation.data[:end]
        for i in range(end, end + operation.unit):
            image[operation.addr + i] = operation.data[i] | chance.randrange(256)
        yield "torn", bytes(image)
    image = bytearray(operation.before)
    for unit in range(units):
        if chance.random() < 0.5:
            at = unit * operation.unit
            image[operation.addr + at : operation.addr + at + operation.unit] = operation.data[at : at + operation.unit]
    yield "torn", bytes(image)


def _torn_erases(operation: Operation, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """The first half, the last half, random pages, or random bits of the sector are erased already."""
    size = operation.size
    for first, end in ((0, size // 2), (size // 2, size), (32, size), (0, 16), (16, 32)):
        image = bytearray(operation.before)
        image[operation.addr + first : operation.addr + end] = b"\xff" * (end - first)
        yield "torn", bytes(image)
    image = bytearray(operation.before)
    for page in range(0, size, 256):
        if chance.random() < 0.5:
            image[operation.addr + page : operation.addr + page + 256] = b"\xff" * 256
    yield "torn", bytes(image)
    image = bytearray(operation.before)
    noise = chance.randbytes(size)
    for i in range(size):
        image[operation.addr + i] |= noise[i]
    yield "torn", bytes(image)
