"""Bounded canonical CBOR (RFC 8949, section 4.2.1) over a caller's buffer; its reading side is beside.

Takes items, gives bytes in the caller's buffer; a refusal is a `WireError` with a numeric reason of `ids`. Never writes
outside the range it was given, and never makes floats, tags, other simple values or indefinite lengths.
"""

from .cbor_read import Reader, decode
from .ids import MAX_DEPTH, R_DEPTH, R_FIELD, R_TOO_LARGE, R_TYPE
from .refuse import ARRAY, BSTR, FALSE, MAP, NEGATIVE, NULL, SIMPLE, TRUE, TSTR, UINT, WireError, check_utf8

__all__ = ("Reader", "WireError", "Writer", "decode", "encode")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Buffer = bytes | bytearray | memoryview


class Writer:
    """Writes items one after the other into `buf[off:end]`; `pos` is where the next one goes. Full: R_TOO_LARGE."""

    def __init__(self, buf: bytearray | memoryview, off: int = 0, end: int = -1) -> None:
        self.buf = buf
        self.pos = off
        self.end = len(buf) if end < 0 else end

    def head(self, major: int, value: int) -> None:
        """One initial byte and its shortest argument (0 … 2^64-1)."""
        if value < 0:
            raise WireError(R_FIELD)
        if value < 24:
            size = 0
            first = value
        elif value < 0x100:
            size = 1
            first = 24
        elif value < 0x10000:
            size = 2
            first = 25
        elif value >> 16 < 0x10000:
            size = 4
            first = 26
        elif value >> 32 < 0x100000000:
            size = 8
            first = 27
        else:
            raise WireError(R_FIELD)
        pos = self.pos
        if pos + 1 + size > self.end:
            raise WireError(R_TOO_LARGE)
        buf = self.buf
        buf[pos] = major << 5 | first
        self.pos = pos + 1 + size
        pos += size
        while size:
            buf[pos] = value & 0xFF
            value >>= 8
            pos -= 1
            size -= 1

    def integer(self, value: int) -> None:
        """-2^64 … 2^64-1."""
        if value < 0:
            self.head(NEGATIVE, -1 - value)
        else:
            self.head(UINT, value)

    def bstr(self, data: "Buffer") -> None:
        self.head(BSTR, len(data))
        self.raw(data)

    def tstr(self, value: str) -> None:
        data = _encoded(value)
        self.head(TSTR, len(data))
        self.raw(data)

    def array(self, size: int) -> None:
        self.head(ARRAY, size)

    def map(self, size: int) -> None:
        """The caller then writes `size` keys, each with its value, in the bytewise order of the encoded keys."""
        self.head(MAP, size)

    def boolean(self, value: bool) -> None:
        self.head(SIMPLE, TRUE if value else FALSE)

    def null(self) -> None:
        self.head(SIMPLE, NULL)

    def raw(self, data: "Buffer") -> None:
        """Bytes as they are: an item that is encoded already."""
        pos = self.pos
        end = pos + len(data)
        if end > self.end:
            raise WireError(R_TOO_LARGE)
        self.buf[pos:end] = data
        self.pos = end

    def item(self, value: "Any", depth: int = MAX_DEPTH) -> None:
        """Any item; maps are sorted here. What CBOR or the contract cannot hold: R_TYPE, R_FIELD or R_DEPTH."""
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]
        if value is None:
            self.null()
        elif kind is bool:
            self.boolean(value)
        elif kind is int:
            self.integer(value)
        elif kind is str:
            self.tstr(value)
        elif kind in (bytes, bytearray, memoryview):
            self.bstr(value)
        elif kind not in (list, tuple, dict):
            raise WireError(R_TYPE)
        elif depth <= 0:
            raise WireError(R_DEPTH)
        elif kind is dict:
            self._sorted(value, depth - 1)
        else:
            self.array(len(value))
            for one in value:
                self.item(one, depth - 1)

    def _sorted(self, value: "dict[Any, Any]", depth: int) -> None:
        encoded: dict[bytes, Any] = {}
        for key, one in value.items():
            encoded[_key(key)] = one
        self.map(len(encoded))
        for name in sorted(encoded):
            self.raw(name)
            self.item(encoded[name], depth)


def _key(key: "Any") -> bytes:
    if type(key) not in (int, str):
        raise WireError(R_TYPE)
    return encode(key)


def _encoded(text: str) -> bytes:
    """UTF-8; a lone surrogate is refused here because MicroPython itself would let it pass."""
    try:
        data = text.encode()
    except UnicodeError:
        data = b"\xff"
    check_utf8(data, 0, len(data))
    return data


def encode(value: "Any", max_size: int = 1 << 20, max_depth: int = MAX_DEPTH) -> bytes:
    """One item as canonical CBOR, for where allocating is fine; a map's keys are ints or texts."""
    room = 64
    while True:
        writer = Writer(bytearray(min(room, max_size)))
        try:
            writer.item(value, max_depth)
            return bytes(memoryview(writer.buf)[: writer.pos])
        except WireError as error:
            if error.reason != R_TOO_LARGE or room >= max_size:
                raise
        room *= 4
