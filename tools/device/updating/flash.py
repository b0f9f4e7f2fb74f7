"""An appliance's flash in memory, all partitions under one log, and every way to cut the power at one operation.

Takes images, gives `Part`s: the `Flash` port, and a block device for littlefs. Base images, otadata and journal are
stricter than the chip: what is programmed must be erased. littlefs programs what it has erased before too, but trusts
nothing: there, programming clears bits.
"""

import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SECTOR = 4096
UNIT = 8  # bytes that a tear leaves whole or not
ERASES = ((0, 2048), (2048, 4096), (32, 4096), (0, 4), (0, 32), (0, 0))  # torn: what is erased; none: bits of all of it
_EIO = -5
PROGRAMS = 4  # ways to tear one


class PowerCut(BaseException):
    """Nothing further is written."""


class Flash:
    """Partitions by name. With a `log` each operation is noted as (part, address, bytes), bytes None for an erase."""

    def __init__(self, images: "dict[str, bytes]", loose: "tuple[str, ...]") -> None:
        self.log: "list[tuple[Part, int, bytes | None]] | None" = None
        self.fuse = -1  # operations until the power goes in the middle of one; -1: never
        self.dead = False
        self.retained = bytearray(4)  # outlives a reset alone
        self.parts = {name: Part(self, name, bytearray(image), name in loose) for name, image in images.items()}

    def done(self, part: "Part", addr: int, data: "bytes | bytearray | memoryview | None") -> bool:
        """Whether an operation is to be carried out."""
        if self.dead:
            return False
        if self.log is not None:
            self.log.append((part, addr, None if data is None else bytes(data)))
        if self.fuse >= 0:
            self.fuse -= 1
            if self.fuse < 0:
                self.dead = True
                tear(part, addr, data, random.getrandbits(3))
                raise PowerCut
        return True

    def forget(self) -> None:
        """What lies over the images is dropped."""
        for part in self.parts.values():
            part.over = {}
        self.retained[:] = bytes(len(self.retained))
        self.dead = False
        self.fuse = -1

    def keep(self) -> None:
        """What lies over the images becomes part of them."""
        for part in self.parts.values():
            for sector, page in part.over.items():
                part.sheets[sector][:] = page
            part.over = {}


class Part:
    """One partition; what is written lies over its image until it is kept."""

    sector_size = SECTOR
    write_size = UNIT

    def __init__(self, flash: Flash, name: str, image: bytearray, loose: bool) -> None:
        self.name = name
        self.image = image
        self.sectors = len(image) // SECTOR
        view = memoryview(image)
        self.sheets = [view[at : at + SECTOR] for at in range(0, self.sectors * SECTOR, SECTOR)]
        self.over: "dict[int, memoryview]" = {}
        self.flash = flash
        self._loose = loose

    def read(self, addr: int, buf: "bytearray | memoryview") -> None:
        done, length = 0, len(buf)
        while done < length:
            sector, off = (addr + done) // SECTOR, (addr + done) % SECTOR
            take = min(length - done, SECTOR - off)
            buf[done : done + take] = self.sheet(sector)[off : off + take]
            done += take

    def sheet(self, sector: int) -> memoryview:
        """The sector's bytes, to be read."""
        return self.over.get(sector) or self.sheets[sector]

    def program(self, addr: int, buf: "bytes | bytearray | memoryview") -> None:
        off = addr % SECTOR
        if not self._loose and (addr % self.write_size or len(buf) % self.write_size or off + len(buf) > SECTOR):
            raise ValueError("misaligned")
        if self.flash.done(self, addr, buf):
            self.put(addr, buf)

    def put(self, addr: int, buf: "bytes | bytearray | memoryview") -> None:
        page = self.page(addr // SECTOR)
        off = addr % SECTOR
        if page[off : off + len(buf)] == b"\xff" * len(buf):
            page[off : off + len(buf)] = buf
        elif self._loose:
            for at in range(len(buf)):
                page[off + at] &= buf[at]
        else:
            raise ValueError("programming %s at %d, which is not erased" % (self.name, addr))

    def erase(self, sector: int) -> None:
        if self.flash.done(self, sector * SECTOR, None):
            self.clear(sector)

    def clear(self, sector: int) -> None:
        self.over[sector] = memoryview(bytearray(b"\xff" * SECTOR))

    def page(self, sector: int) -> memoryview:
        """The sector's bytes, to be changed."""
        page = self.over.get(sector)
        if page is None:
            page = self.over[sector] = memoryview(bytearray(self.sheets[sector]))
        return page


class Blocks:
    """A partition as littlefs takes it. One a mount: what an abandoned mount still writes goes nowhere."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.gone = False

    def readblocks(self, block: int, buf: bytearray, off: int = 0) -> None:
        if not self.gone:  # littlefs asks for 32 bytes at a time, tens of thousands of times: no loop here
            buf[:] = self._part.sheet(block)[off : off + len(buf)]

    def writeblocks(self, block: int, buf: bytearray, off: int = 0) -> int:
        return self._change(lambda: self._part.program(block * SECTOR + off, buf))

    def ioctl(self, op: int, arg: int) -> int:
        if op == 4:
            return self._part.sectors
        if op == 5:
            return SECTOR
        return self._change(lambda: self._part.erase(arg)) if op == 6 else 0

    def _change(self, change: "Callable[[], None]") -> int:
        """A cut comes out as an error: littlefs is no place to raise through."""
        if self.gone:
            return 0
        try:
            change()
        except PowerCut:
            pass
        return _EIO if self._part.flash.dead else 0


def ways(data: "bytes | None") -> int:
    """In how many ways an operation can be torn."""
    return len(ERASES) if data is None else PROGRAMS


def apply(operation: "tuple[Part, int, bytes | None]") -> None:
    part, addr, data = operation
    if data is None:
        part.clear(addr // SECTOR)
    else:
        part.put(addr, data)


def tear(part: Part, addr: int, data: "bytes | bytearray | memoryview | None", way: int) -> None:
    """Leave an operation half done, by chance of the module `random`."""
    page = part.page(addr // SECTOR)
    if data is None:
        first, end = ERASES[way % len(ERASES)]
        page[first:end] = b"\xff" * (end - first)
        if first == end:
            for i in range(SECTOR):
                page[i] |= random.getrandbits(8)
        return
    off = addr % SECTOR
    units = (len(data) + UNIT - 1) // UNIT
    arrived = (0, random.getrandbits(16) % units, units - 1, units)[way % PROGRAMS]
    mixed = way % PROGRAMS == 3
    if arrived and not mixed:
        end = arrived * UNIT
        page[off : off + end] = data[:end]
    for unit in range(units if mixed else 0):
        if random.getrandbits(1):
            end = min(len(data), (unit + 1) * UNIT)
            page[off + unit * UNIT : off + end] = data[unit * UNIT : end]
    if not mixed:
        for i in range(arrived * UNIT, min(len(data), (arrived + 1) * UNIT)):
            page[off + i] = data[i] | random.getrandbits(8)
