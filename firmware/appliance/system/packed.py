"""The board's packed files (ports.Packed): of the ROM image as memoryviews of mapped memory, of an installed bundle as
they are read from littlefs; what that one lacks comes from the ROM image.
"""

# The stubs of the interpreter's files leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportReturnType=false

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_ROM = "/rom/board/"


class Packed:
    """OSError where neither has the file."""

    def __init__(self, folder: str = _ROM) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | memoryview:
        with self._open(name) as file:
            try:
                return memoryview(file)  # type: ignore[arg-type]  # VfsRom's files offer their bytes
            except TypeError:
                return file.read()

    def piece(self, name: str, off: int, length: int) -> bytes:
        with self._open(name) as file:
            file.seek(off)
            return file.read(length)

    def _open(self, name: str) -> "BinaryIO":
        try:
            return open(self._folder + name, "rb")
        except OSError:
            return open(_ROM + name, "rb")
