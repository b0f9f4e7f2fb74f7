"""A NOR partition in a file, stricter than the chip: takes an image path, gives the `Flash` port of `ports.py`.

Programming may only fall on erased, aligned units; anything else is a bug of the caller and raises ValueError at
once, where a chip would quietly mix the bits. Every operation is in the file when it returns, so killing the process
at any moment leaves what a power cut between two operations leaves. Never caches, never repairs.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:

    class _File:
        def read(self, n: int) -> bytes: ...
        def readinto(self, buf: bytearray | memoryview) -> int: ...
        def write(self, buf: bytes | bytearray | memoryview) -> int: ...
        def seek(self, addr: int) -> int: ...
        def flush(self) -> None: ...
        def close(self) -> None: ...

    def open(path: str, mode: str) -> _File: ...


class FileFlash:
    """`sectors` x `sector_size` bytes at `path`, made erased when missing or of another size."""

    _view: "memoryview | None" = None  # one for all: they check one after the other

    def __init__(self, path: str, sectors: int, sector_size: int = 4096, write_size: int = 8) -> None:
        if sector_size % write_size or sectors < 1:
            raise ValueError("sector_size must be a multiple of write_size, sectors at least 1")
        self.sectors = sectors
        self.sector_size = sector_size
        self.write_size = write_size
        self.erased = 0  # operations since start, for the curious
        self.programmed = 0
        self._size = sectors * sector_size
        self._blank = b"\xff" * write_size
        if FileFlash._view is None:
            FileFlash._view = memoryview(bytearray(256))
        self._file: "_File" = self._open(path)

    def _open(self, path: str) -> "_File":
        try:
            if os.stat(path)[6] == self._size:
                return open(path, "r+b")
        except OSError:
            pass
        file: "_File" = open(path, "w+b")
        for _ in range(self._size // self.write_size):
            file.write(self._blank)
        file.flush()
        return file

    def _seek(self, addr: int, length: int, unit: int) -> None:
        if addr < 0 or addr + length > self._size:
            raise ValueError("outside the partition")
        if addr % unit or length % unit:
            raise ValueError("misaligned")
        self._file.seek(addr)

    def read(self, addr: int, buf: bytearray | memoryview) -> None:
        """Fill `buf` from `addr`; any alignment."""
        self._seek(addr, len(buf), 1)
        self._file.readinto(buf)

    def program(self, addr: int, buf: bytes | bytearray | memoryview) -> None:
        """Write `buf`, whole `write_size` units, over erased flash only; at most one sector at a time."""
        length = len(buf)
        self._seek(addr, length, self.write_size)
        if length and addr // self.sector_size != (addr + length - 1) // self.sector_size:
            raise ValueError("program crosses a sector")
        left = length
        view = FileFlash._view
        assert view is not None
        while left > 0:
            part = view[: min(left, 256)]
            self._file.readinto(part)
            for byte in part:
                if byte != 0xFF:
                    raise ValueError("programming flash that is not erased")
            left -= len(part)
        self._file.seek(addr)
        self._file.write(buf)
        self._file.flush()
        self.programmed += 1

    def erase(self, sector: int) -> None:
        """Set one sector to 0xFF."""
        self._seek(sector * self.sector_size, self.sector_size, 1)
        for _ in range(self.sector_size // self.write_size):
            self._file.write(self._blank)
        self._file.flush()
        self.erased += 1

    def close(self) -> None:
        self._file.close()
