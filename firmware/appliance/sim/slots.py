"""The two base images of a simulated appliance: files `ota_0.img`, `ota_1.img` and `otadata.img` of its directory, as a
chip has partitions. Takes the directory, which image runs and where that one lies; gives the `Slots` port.

As strict as the flash beside it (flash.py): a byte is programmed once after an erase. Where `ota_0.img` is missing, the
image that was built last stands in its place; the files come into being when they are first written.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import os

from ..update import otadata
from .flash import FileFlash

SECTORS = 96  # of each image, as the `romfs` partition of a board has (partitions.csv)
WRITE = 16  # what a chip with encrypted flash programs at once
_MAGIC = b"\xd2\xcd\x31"  # of a ROMFS image
_EINVAL = 22


class FileSlots:
    """Attributes are named as in `ports.Slots`."""

    sector_size = otadata.SECTOR
    write_size = WRITE
    size = SECTORS * otadata.SECTOR

    def __init__(self, folder: str, running: int, image: str) -> None:
        self.running = running
        self._folder = folder
        self._image = image
        self._other: FileFlash | None = None
        self._choice: FileFlash | None = None

    def state(self) -> int:
        """Of the running image, as otadata has it."""
        return otadata.state_of(*self._entries(), self.running)

    def length(self, slot: int) -> int:
        """Bytes of the image that stands there, by its own header."""
        head = bytearray(8)
        self.read(slot, 0, head)
        if bytes(head[:3]) != _MAGIC:
            return 0
        length = 0
        for at in range(3, len(head)):
            length = length << 7 | head[at] & 0x7F
            if not head[at] & 0x80:
                return length + at + 1 if length + at < self.size else 0
        return 0

    def read(self, slot: int, off: int, buf: bytearray | memoryview) -> None:
        if slot != self.running:
            self._spare().read(off, buf)
            return
        with open(self._image, "rb") as file:
            file.seek(off)
            found = file.readinto(buf)
        for at in range(found, len(buf)):
            buf[at] = 0xFF

    def erase(self, slot: int, off: int) -> None:
        if off % self.sector_size:
            raise ValueError("misaligned")
        self._writable(slot).erase(off // self.sector_size)

    def program(self, slot: int, off: int, buf: bytes | bytearray | memoryview) -> None:
        self._writable(slot).program(off, buf)

    def set_boot(self, slot: int) -> None:
        if slot not in (0, 1) or not self.length(slot):
            raise OSError(_EINVAL)  # as the chip's own check of an image that cannot start
        self._choose(*otadata.chosen(*self._entries(), slot))

    def mark_valid(self) -> None:
        entries = self._entries()
        now = otadata.active(*entries)
        if now < 0:
            raise OSError(_EINVAL)
        if otadata.state(entries[now]) != otadata.VALID:
            self._choose(now, otadata.with_state(entries[now], otadata.VALID))

    def _writable(self, slot: int) -> FileFlash:
        if slot == self.running:
            raise ValueError("this image runs")
        return self._spare()

    def _spare(self) -> FileFlash:
        if self._other is None:
            self._other = FileFlash(self._folder + "/ota_%d.img" % (1 - self.running), SECTORS, write_size=WRITE)
        return self._other

    def _entries(self) -> "tuple[bytearray, bytearray]":
        first, second = bytearray(b"\xff" * otadata.ENTRY), bytearray(b"\xff" * otadata.ENTRY)
        if self._choice is None and not _there(self._folder + "/otadata.img"):
            first[:] = otadata.entry(1, otadata.VALID)  # nobody chose yet: as the boot loader's first start leaves it
        else:
            flash = self._chosen()
            flash.read(0, first)
            flash.read(otadata.SECTOR, second)
        return first, second

    def _chosen(self) -> FileFlash:
        if self._choice is None:
            self._choice = FileFlash(self._folder + "/otadata.img", otadata.IMAGES, write_size=WRITE)
        return self._choice

    def _choose(self, sector: int, entry: bytes) -> None:
        first, _ = self._entries()
        fresh = self._choice is None and not _there(self._folder + "/otadata.img")
        flash = self._chosen()
        if fresh:
            flash.program(0, first)
        flash.erase(sector)
        flash.program(sector * otadata.SECTOR, entry)


def _there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
