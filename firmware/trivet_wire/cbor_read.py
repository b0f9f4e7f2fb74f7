"""Reading side of bounded canonical CBOR (RFC 8949, section 4.2.1) over a caller's buffer.

Takes bytes and positions, gives items and positions; a refusal is a `WireError` with a numeric reason of `ids`. Never
reads outside the range it was given, and never accepts floats, tags, other simple values or indefinite lengths.
"""

from .ids import (
    MAX_DEPTH,
    MAX_MESSAGE,
    R_DEPTH,
    R_FIELD,
    R_INDEFINITE,
    R_NOT_CANONICAL,
    R_TOO_LARGE,
    R_TRAILING,
    R_TRUNCATED,
    R_TYPE,
)
from .refuse import ARRAY, BSTR, FALSE, MAP, NEGATIVE, NULL, SIMPLE, TAG, TRUE, TSTR, UINT, WireError, check_utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Buffer = bytes | bytearray | memoryview


class Reader:
    """Reads items one after the other from `buf[off:end]`; `pos` is where the next one begins."""

    def __init__(self, buf: "Buffer", off: int = 0, end: int = -1) -> None:
        self.buf = buf
        self.pos = off
        self.end = len(buf) if end < 0 else end
        self.major = 0  # of the head read last

    def head(self) -> int:
        """The argument of the next initial byte; its type is left in `major`. Every rule of canonical heads is here."""
        pos = self.pos
        if pos >= self.end:
            raise WireError(R_TRUNCATED)
        buf = self.buf
        value = buf[pos] & 31
        major = self.major = buf[pos] >> 5
        if value == 31 and major not in (UINT, NEGATIVE, TAG):
            raise WireError(R_INDEFINITE)
        if value >= 28 or major == TAG or (major == SIMPLE and not FALSE <= value <= NULL):
            raise WireError(R_TYPE)
        pos += 1
        if value >= 24:
            count = 1 << (value - 24)
            end = pos + count
            if end > self.end:
                raise WireError(R_TRUNCATED)
            value = 0
            while pos < end:
                value = value << 8 | buf[pos]
                pos += 1
            if value < 24 or (count > 1 and value >> (4 * count) == 0):
                raise WireError(R_NOT_CANONICAL)
        self.pos = pos
        return value

    def integer(self) -> int:
        value = self.head()
        if self.major == UINT:
            return value
        if self.major != NEGATIVE:
            raise WireError(R_FIELD)
        return -1 - value

    def unsigned(self, maximum: int) -> int:
        """0 … maximum, else R_FIELD."""
        value = self._expect(UINT)
        if value > maximum:
            raise WireError(R_FIELD)
        return value

    def bstr(self) -> int:
        """Where the bytes begin; they end at `pos`. Nothing is copied."""
        return self._span(self._expect(BSTR))

    def tstr(self) -> str:
        return self._text(self._expect(TSTR))

    def array(self) -> int:
        """Number of items that follow; R_TRUNCATED when they cannot be there."""
        return self._count(self._expect(ARRAY), 1)

    def map(self) -> int:
        """Number of pairs that follow. The caller reads keys himself and minds their order; `item` does both."""
        return self._count(self._expect(MAP), 2)

    def null(self) -> bool:
        """Whether a null stood here; it is passed over if so, and nothing else is."""
        if self.pos < self.end and self.buf[self.pos] == SIMPLE << 5 | NULL:
            self.pos += 1
            return True
        return False

    def done(self) -> None:
        if self.pos != self.end:
            raise WireError(R_TRAILING)

    def item(self, depth: int = MAX_DEPTH) -> "Any":
        """The next item, whatever it is, with copies of its bytes; R_DEPTH beyond `depth` nested arrays and maps."""
        value = self.head()
        major = self.major
        if major == UINT:
            return value
        if major == NEGATIVE:
            return -1 - value
        if major == BSTR:
            start = self._span(value)
            return bytes(memoryview(self.buf)[start : self.pos])
        if major == TSTR:
            return self._text(value)
        if major == SIMPLE:
            return None if value == NULL else value == TRUE
        if depth <= 0:
            raise WireError(R_DEPTH)
        if major == MAP:
            return self._map(self._count(value, 2), depth - 1)
        items: list[Any] = []
        for _ in range(self._count(value, 1)):
            items.append(self.item(depth - 1))
        return items

    def _map(self, count: int, depth: int) -> "dict[Any, Any]":
        pairs: dict[Any, Any] = {}
        last = last_end = -1
        for _ in range(count):
            start = self.pos
            if start < self.end and self.buf[start] >> 5 not in (UINT, NEGATIVE, TSTR):
                self.head()  # what it refuses has a reason of its own
                raise WireError(R_TYPE)
            key = self.item(0)
            if last >= 0 and not _ascends(self.buf, last, last_end, start, self.pos):
                raise WireError(R_NOT_CANONICAL)
            last = start
            last_end = self.pos
            pairs[key] = self.item(depth)
        return pairs

    def _expect(self, major: int) -> int:
        value = self.head()
        if self.major != major:
            raise WireError(R_FIELD)
        return value

    def _count(self, count: int, width: int) -> int:
        if count > (self.end - self.pos) // width:
            raise WireError(R_TRUNCATED)
        return count

    def _span(self, length: int) -> int:
        start = self.pos
        if length > self.end - start:
            raise WireError(R_TRUNCATED)
        self.pos = start + length
        return start

    def _text(self, length: int) -> str:
        start = self._span(length)
        check_utf8(self.buf, start, self.pos)
        return str(memoryview(self.buf)[start : self.pos], "utf-8")


def _ascends(buf: "Buffer", a: int, a_end: int, b: int, b_end: int) -> bool:
    """Whether the bytes at `a` sort before those at `b` (strictly, so that duplicates are refused too)."""
    while a < a_end and b < b_end:
        if buf[a] != buf[b]:
            return buf[a] < buf[b]
        a += 1
        b += 1
    return a == a_end and b < b_end


def decode(buf: "Buffer", max_size: int = MAX_MESSAGE, max_depth: int = MAX_DEPTH) -> "Any":
    """The one item that fills `buf`, or a WireError."""
    if len(buf) > max_size:
        raise WireError(R_TOO_LARGE)
    reader = Reader(buf)
    value = reader.item(max_depth)
    reader.done()
    return value
