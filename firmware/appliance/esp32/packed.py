"""The board's packed files on the chip (ports.Packed): of the ROM partition as memory, of an installed bundle as they
are read from littlefs; what that one lacks comes from the ROM partition. A base image with everything frozen into it
has them as bytes of the module `packed_files`.
"""

# The stubs of the interpreter's files leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportReturnType=false

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

ROM = "/rom/board/"


class Packed:
    def __init__(self, folder: str = ROM) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | memoryview:
        try:
            file = self._open(name)
        except OSError:
            return _frozen(name)
        with file:
            try:
                return memoryview(file)  # type: ignore[arg-type]  # VfsRom's files offer their bytes
            except TypeError:
                return file.read()

    def piece(self, name: str, off: int, length: int) -> bytes:
        try:
            file = self._open(name)
        except OSError:
            return bytes(memoryview(_frozen(name))[off : off + length])
        with file:
            file.seek(off)
            return file.read(length)

    def _open(self, name: str) -> "BinaryIO":
        try:
            return open(self._folder + name, "rb")
        except OSError:
            return open(ROM + name, "rb")


def _frozen(name: str) -> bytes:
    from packed_files import FILES

    return FILES[name]
