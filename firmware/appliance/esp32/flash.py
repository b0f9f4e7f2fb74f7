"""A raw ring's partition (ports.Flash) on `esp32.Partition`. Takes the partition's name, gives reads of any alignment,
programming of whole units and erasing of sectors; never erases by itself, caches nothing.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportCallIssue=false

from esp32 import Partition

_SECTOR = 4096
_ERASE = 6  # ioctl
_ENODEV = 19


class PartitionFlash:
    """OSError where there is no such partition."""

    sector_size = _SECTOR
    write_size = 8

    def __init__(self, name: str) -> None:
        found = Partition.find(Partition.TYPE_DATA, label=name)
        if not found:
            raise OSError(_ENODEV)
        self._part: Partition = found[0]
        self._size = int(self._part.info()[3])
        self.sectors = self._size // _SECTOR

    def read(self, addr: int, buf: bytearray | memoryview) -> None:
        """Fill `buf` from `addr`; any alignment."""
        self._inside(addr, len(buf), 1)
        self._part.readblocks(addr // _SECTOR, buf, addr % _SECTOR)

    def program(self, addr: int, buf: bytes | bytearray | memoryview) -> None:
        """Write whole units over erased flash; at most one sector at a time."""
        length = len(buf)
        self._inside(addr, length, self.write_size)
        if addr % _SECTOR + length > _SECTOR:
            raise ValueError("program crosses a sector")
        self._part.writeblocks(addr // _SECTOR, buf, addr % _SECTOR)

    def erase(self, sector: int) -> None:
        """Set one sector to 0xFF."""
        self._inside(sector * _SECTOR, _SECTOR, 1)
        self._part.ioctl(_ERASE, sector)

    def _inside(self, addr: int, length: int, unit: int) -> None:
        if addr < 0 or addr + length > self._size:
            raise ValueError("outside the partition")
        if addr % unit or length % unit:
            raise ValueError("misaligned")
