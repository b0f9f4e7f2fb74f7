"""A flash partition in the heap, for what is measured without the flash: a module of a board's ROM image."""


class Ram:
    """Eight sectors behind the journal's port (`appliance.store.journal`)."""

    sector_size = 4096
    sectors = 8
    write_size = 8

    def __init__(self) -> None:
        self._image = bytearray(b"\xff" * (self.sectors * self.sector_size))

    def read(self, addr: int, buf: "bytearray | memoryview") -> None:
        buf[:] = memoryview(self._image)[addr : addr + len(buf)]

    def program(self, addr: int, buf: "bytes | bytearray | memoryview") -> None:
        self._image[addr : addr + len(buf)] = buf

    def erase(self, sector: int) -> None:
        self._image[sector * 4096 : (sector + 1) * 4096] = b"\xff" * 4096
