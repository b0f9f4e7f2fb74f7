"""The board's packed files on the chip (ports.Packed): as everywhere, and where a base image has everything frozen into
it, as bytes of its module `packed_files`.
"""

from ..system.packed import Packed


class ChipPacked(Packed):
    """KeyError where nothing has the file."""

    def read(self, name: str) -> bytes | memoryview:
        try:
            return super().read(name)
        except OSError:
            return _frozen(name)

    def piece(self, name: str, off: int, length: int) -> bytes:
        try:
            return super().piece(name, off, length)
        except OSError:
            return bytes(memoryview(_frozen(name))[off : off + length])


def _frozen(name: str) -> bytes:
    from packed_files import FILES

    return FILES[name]
