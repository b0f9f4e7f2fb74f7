"""Which of two base images starts: ESP-IDF's otadata (esp_flash_partitions.h), two sectors with one entry each.

    ota_seq u32, label 20 bytes, ota_state u32, crc u32 (of ota_seq alone), all little-endian; 0xFF is erased

Takes the first bytes of both sectors, gives which entry counts, which image that means, and the entry that a change
writes. Pure, and without a neighbour: the simulation's boot loader on the host runs this very file. Never writes.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Buffer = bytes | bytearray | memoryview

    def crc32(data: Buffer, value: int = 0) -> int: ...

    def pack(form: str, *values: int | bytes) -> bytes: ...

    def unpack_from(form: str, buf: Buffer, off: int = 0) -> tuple[Any, ...]: ...

else:
    from binascii import crc32
    from struct import pack, unpack_from

NEW = 0  # chosen, and not started yet
PENDING = 1  # started once: the next start without a word from it goes back
VALID = 2
INVALID = 3
ABORTED = 4
UNDEFINED = 0xFFFFFFFF  # no rollback for this one

SECTOR = 4096
ENTRY = 32
IMAGES = 2
_NONE = 0xFFFFFFFF


def entry(seq: int, state: int) -> bytes:
    """As it stands in flash."""
    return pack("<I20sII", seq, b"\xff" * 20, state, _crc(seq))


def seq(data: "Buffer") -> int:
    """Of an entry."""
    return int(unpack_from("<I", data, 0)[0])


def state(data: "Buffer") -> int:
    """Of an entry."""
    return int(unpack_from("<I", data, 24)[0])


def sound(data: "Buffer") -> bool:
    """Written whole once, whatever became of its image."""
    return seq(data) not in (0, _NONE) and int(unpack_from("<I", data, 28)[0]) == _crc(seq(data))


def refused(data: "Buffer") -> bool:
    """Erased, or its image is not to start again."""
    return seq(data) == _NONE or state(data) in (INVALID, ABORTED)


def active(first: "Buffer", second: "Buffer") -> int:
    """0 or 1: the entry that counts, the later one, the first of equals; -1: none."""
    usable = (_usable(first), _usable(second))
    if usable[0] and usable[1]:
        return 1 if seq(second) > seq(first) else 0
    return 0 if usable[0] else 1 if usable[1] else -1


def image(data: "Buffer") -> int:
    """The image that an entry chooses."""
    return (seq(data) - 1) % IMAGES


def state_of(first: "Buffer", second: "Buffer", slot: int) -> int:
    """State of image `slot`: the entry's that counts where it chooses it, else the other's; UNDEFINED: of none."""
    now = active(first, second)
    for data in (second, first) if now == 1 else (first, second):
        if sound(data) and image(data) == slot:
            return state(data)
    return UNDEFINED


def initial(first: "Buffer", second: "Buffer") -> bool:
    """Nothing was ever written whole: the boot loader writes that image 0 is good."""
    return not sound(first) and not sound(second)


def chosen(first: "Buffer", second: "Buffer", slot: int) -> "tuple[int, bytes]":
    """What lets image `slot` be tried at the next start: the entry to write, and its bytes (esp_rewrite_ota_data)."""
    now = active(first, second)
    if now < 0:
        return 0, entry(slot + 1, NEW)
    after = seq(second if now else first)
    while (after - 1) % IMAGES != slot:
        after += 1
    return 1 - now, entry(after, NEW)


def started(first: "Buffer", second: "Buffer") -> "tuple[int, list[tuple[int, bytes]]]":
    """What the boot loader does at a start (bootloader_utility_get_selected_boot_partition, with rollback and without a
    factory image): the image that it starts, and the entries that it writes before, by sector, one after the other."""
    entries = [bytes(first), bytes(second)]
    writes: list[tuple[int, bytes]] = []
    for sector in range(IMAGES):
        if state(entries[sector]) == PENDING:
            entries[sector] = with_state(entries[sector], ABORTED)
            writes.append((sector, entries[sector]))
    if refused(entries[0]) and refused(entries[1]):
        if initial(entries[0], entries[1]):
            writes.append((0, entry(1, VALID)))
        return 0, writes
    now = active(entries[0], entries[1])
    if now < 0:
        return 0, writes
    if state(entries[now]) == NEW:
        entries[now] = with_state(entries[now], PENDING)
        writes.append((now, entries[now]))
    return image(entries[now]), writes


def with_state(data: "Buffer", new: int) -> bytes:
    """The same choice in another state."""
    return bytes(memoryview(data)[:24]) + pack("<I", new) + bytes(memoryview(data)[28:ENTRY])


def _usable(data: "Buffer") -> bool:
    return not refused(data) and sound(data)


def _crc(number: int) -> int:
    """As the chip's ROM counts it: CRC-32 with all bits of the start value cleared."""
    return crc32(pack("<I", number), _NONE) & _NONE
