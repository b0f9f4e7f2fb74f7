"""The rest of the appliance's file system (ports.Folders), for what is rarely needed: folders, files that are written
as their bytes come. Loaded when it is asked for.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import File
    from .disk import Files

_FS = "/fs/"
_ENOENT = 2


class Folders:
    """What is in /fs."""

    def __init__(self, files: "Files") -> None:
        self.read = files.read
        self.write = files.write

    def open(self, name: str, mode: str = "rb") -> "File":
        return open(_FS + name, mode)  # type: ignore[return-value]

    def size(self, name: str) -> int:
        try:
            found = os.stat(_FS + name)
        except OSError:
            return -1
        return -1 if found[0] & 0x4000 else found[6]

    def remove(self, name: str) -> None:
        try:
            os.remove(_FS + name)
        except OSError as error:
            if error.errno != _ENOENT:
                raise

    def rename(self, old: str, new: str) -> None:
        os.rename(_FS + old, _FS + new)

    def list(self, folder: str) -> "list[str]":
        try:
            return [row[0] for row in os.ilistdir(_FS + folder)]
        except OSError:
            return []

    def make(self, folder: str) -> None:
        try:
            os.stat(_FS + folder)
        except OSError:
            os.mkdir(_FS + folder)

    def free(self) -> int:
        found = os.statvfs(_FS)
        return found[0] * found[3]
