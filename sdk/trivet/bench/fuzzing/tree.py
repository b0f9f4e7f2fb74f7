"""Bytes as a tree of CBOR items (RFC 8949), for a fuzzer: takes anything, gives nodes, and from nodes bytes again, with
every length that encloses a change made right. Byte strings that hold CBOR are opened too, as SUIT wraps it. Never
refuses: what is no CBOR is a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

UINT, NEGATIVE, BSTR, TSTR, ARRAY, MAP, TAG, SIMPLE = range(8)
_DEPTH = 24


@dataclass
class Node:
    """One item. `value` is the argument of an integer, tag or simple value, `data` what a string holds as it is,
    `inside` the items of an array, map (flat: key, value, …), tag, or wrapped string."""

    major: int
    value: int = 0
    data: bytes = b""
    inside: list[Node] = field(default_factory=list)

    @property
    def wrapped(self) -> bool:
        return self.major == BSTR and bool(self.inside)

    def encode(self) -> bytes:
        content = b"".join(one.encode() for one in self.inside)
        if self.major in {BSTR, TSTR}:
            content = content if self.inside else self.data
            return head(self.major, len(content)) + content
        if self.major in {ARRAY, MAP}:
            return head(self.major, len(self.inside) // (2 if self.major == MAP else 1)) + content
        return head(self.major, self.value) + content

    def nodes(self) -> Iterator[Node]:
        """Itself and everything inside."""
        yield self
        for one in self.inside:
            yield from one.nodes()

    def copy(self) -> Node:
        return Node(self.major, self.value, self.data, [one.copy() for one in self.inside])


def head(major: int, value: int) -> bytes:
    """Shortest form."""
    value &= (1 << 64) - 1
    if value < 24:
        return bytes((major << 5 | value,))
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes((major << 5 | short,)) + value.to_bytes(size)
    raise AssertionError("64 bits hold it")


def parse(data: bytes) -> Node | None:
    """The one item that fills `data`; None when there is no such."""
    try:
        node, end = _item(data, 0, _DEPTH)
    except (IndexError, ValueError):
        return None
    return node if end == len(data) else None


def _item(data: bytes, at: int, depth: int) -> tuple[Node, int]:
    first = data[at]
    major, value, at = first >> 5, first & 31, at + 1
    if value >= 28 or depth == 0:
        raise ValueError("no CBOR that is known here, or too deep")
    if value >= 24:
        size = 1 << value - 24
        if at + size > len(data):
            raise ValueError("ends in a head")
        value, at = int.from_bytes(data[at : at + size]), at + size
    node = Node(major, value)
    if major in {BSTR, TSTR}:
        if at + value > len(data):
            raise ValueError("ends in a string")
        node.data, at = data[at : at + value], at + value
        if major == BSTR and value > 1:
            inside = parse(node.data) if node.data[0] >> 5 in {ARRAY, MAP, TAG} else None
            node.inside = [inside] if inside is not None else []
    count = {ARRAY: value, MAP: 2 * value, TAG: 1}.get(major, 0)
    if count > len(data) - at:
        raise ValueError("ends in an array or map")
    for _ in range(count):
        one, at = _item(data, at, depth - 1)
        node.inside.append(one)
    return node, at
