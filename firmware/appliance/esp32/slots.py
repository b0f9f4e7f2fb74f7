"""The two base images of a chip with ESP-IDF's partitions `ota_0`, `ota_1` and `otadata`. Takes nothing, gives the
`Slots` port. The chip's own boot loader reads what is written here; with rollback enabled (an option of the MicroPython
build) an image that does not say that it is good goes back at the next start.

Never erases by itself, and never writes the image that runs: MicroPython would let it.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportCallIssue=false

from esp32 import Partition

from ..update import otadata

_BLOCK = 4096
_UNIT = 16  # what encrypted flash programs at once
_MAGIC = 0xE9  # esp_image_header_t
_HEADER = 24
_SEGMENTS = 1  # in the header: how many
_HASHED = 23  # in the header: whether a digest follows
_DIGEST = 32
_SEGMENT = 8  # its header: address, length
_NO_ROLLBACK = -261  # ESP_ERR_NOT_SUPPORTED
_FIRST = 0x10  # subtype of ota_0
_OTADATA = 0  # subtype
_ERASE = 6  # ioctl


class PartitionSlots:
    """Attributes are named as in `ports.Slots`."""

    sector_size = _BLOCK
    write_size = _UNIT

    def __init__(self) -> None:
        here = Partition(Partition.RUNNING)
        there = here.get_next_update()
        _, subtype, _, size, _, _ = here.info()
        self.running = int(subtype) - _FIRST
        self.size = int(size)
        self._parts = (there, here) if self.running else (here, there)
        self._data: Partition = Partition.find(Partition.TYPE_DATA, _OTADATA)[0]

    def state(self) -> int:
        """Of the running image, as otadata has it."""
        first, second = bytearray(otadata.ENTRY), bytearray(otadata.ENTRY)
        self._data.readblocks(0, first, 0)
        self._data.readblocks(1, second, 0)
        return otadata.state_of(first, second, self.running)

    def length(self, slot: int) -> int:
        """Bytes of the image that stands there: header, segments, checksum to a multiple of 16, digest."""
        head = bytearray(_HEADER)
        self.read(slot, 0, head)
        if head[0] != _MAGIC:
            return 0
        end = _HEADER
        part = bytearray(_SEGMENT)
        for _ in range(head[_SEGMENTS]):
            if end + _SEGMENT > self.size:
                return 0
            self.read(slot, end, part)
            end += _SEGMENT + (part[4] | part[5] << 8 | part[6] << 16 | part[7] << 24)
        end = (end + 16) // 16 * 16  # at least one byte of checksum
        end += _DIGEST if head[_HASHED] else 0
        return end if end <= self.size else 0

    def read(self, slot: int, off: int, buf: bytearray | memoryview) -> None:
        self._parts[slot].readblocks(off // _BLOCK, buf, off % _BLOCK)

    def erase(self, slot: int, off: int) -> None:
        if off % _BLOCK:
            raise ValueError("misaligned")
        self._writable(slot).ioctl(_ERASE, off // _BLOCK)

    def program(self, slot: int, off: int, buf: bytes | bytearray | memoryview) -> None:
        if off % _UNIT or len(buf) % _UNIT or off % _BLOCK + len(buf) > _BLOCK:
            raise ValueError("misaligned")
        self._writable(slot).writeblocks(off // _BLOCK, buf, off % _BLOCK)

    def set_boot(self, slot: int) -> None:
        """ESP-IDF verifies the image first (esp_ota_set_boot_partition)."""
        self._parts[slot].set_boot()

    def mark_valid(self) -> None:
        """Without rollback in the build there is nothing to cancel."""
        try:
            Partition.mark_app_valid_cancel_rollback()
        except OSError as error:
            if error.errno != _NO_ROLLBACK:
                raise

    def _writable(self, slot: int) -> Partition:
        if slot == self.running:
            raise ValueError("this image runs")
        return self._parts[slot]
