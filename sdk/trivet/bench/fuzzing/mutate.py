"""Changes to inputs: takes bytes, others to borrow from, and chance; gives bytes. Half of the changes keep the
structure (an item more, less, other, elsewhere, with every length right), so that a parser's depth is reached; half do
not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from .tree import ARRAY, BSTR, MAP, NEGATIVE, SIMPLE, TAG, TSTR, UINT, Node, head, parse

LONGEST = 9000  # bytes: a little beyond what any target takes
NUMBERS = [
    0,
    1,
    2,
    3,
    4,
    7,
    9,
    12,
    14,
    15,
    18,
    20,
    21,
    23,
    24,
    27,
    28,
    31,
    32,
    46,
    64,
    107,
    255,
    256,
    4095,
    4096,
    65535,
]
NUMBERS += [(1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
TEXTS = [b"", b"a", b"\xc0\x80", b"\xed\xa0\x80", b"\xff", b"sha256/" + b"0" * 64, b"http://x", b"../../x", b"\0"]

Change = Callable[[bytearray, random.Random, bytes], None]


def mutated(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """One to six changes."""
    for _ in range(1 + min(5, int(chance.expovariate(1)))):
        other = chance.choice(others)
        made = _in_structure(data, other, chance) if chance.random() < 0.5 else None
        if made is None:
            raw = bytearray(data)
            chance.choice(CHANGES)(raw, chance, other)
            made = bytes(raw)
        data = made[:LONGEST]
    return data


# -- with the structure ------------------------------------------------------------------------------------------------


def _in_structure(data: bytes, other: bytes, chance: random.Random) -> bytes | None:
    tree = parse(data)
    if tree is None:
        return None
    nodes = list(tree.nodes())
    node = chance.choice(nodes)
    lent = parse(other)
    match chance.randrange(8):
        case 0:
            _replace(node, _fresh(chance))
        case 1 if lent is not None:
            _replace(node, chance.choice(list(lent.nodes())).copy())
        case 2 if node.inside:
            _less(node, chance)
        case 3 if node.inside:
            _more(node, chance)
        case 4 if node.inside:
            chance.shuffle(node.inside)
        case 5:
            node.major = chance.randrange(8)
        case 6 if lent is not None and node.inside and node.major in {ARRAY, MAP}:
            at = chance.randrange(len(node.inside) + 1)
            node.inside[at:at] = [one.copy() for one in (lent.inside or [lent])][:4]
        case _:
            _scalar(node, chance)
    return tree.encode()


def _replace(node: Node, other: Node) -> None:
    node.major, node.value, node.data, node.inside = other.major, other.value, other.data, other.inside


def _less(node: Node, chance: random.Random) -> None:
    width = 2 if node.major == MAP else 1
    at = width * chance.randrange(max(1, len(node.inside) // width))
    del node.inside[at : at + width]
    if node.major == TAG:
        node.inside.append(Node(UINT))


def _more(node: Node, chance: random.Random) -> None:
    width = 2 if node.major == MAP else 1
    at = width * chance.randrange(max(1, len(node.inside) // width))
    again = [one.copy() for one in node.inside[at : at + width]]
    node.inside[at:at] = again * chance.choice((1, 1, 1, 2, 20))


def _scalar(node: Node, chance: random.Random) -> None:
    if node.major in {BSTR, TSTR}:
        node.inside = []
        raw = bytearray(node.data)
        chance.choice(CHANGES)(raw, chance, chance.choice(TEXTS))
        node.data = bytes(raw)
    else:
        node.value = chance.choice((chance.choice(NUMBERS), node.value + 1, node.value - 1, chance.getrandbits(64)))


def _fresh(chance: random.Random) -> Node:
    major = chance.choice((UINT, NEGATIVE, BSTR, TSTR, ARRAY, MAP, TAG, SIMPLE))
    if major == BSTR:
        return Node(BSTR, data=chance.randbytes(chance.choice((0, 1, 8, 16, 32, 64, 255, 256))))
    if major == TSTR:
        return Node(TSTR, data=chance.choice(TEXTS))
    if major == TAG:
        return Node(TAG, chance.choice(NUMBERS), inside=[_fresh(chance)])
    if major in {ARRAY, MAP}:
        return Node(major, inside=[_fresh(chance) for _ in range(2 * chance.randrange(3))])
    return Node(major, chance.choice(NUMBERS) if major != SIMPLE else chance.choice((20, 21, 22, 23, 31, 255)))


# -- without ----------------------------------------------------------------------------------------------------------


def _bit(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)


def _byte(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    if raw:
        raw[chance.randrange(len(raw))] = chance.randrange(256)


def _cut(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    del raw[chance.randrange(len(raw) + 1) :]


def _without(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    at = chance.randrange(len(raw) + 1)
    del raw[at : at + chance.choice((1, 1, 2, 4, 36, 100))]


def _inserted(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    at = chance.randrange(len(raw) + 1)
    raw[at:at] = chance.randbytes(chance.choice((1, 1, 2, 8, 64)))


def _again(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    at = chance.randrange(len(raw) + 1)
    raw[at:at] = raw[at : at + chance.choice((1, 4, 36, 100, 1000))]


def _promise(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    """A head that promises something, in the place of one byte."""
    at = chance.randrange(len(raw) + 1)
    promise = head(chance.randrange(8), chance.choice(NUMBERS))
    if chance.random() < 0.3:  # longer than needed
        promise = bytes((promise[0] & 0xE0 | 27,)) + chance.choice(NUMBERS).to_bytes(8)
    raw[at : at + 1] = promise


def _spliced(raw: bytearray, chance: random.Random, other: bytes) -> None:
    at, start = chance.randrange(len(raw) + 1), chance.randrange(len(other) + 1)
    raw[at : at + chance.choice((0, 8, 64, 1000))] = other[start : start + chance.choice((8, 64, 1000))]


def _deep(raw: bytearray, chance: random.Random, _other: bytes) -> None:
    """Arrays in arrays, byte strings in tags: as deep as it goes."""
    at = chance.randrange(len(raw) + 1)
    raw[at:at] = bytes((chance.choice((0x81, 0x9F, 0xA1, 0xC1, 0xD8, 0x5F)),)) * chance.choice((3, 20, 1500, 8000))


CHANGES: tuple[Change, ...] = (_bit, _bit, _byte, _byte, _cut, _without, _inserted, _again, _promise, _spliced, _deep)
