"""What both halves of CBOR share: its types, the refusal `WireError` with a numeric reason, the check of text.

Takes bytes and positions, gives nothing or a WireError. Never reads outside the range it was given.
"""

from .ids import R_TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

# Major types (RFC 8949, section 3.1).
UINT = 0
NEGATIVE = 1
BSTR = 2
TSTR = 3
ARRAY = 4
MAP = 5
TAG = 6
SIMPLE = 7

FALSE = 20
TRUE = 21
NULL = 22


class WireError(ValueError):
    """Bytes (or a value to be sent) that the contract refuses; `reason` is one of `ids.R_…`, whose names only the cloud
    has in memory."""

    def __init__(self, reason: int) -> None:
        super().__init__("reason %d" % reason)
        self.reason = reason


def check_utf8(buf: "Buffer", off: int, end: int) -> None:
    """R_TYPE unless well-formed (Unicode, table 3-7); MicroPython itself lets surrogates and overlong forms pass."""
    while off < end:
        lead = buf[off]
        off += 1
        if lead < 0x80:
            continue
        low = 0x80
        high = 0xBF
        if 0xC2 <= lead <= 0xDF:
            more = 1
        elif 0xE0 <= lead <= 0xEF:
            more = 2
            low = 0xA0 if lead == 0xE0 else 0x80
            high = 0x9F if lead == 0xED else 0xBF
        elif 0xF0 <= lead <= 0xF4:
            more = 3
            low = 0x90 if lead == 0xF0 else 0x80
            high = 0x8F if lead == 0xF4 else 0xBF
        else:
            raise WireError(R_TYPE)
        while more:
            if off >= end or not low <= buf[off] <= high:
                raise WireError(R_TYPE)
            low = 0x80
            high = 0xBF
            off += 1
            more -= 1
