"""Authenticated envelope: COSE_Mac0, HMAC 256/64 (RFC 9052, section 6.2; RFC 9053, section 3.1), and a payload's head.

Takes a key bound to one device and epoch and bytes in a caller's buffer; gives positions there, or a `WireError`.
Never copies a payload, never says more about a bad tag than R_TAG, and compares tags in constant time.

    84             array(4)
    43 A1 01 04    protected header {1: 4}, "HMAC 256/64"
    A0             unprotected header {}
    <bstr>         payload: 1 to 3 bytes of head, then the canonical CBOR array of `ids.F_…`
    48 <8 bytes>   tag
"""

from .cbor_read import Reader
from .ids import (
    DEVICE_ID_SIZE,
    FIELDS,
    MAX_MESSAGE,
    R_ENVELOPE,
    R_FIELD,
    R_TAG,
    R_TOO_LARGE,
    R_TRAILING,
    R_TRUNCATED,
    R_VERSION,
    TAG_SIZE,
    VERSION,
)
from .refuse import BSTR, WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .cbor import Writer

    Buffer = bytes | bytearray | memoryview

    class _Hash(Protocol):
        def update(self, data: Buffer) -> None: ...
        def digest(self) -> bytes: ...

    def sha256(data: Buffer) -> _Hash: ...
else:
    from hashlib import sha256

HEADROOM = 9  # bytes to leave free before a payload that `seal` closes in place
TAILROOM = 1 + TAG_SIZE  # bytes to leave free after it
OVERHEAD = HEADROOM + TAILROOM  # bytes that an envelope adds at most
_PREFIX = b"\x84\x43\xa1\x01\x04\xa0"
_TAG_HEAD = BSTR << 5 | TAG_SIZE
_BLOCK = 64  # bytes, of SHA-256

MAX_U32 = 0xFFFFFFFF
MAX_UPTIME_MS = (1 << 53) - 1  # exact in every JSON reader; 285,000 years
MAX_KIND = 0xFFFF


class Key:
    """A message key bound to a device and an epoch. What every tag begins with is prepared once: both pads of HMAC and
    the head of MAC_structure, because MicroPython's hashes cannot be copied half-way.
    """

    def __init__(self, secret: bytes, device: bytes, epoch: int) -> None:
        if len(secret) > _BLOCK or len(device) != DEVICE_ID_SIZE or not 0 <= epoch <= 255:
            raise ValueError("a key is up to 64 bytes, a device id 8, an epoch 0 to 255")
        padded = secret + bytes(_BLOCK - len(secret))
        structure = b"\x84\x64MAC0\x43\xa1\x01\x04" + bytes((BSTR << 5 | 9,)) + device + bytes((epoch,))
        self._inner = bytes(b ^ 0x36 for b in padded) + structure
        self._outer = bytes(b ^ 0x5C for b in padded)

    def digest(self, payload: "Buffer") -> bytes:
        """All 32 bytes of HMAC over MAC_structure; `payload` begins with its own bstr head, as in the envelope."""
        inner = sha256(self._inner)
        inner.update(payload)
        outer = sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()


def seal(key: Key, buf: "bytearray | memoryview", off: int, end: int) -> int:
    """Close the envelope around a payload `buf[off:end]` in place. It begins at the result, ends at `end + TAILROOM`.

    The caller leaves HEADROOM bytes free before `off` and TAILROOM after `end` (else ValueError). A payload too long
    for MAX_MESSAGE is refused with R_TOO_LARGE.
    """
    if off < HEADROOM or end + TAILROOM > len(buf) or end < off:
        raise ValueError("leave HEADROOM before and TAILROOM after the payload")
    length = end - off
    if length < 24:
        start = off - 1
        buf[start] = BSTR << 5 | length
    elif length < 0x100:
        start = off - 2
        buf[start] = BSTR << 5 | 24
        buf[start + 1] = length
    else:
        start = off - 3
        buf[start] = BSTR << 5 | 25
        buf[start + 1] = length >> 8 & 0xFF
        buf[start + 2] = length & 0xFF
    if end + TAILROOM - start + len(_PREFIX) > MAX_MESSAGE:
        raise WireError(R_TOO_LARGE)
    view = memoryview(buf)
    tag = key.digest(view[start:end])
    buf[end] = _TAG_HEAD
    for i in range(TAG_SIZE):
        buf[end + 1 + i] = tag[i]
    start -= len(_PREFIX)
    for i in range(len(_PREFIX)):
        buf[start + i] = _PREFIX[i]
    return start


def reseal(key: Key, buf: "bytearray | memoryview", end: int) -> None:
    """Put the tag of `key` on a whole message `buf[:end]`, whatever epoch it was sealed in."""
    tag = key.digest(memoryview(buf)[len(_PREFIX) : end - TAILROOM])
    for i in range(TAG_SIZE):
        buf[end - TAG_SIZE + i] = tag[i]


def sealed(key: Key, payload: "Buffer") -> bytes:
    """A whole message around `payload`, for where allocating is fine."""
    buf = bytearray(len(payload) + OVERHEAD)
    end = HEADROOM + len(payload)
    buf[HEADROOM:end] = payload
    start = seal(key, buf, HEADROOM, end)
    return bytes(memoryview(buf)[start : end + TAILROOM])


def structure(buf: "Buffer", off: int, end: int) -> int:
    """Where the payload of a message `buf[off:end]` begins; it ends at `end - TAILROOM`. Authenticates nothing yet."""
    if end - off > MAX_MESSAGE:
        raise WireError(R_TOO_LARGE)
    for i in range(len(_PREFIX)):
        if off + i >= end or buf[off + i] != _PREFIX[i]:
            return _refuse(buf, off, end)
    reader = Reader(buf, off + len(_PREFIX), end)
    try:
        start = reader.bstr()
    except WireError as error:
        if error.reason != R_FIELD:
            raise
        return _refuse(buf, off, end)
    tag = reader.pos
    if tag < end and buf[tag] != _TAG_HEAD:
        return _refuse(buf, off, end)
    if tag + TAILROOM > end:
        raise WireError(R_TRUNCATED)
    if tag + TAILROOM < end:
        raise WireError(R_TRAILING)
    return start


def _refuse(buf: "Buffer", off: int, end: int) -> int:
    """Something else than our envelope: say what is wrong with it as CBOR, or that it is not ours."""
    reader = Reader(buf, off, end)
    reader.item()
    reader.done()
    raise WireError(R_ENVELOPE)


def unseal(key: Key, buf: "Buffer", off: int = 0, end: int = -1) -> int:
    """As `structure`, and the tag is `key`'s; else R_TAG. The payload is `buf[start : end - TAILROOM]`."""
    if end < 0:
        end = len(buf)
    start = structure(buf, off, end)
    view = memoryview(buf)
    tag = key.digest(view[off + len(_PREFIX) : end - TAILROOM])
    wrong = 0
    for i in range(TAG_SIZE):
        wrong |= tag[i] ^ buf[end - TAG_SIZE + i]
    if wrong:
        raise WireError(R_TAG)
    return start


def put_head(writer: "Writer", kind: int, boot: int, seq: int, uptime_ms: int, wall_s: int, consent_seq: int) -> None:
    """The first seven fields of a payload; the caller writes the body next. `wall_s` 0 is unknown and becomes null."""
    writer.array(FIELDS)
    writer.integer(VERSION)
    writer.integer(kind)
    writer.integer(boot)
    writer.integer(seq)
    writer.integer(uptime_ms)
    if wall_s:
        writer.integer(wall_s)
    else:
        writer.null()
    writer.integer(consent_seq)


class Head:
    """The first seven fields of a payload, read in place; `reader` then stands at the body."""

    def __init__(self, buf: "Buffer", off: int, end: int) -> None:
        reader = self.reader = Reader(buf, off, end)
        count = reader.array()
        version = reader.unsigned(MAX_U32) if count else 0
        if version > VERSION:
            raise WireError(R_VERSION)
        if version < 1 or count < FIELDS:
            raise WireError(R_FIELD)
        self.kind = reader.unsigned(MAX_KIND)
        self.boot = reader.unsigned(MAX_U32)
        self.seq = reader.unsigned(MAX_U32)
        self.uptime_ms = reader.unsigned(MAX_UPTIME_MS)
        self.wall_s = 0 if reader.null() else reader.unsigned(MAX_U32)  # 0: unknown
        self.consent_seq = reader.unsigned(MAX_U32)
