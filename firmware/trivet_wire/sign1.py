"""Signed bytes: COSE_Sign1 with ESP256 (RFC 9052, section 4.2; RFC 9864, section 2.1), in the one shape that is spoken.

Takes a key id and a payload, gives the digest that is to be signed and the whole message; takes a message, gives
positions in it or a `WireError`. Never signs or verifies: keys are elsewhere.

    D2 84              tag 18, array(4)
    4D A2 01 28 04 48  protected header {1: -9, 4: key id}: "ECDSA with P-256 and SHA-256"
       <8 bytes>
    A0                 unprotected header {}
    <bstr>             payload
    58 40 <64 bytes>   signature, r ‖ s
"""

from .cbor_read import Reader
from .envelope import sha256
from .ids import MAX_MESSAGE, R_ENVELOPE, R_TOO_LARGE, R_TRAILING, R_TRUNCATED
from .refuse import BSTR, WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

KID_SIZE = 8  # bytes: an appliance's device id; else the start of SHA-256 of the 64-byte public key
SIGNATURE_SIZE = 64
_START = b"\xd2\x84\x4d\xa2\x01\x28\x04\x48"  # then the key id
_STRUCTURE = b"\x84\x6aSignature1\x4d\xa2\x01\x28\x04\x48"  # Sig_structure (RFC 9052, section 4.4) up to the key id
_TAIL = b"\x58\x40"


def digest(kid: "Buffer", payload: "Buffer") -> bytes:
    """SHA-256 of the Sig_structure, without external data: what is signed. ValueError unless `kid` is 8 bytes."""
    hash = sha256(_STRUCTURE)
    hash.update(_checked(kid))
    hash.update(b"\x40" + _head(len(payload)))
    hash.update(payload)
    return hash.digest()


def assembled(kid: "Buffer", payload: "Buffer", signature: "Buffer") -> bytes:
    """The whole message. ValueError for a key id or signature of another size; R_TOO_LARGE beyond MAX_MESSAGE."""
    if len(signature) != SIGNATURE_SIZE:
        raise ValueError("a signature is 64 bytes")
    size = len(payload)
    message = _START + bytes(_checked(kid)) + b"\xa0" + _head(size) + bytes(payload) + _TAIL + bytes(signature)
    if len(message) > MAX_MESSAGE:
        raise WireError(R_TOO_LARGE)
    return message


class Signed:
    """The parts of a message `buf[off:end]`, in place. Authenticates nothing: compare `digest(kid, payload)`.

    `kid` and `signature` are copies; the payload is `buf[payload : payload_end]`.
    """

    def __init__(self, buf: "Buffer", off: int = 0, end: int = -1) -> None:
        if end < 0:
            end = len(buf)
        if end - off > MAX_MESSAGE:
            raise WireError(R_TOO_LARGE)
        view = memoryview(buf)
        at = _expect(view, off, end, _START)
        if at + KID_SIZE > end:
            raise WireError(R_TRUNCATED)
        self.kid = bytes(view[at : at + KID_SIZE])
        at = _expect(view, at + KID_SIZE, end, b"\xa0")
        if at < end and view[at] >> 5 != BSTR:
            raise WireError(R_ENVELOPE)  # detached payload, or none of bytes
        reader = Reader(buf, at, end)
        self.payload = reader.bstr()
        self.payload_end = reader.pos
        at = _expect(view, reader.pos, end, _TAIL)
        if at + SIGNATURE_SIZE > end:
            raise WireError(R_TRUNCATED)
        if at + SIGNATURE_SIZE < end:
            raise WireError(R_TRAILING)
        self.signature = bytes(view[at:end])


def _expect(view: memoryview, at: int, end: int, what: bytes) -> int:
    """Where it goes on after `what`."""
    for byte in what:
        if at >= end:
            raise WireError(R_TRUNCATED)
        if view[at] != byte:
            raise WireError(R_ENVELOPE)
        at += 1
    return at


def _checked(kid: "Buffer") -> "Buffer":
    if len(kid) != KID_SIZE:
        raise ValueError("a key id is 8 bytes")
    return kid


def _head(size: int) -> bytes:
    """Head of a byte string (RFC 8949, section 3.1); longer ones are no message."""
    if size < 24:
        return bytes((BSTR << 5 | size,))
    if size < 0x100:
        return bytes((BSTR << 5 | 24, size))
    if size > MAX_MESSAGE:
        raise WireError(R_TOO_LARGE)
    return bytes((BSTR << 5 | 25, size >> 8, size & 0xFF))
