"""Short series of int32 as bytes: the first value, then differences, each zigzag and LEB128 (one byte for -64 … 63).

Takes values or bytes and positions, gives positions or values, or a `WireError`. Canonical: the shortest form only.
"""

from .ids import R_FIELD, R_NOT_CANONICAL, R_TOO_LARGE, R_TRUNCATED
from .refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Buffer = bytes | bytearray | memoryview

MAX_SAMPLES = 64
MAX_BYTES = 5  # that one number takes: a difference of two int32 has 33 bits
_MIN = -0x80000000
_MAX = 0x7FFFFFFF


def put(buf: "bytearray | memoryview", off: int, end: int, value: int) -> int:
    """One number (33 bits with its sign) at `off`; gives where the next one goes. Beyond `end`: R_TOO_LARGE."""
    value = value << 1 if value >= 0 else ((-1 - value) << 1) | 1
    while True:
        if off >= end:
            raise WireError(R_TOO_LARGE)
        if value < 0x80:
            buf[off] = value
            return off + 1
        buf[off] = 0x80 | (value & 0x7F)
        value >>= 7
        off += 1


def pack(values: "Sequence[int]", buf: "bytearray | memoryview", off: int = 0, end: int = -1) -> int:
    """All `values` at `buf[off:end]`, oldest first; gives where they end. Not an int32: R_FIELD."""
    if end < 0:
        end = len(buf)
    last = 0
    for value in values:
        if not _MIN <= value <= _MAX:
            raise WireError(R_FIELD)
        off = put(buf, off, end, value - last)
        last = value
    return off


def unpack(buf: "Buffer", off: int = 0, end: int = -1, maximum: int = MAX_SAMPLES) -> "list[int]":
    """The values of `buf[off:end]`. More than `maximum`, or one beyond int32: R_FIELD."""
    if end < 0:
        end = len(buf)
    values: "list[int]" = []
    last = 0
    while off < end:
        number = shift = 0
        while True:
            if off >= end:
                raise WireError(R_TRUNCATED)
            byte = buf[off]
            off += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= 7 * MAX_BYTES:
                raise WireError(R_FIELD)
        if byte == 0 and shift:
            raise WireError(R_NOT_CANONICAL)
        last += -1 - (number >> 1) if number & 1 else number >> 1
        if not _MIN <= last <= _MAX or len(values) >= maximum:
            raise WireError(R_FIELD)
        values.append(last)
    return values
