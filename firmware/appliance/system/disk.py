"""The appliance's littlefs partition as a file of the host: takes the image's path, mounts it at /fs, gives and takes
files whole (ports.Files). Never makes or formats an image.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import os

import vfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_BLOCK = 4096


class FileBlocks:
    """A block device over an image file, with the extended interface that VfsLfs2 asks for."""

    def __init__(self, path: str) -> None:
        self._file: BinaryIO = open(path, "r+b")
        self._blocks = os.stat(path)[6] // _BLOCK

    def readblocks(self, block: int, buf: bytearray, off: int = 0) -> None:
        self._file.seek(block * _BLOCK + off)
        self._file.readinto(buf)

    def writeblocks(self, block: int, buf: bytearray, off: int = 0) -> None:
        self._file.seek(block * _BLOCK + off)
        self._file.write(buf)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 3:  # sync
            self._file.flush()
        if op == 4:
            return self._blocks
        if op == 5:
            return _BLOCK
        return 0


class Files:
    """What provisioning and configuration left in /fs; without an image there are no files. `device` instead of an
    image: any block device that VfsLfs2 takes."""

    def __init__(self, image: str, device: "FileBlocks | None" = None) -> None:
        self._mounted = device is not None or _exists(image)
        if self._mounted:
            vfs.mount(vfs.VfsLfs2(device or FileBlocks(image), mtime=False), "/fs")  # no clock to trust

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None when it is not there."""
        if not self._mounted or not _exists("/fs/" + name):
            return None
        with open("/fs/" + name, "rb") as file:
            return file.read(os.stat("/fs/" + name)[6])  # of that size at once: what grows needs twice the heap

    def write(self, name: str, data: bytes | bytearray | memoryview) -> None:
        """Replace a file, whole or not at all: the new one is written beside it and takes its name in one step.
        OSError where there is no room; then the old one stands."""
        if not self._mounted:
            raise OSError(19)
        beside = "/fs/" + name + ".new"
        with open(beside, "wb") as file:
            file.write(data)
        os.rename(beside, "/fs/" + name)


def _exists(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
