"""The heap of a chip, whose words have four bytes: calculated, since only words of eight can be run here."""

import struct

import pytest
from trivet import boards
from trivet.sim import picture
from trivet.sim.narrow import CHIP, HERE, Picture

BASE = 0x1000
BLOCK = 32
TYPES = {name: 0x90_0000 + 0x100 * at for at, name in enumerate(("tuple", "list", "str", "bytearray", "dict", "type"))}


class Heap:
    """A heap by hand, of eight-byte words, in blocks of 32 bytes, as the interpreter lays objects out (`py/obj*.h`)."""

    def __init__(self) -> None:
        self.memory = bytearray()
        self.blocks: dict[int, int] = {}

    def put(self, data: bytes) -> int:
        address = BASE + len(self.memory)
        self.blocks[address] = -(-len(data) // BLOCK)
        self.memory += data.ljust(self.blocks[address] * BLOCK, b"\0")
        return address

    def words(self, *words: int) -> int:
        return self.put(struct.pack(f"<{len(words)}q", *words))

    def picture(self) -> Picture:
        types = {address: name for name, address in TYPES.items()}
        return Picture(BASE, bytes(self.memory), self.blocks, types, sum(self.blocks.values()) * BLOCK)

    def both(self) -> tuple[int, int]:
        """Bytes in use: here, and on a chip."""
        made = self.picture()
        assert made.calculated(HERE).used == made.used
        return made.used, made.calculated(CHIP).used


@pytest.fixture
def heap() -> Heap:
    return Heap()


def small(value: int) -> int:
    """An int as it stands in a word."""
    return value << 1 | 1


@pytest.mark.parametrize("name", boards.available())
def test_the_calculation_gives_the_measured_heap_when_told_that_words_have_eight_bytes(name: str) -> None:
    taken = picture.take(boards.load(name))
    here, chip = taken.calculated(HERE), taken.calculated(CHIP)
    assert here.used == taken.used
    doubted = [address for address, size in taken.sizes.items() if size.blocks(HERE) != taken.blocks[address]]
    assert doubted == []  # object by object, not only in all
    assert here.full < taken.used // 20  # all but the interpreter's own few is of a known kind
    assert taken.used // 2 < chip.used < taken.used


def test_what_is_made_of_words_is_half_as_large(heap: Heap) -> None:
    heap.words(TYPES["tuple"], 5, *map(small, range(5)))  # 7 words
    items = heap.words(*map(small, range(12)))
    heap.words(TYPES["list"], 12, 12, items)
    rows = heap.words(*[0] * 20)
    heap.words(TYPES["dict"], 0, 10, rows)
    assert heap.both() == (BLOCK * (2 + 3 + 1 + 5 + 1), BLOCK // 2 * (2 + 3 + 1 + 5 + 1))


def test_what_is_made_of_bytes_stays_as_large(heap: Heap) -> None:
    text = heap.put(b"x" * 64 + b"\0")
    heap.words(TYPES["str"], 0, 64, text)  # 65 bytes: 3 blocks of 32, 5 of 16
    data = heap.put(b"y" * 100)
    heap.words(TYPES["bytearray"], 1, 100, data)  # 4 of 32, 7 of 16
    assert heap.both() == (BLOCK * (3 + 1 + 4 + 1), 16 * (5 + 1 + 7 + 1))


def test_a_class_keeps_the_bytes_of_its_head(heap: Heap) -> None:
    slots = bytes((1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 11))  # without a protocol, with a parent
    heap.put(struct.pack("<QHH12s11Q", TYPES["type"], 0, 0, slots, *[0] * 11))
    assert heap.both() == (4 * BLOCK, 4 * 16)  # 4 + 16 + 11 * 4 = 64
    slots = bytes((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
    heap.put(struct.pack("<QHH12s12Q", TYPES["type"], 0, 0, slots, *[0] * 12))
    assert heap.both() == (8 * BLOCK, (4 + 5) * 16)  # 4 + 16 + 12 * 4 = 68


def test_names_keep_their_letters_their_hashes_and_their_lengths(heap: Heap) -> None:
    letters = heap.put(b"temperature\0" * 5)
    address = BASE + len(heap.memory)
    hashes = address + (6 + 10) * HERE
    table = struct.pack("<16Q", 0, 200, 10, 1, hashes, hashes + 20, letters, *[0] * 9)
    heap.put(table + bytes(30))
    assert heap.both() == (BLOCK * (2 + 5), 16 * (4 + 6))  # 60 bytes of letters in whole old blocks; 16 * 4 + 30


def test_a_number_beyond_31_bits_is_an_object_on_a_chip(heap: Heap) -> None:
    heap.words(TYPES["tuple"], 2, small((1 << 30) - 1), small(-(1 << 30)))
    assert heap.both() == (BLOCK, 16)
    heap.words(TYPES["tuple"], 2, small(1 << 30), small(-(1 << 30) - 1))
    assert heap.both() == (2 * BLOCK, 16 * (2 + 2 * 2))


def test_what_is_not_known_and_what_does_not_fit_counts_with_all_its_bytes(heap: Heap) -> None:
    heap.words(0x7777, 1, 2, 3)
    heap.words(TYPES["tuple"], 500, 1, 2)  # it says that it is larger than what it has
    made = heap.picture()
    assert made.calculated(CHIP).used == made.calculated(CHIP).full == made.used == 2 * BLOCK
