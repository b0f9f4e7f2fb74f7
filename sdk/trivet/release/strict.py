"""Any CBOR of a SUIT envelope, read strictly: deterministic encoding (RFC 8949, section 4.2.1) and nothing else.

Takes bytes and what they are called, gives values; or a ReleaseError that says at which byte what is wrong: indefinite
lengths, longer encodings than needed, unsorted or doubled keys, text that is not UTF-8, nesting beyond 16, an end in
the middle, bytes after the end. Beside the house's own reader (`trivet_wire.cbor`), which knows no tags and no arrays
as keys: an appliance never meets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .problem import ReleaseError

MAX_DEPTH = 16
_UINT, _NEGATIVE, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_CONSTANTS = {20: False, 21: True, 22: None}


@dataclass(frozen=True)
class Tag:
    number: int
    value: Any


def decode(data: bytes, what: str) -> Any:
    """The one item that fills `data`. Arrays are lists, as keys of a map tuples; a map is a dict in its order."""
    reader = _Reader(data, what)
    value = reader.item(MAX_DEPTH)
    if reader.pos != len(data):
        rest = len(data) - reader.pos
        raise reader.wrong(reader.pos, f"{rest} byte{'s' if rest > 1 else ''} too many after the end")
    return value


class _Reader:
    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self.pos = 0

    def wrong(self, at: int, problem: str) -> ReleaseError:
        return ReleaseError(f"{self._what}, byte {at}: {problem}")

    def item(self, depth: int) -> Any:
        at = self.pos
        major, value = self._head()
        if major in {_UINT, _NEGATIVE}:
            return value if major == _UINT else -1 - value
        if major in {_BSTR, _TSTR}:
            return self._string(at, major, value)
        if major == _SIMPLE:
            if value not in _CONSTANTS:
                raise self.wrong(at, "a float or simple value, which no manifest has")
            return _CONSTANTS[value]
        if depth == 0:
            raise self.wrong(at, f"nested deeper than {MAX_DEPTH}")
        if major == _TAG:
            return Tag(value, self.item(depth - 1))
        if value > len(self._data) - self.pos:
            raise self.wrong(at, f"claims {value} entries and ends before")
        if major == _ARRAY:
            return [self.item(depth - 1) for _ in range(value)]
        return self._map(value, depth - 1)

    def _head(self) -> tuple[int, int]:
        at = self.pos
        first = self._take(1, at)[0]
        major, short = first >> 5, first & 31
        if short < 24:
            return major, short
        if short > 27:
            raise self.wrong(at, "an indefinite length" if short == 31 else "no CBOR")
        size = 1 << short - 24
        value = int.from_bytes(self._take(size, at))
        if major == _SIMPLE:
            raise self.wrong(at, "a float or simple value, which no manifest has")
        if value < (24 if size == 1 else 1 << 4 * size):
            raise self.wrong(at, f"not canonical: {value} is written in more bytes than it needs")
        return major, value

    def _string(self, at: int, major: int, length: int) -> bytes | str:
        data = self._take(length, at)
        if major == _BSTR:
            return data
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.wrong(at, "text that is not UTF-8") from error

    def _map(self, count: int, depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        before = b""
        for _ in range(count):
            at = self.pos
            key = self.item(depth)
            encoded = self._data[at : self.pos]
            if encoded <= before:
                problem = (
                    "the same key twice" if encoded == before else "not canonical: a key stands behind a later one"
                )
                raise self.wrong(at, problem)
            before = encoded
            name = _hashable(key)
            if name is None:
                raise self.wrong(at, "a key of a type that no manifest has")
            made[name] = self.item(depth)
        return made

    def _take(self, size: int, at: int) -> bytes:
        if size > len(self._data) - self.pos:
            raise self.wrong(at, f"ends in the middle: {size} bytes are named, {len(self._data) - self.pos} are there")
        self.pos += size
        return self._data[self.pos - size : self.pos]


def _hashable(key: Any) -> Any:
    """A key as a dict can hold it; None for what no manifest has as one."""
    if isinstance(key, list):
        parts = tuple(_hashable(one) for one in key)
        return None if None in parts else parts
    if isinstance(key, Tag):
        inner = _hashable(key.value)
        return None if inner is None else Tag(key.number, inner)
    return key if isinstance(key, int | str | bytes) and not isinstance(key, bool) else None
