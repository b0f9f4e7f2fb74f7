"""What of the heap is in use after start where a word has four bytes, as on a chip, calculated: the interpreter that
runs here has words of eight. Takes a picture of a heap (picture.py) and the size of a word, gives bytes.

For each object in the heap is said how many words and how many bytes it has: a tuple of five is seven words, a text of
five letters four words and six bytes. A block of the heap is four words. What holds this: at a word of eight bytes the
very number of blocks must come out that the interpreter's own table has, object by object; one where it does not, or of
a kind that is not known here, counts with all its bytes, as if none were words.

Assumed: the chip's interpreter lays objects out as this one does (MicroPython 1.28, `py/obj*.h`, `py/qstr.c`; both are
built with names of two bytes of hash), has no more of them, and keeps an int beyond 31 bits as an object. What is the
chip's alone is not in it: the simulation's ports stand in for the chip's. TLS has a heap beside MicroPython's there.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

CHIP = 4  # bytes of a word
HERE = 8
BLOCK = 4  # words of a block
_SMALL = 1 << 30  # an int from here on is an object of its own, on a chip
_LARGE = (4, 8)  # words and bytes of one: the object, its digits
_TYPE_HEAD = 16  # bytes of a class beside its first word: flags, name, numbers of twelve slots
_SLOTS = 10  # that the interpreter gives every class
_PROTOCOL, _PARENTS = 21, 22  # where the numbers of two more slots stand, 0 where a class has none
_POOL_HEAD = 6  # words of a table of names before its names
_NAME = 3  # bytes of a name in it, beside its word: hash, length
_ITEMS = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8, "d": 8, "\1": 1}
_WORDS = {
    "function",
    "generator",
    "closure",
    "cell",
    "bound_method",
    "module",
    "property",
    "staticmethod",
    "object",
    "set",
}
_FIXED = {"list": 4, "dict": 4, "str": 4, "bytes": 4, "bytearray": 4, "array": 4, "memoryview": 4, "range": 4, "int": 4}


@dataclass(frozen=True)
class Size:
    """Of one allocation: `words`, and `more` bytes that stay bytes whatever a word is."""

    words: int
    more: int = 0

    def blocks(self, word: int) -> int:
        return -(-(self.words * word + self.more) // (BLOCK * word))


@dataclass(frozen=True)
class Figure:
    """Bytes of whole blocks: in use; of these counted in full, because nothing is known of them."""

    used: int
    full: int


@dataclass
class Picture:
    """A heap of eight-byte words: its `memory` from `base` on, the blocks of each allocation by its address, the names
    of the types by theirs, what the interpreter says is in use."""

    base: int
    memory: bytes
    blocks: dict[int, int]
    types: dict[int, str]
    used: int
    sizes: dict[int, Size] = field(default_factory=dict)
    tables: set[int] = field(default_factory=set)  # allocations of objects, in which an int may stand

    def __post_init__(self) -> None:
        self._heads = sorted(self.blocks)
        for address in self._heads:
            self._object(address)
        for address in self._heads:
            if address not in self.sizes:
                self._names(address)

    def calculated(self, word: int) -> Figure:
        """At words of `word` bytes."""
        used = full = 0
        for address, blocks in self.blocks.items():
            size = self.sizes.get(address)
            if size is None or size.blocks(HERE) != blocks:
                size = Size(0, blocks * BLOCK * HERE)
                full += size.blocks(word)
            used += size.blocks(word)
        if word == CHIP:
            words, more = _LARGE
            used += sum(self._large(address) for address in self.tables) * (
                Size(words).blocks(word) + Size(0, more).blocks(word)
            )
        return Figure(used * BLOCK * word, full * BLOCK * word)

    def word(self, address: int, at: int) -> int:
        found: int = struct.unpack_from("<Q", self.memory, address - self.base + at * HERE)[0]
        return found

    def _is(self, address: int) -> str:
        """What kind of object begins there; "" where none that is known does."""
        first = self.word(address, 0)
        if first in self.blocks and self.types.get(self.word(first, 0)) == "type":
            return "instance"
        return self.types.get(first, "")

    def _all_words(self, address: int, table: bool = False) -> None:
        """Its length stands nowhere; there is nothing in it but words, so it has as many blocks whatever a word is."""
        if address in self.blocks:
            self.sizes[address] = Size(self.blocks[address] * BLOCK)
            if table:
                self.tables.add(address)

    def _object(self, address: int) -> None:
        """Its own size, and that of what belongs to it alone."""
        kind = self._is(address)
        if kind in _WORDS:
            self._all_words(address)
        elif kind in _FIXED:
            self.sizes[address] = Size(_FIXED[kind])
        belongs: dict[str, Callable[[int], None]] = {
            **{"tuple": self._tuple, "list": self._list, "dict": self._map, "instance": self._instance},
            **{
                "str": self._text,
                "bytes": self._text,
                "bytearray": self._array,
                "array": self._array,
                "set": self._set,
            },
            **{"module": self._module, "function": self._function, "generator": self._function, "type": self._class},
        }
        if kind in belongs:
            belongs[kind](address)

    def _tuple(self, address: int) -> None:
        self.sizes[address] = Size(2 + self.word(address, 1))
        self.tables.add(address)

    def _own(self, address: int, size: Size, table: bool = False) -> None:
        if address in self.blocks:
            self.sizes[address] = size
            if table:
                self.tables.add(address)

    def _list(self, address: int) -> None:
        self._own(self.word(address, 3), Size(self.word(address, 1)), table=True)

    def _map(self, address: int) -> None:
        self._own(self.word(address, 3), Size(2 * self.word(address, 2)), table=True)

    def _set(self, address: int) -> None:
        self._own(self.word(address, 3), Size(self.word(address, 1)), table=True)

    def _instance(self, address: int) -> None:
        self._all_words(address)
        self._map(address)

    def _text(self, address: int) -> None:
        self._own(self.word(address, 3), Size(0, self.word(address, 2) + 1))

    def _array(self, address: int) -> None:
        code = self.word(address, 1)
        count = (code >> 8) + self.word(address, 2)
        letter = chr(code & 0xFF)
        words = letter in "lLOP"
        self._own(self.word(address, 3), Size(count) if words else Size(0, count * _ITEMS.get(letter, HERE)))

    def _module(self, address: int) -> None:
        """One of an image has names and constants, in one piece: two bytes a name, a word a constant."""
        names, constants = self.word(address, 2), self.word(address, 3)
        whole = self.blocks.get(names, 0) * BLOCK
        inside = (constants - names) // HERE if names <= constants <= names + whole * HERE else 0
        self._own(names, Size(whole - inside, inside * HERE))
        if not whole:
            self._all_words(constants, table=True)

    def _function(self, address: int) -> None:
        """With the functions within it: their code lies in the image, what leads there is words."""
        children = self.word(address, 2)
        self._all_words(children)
        for at in range(self.blocks.get(children, 0) * BLOCK):
            inner = self.word(children, at)
            if inner in self.blocks and inner not in self.sizes:
                self._all_words(inner)

    def _class(self, address: int) -> None:
        start = address - self.base
        more = sum(bool(self.memory[start + at]) for at in (_PARENTS, _PROTOCOL))
        self.sizes[address] = Size(1 + _SLOTS + more, _TYPE_HEAD)

    def _names(self, address: int) -> None:
        """A table of names, when it is one: it knows where in itself its hashes begin, and its lengths. The names have
        as many letters as here."""
        if self.blocks[address] * BLOCK < _POOL_HEAD:
            return
        room, count, hashes, lengths = (self.word(address, at) for at in range(2, _POOL_HEAD))
        if hashes != address + (_POOL_HEAD + room) * HERE or lengths != hashes + 2 * room:
            return
        self.sizes[address] = Size(_POOL_HEAD + room, _NAME * room)
        for at in range(count):
            letters = self._around(self.word(address, _POOL_HEAD + at))
            if letters is not None:
                self.sizes[letters] = Size(0, self.blocks[letters] * BLOCK * HERE)

    def _around(self, pointer: int) -> "int | None":
        """The allocation that a pointer leads into."""
        at = bisect_right(self._heads, pointer) - 1
        found = self._heads[at] if at >= 0 else None
        return found if found is not None and pointer < found + self.blocks[found] * BLOCK * HERE else None

    def _large(self, address: int) -> int:
        """Ints in a table that are too large for a chip's word."""
        count = 0
        for at in range(self.blocks[address] * BLOCK):
            (value,) = struct.unpack_from("<q", self.memory, address - self.base + at * HERE)
            count += bool(value & 1) and not -_SMALL <= value >> 1 < _SMALL
        return count
