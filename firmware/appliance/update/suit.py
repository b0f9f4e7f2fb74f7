"""SUIT envelopes (draft-ietf-suit-manifest-34, section 8.2) and what their signatures cover, in place.

Takes an envelope as it came and the root of keys, gives a view of its manifest once the signatures hold, else a
WireError. Never copies a part, never looks into a manifest that nobody signed, never allocates by a length it was told.

    D8 6B              tag 107
    A2 | A3            map
    02 <bstr>          authentication: [bstr SUIT_Digest, bstr COSE_Sign1, …]
    03 <bstr>          manifest
    17 <bstr>          text, severed: its digest stands in the manifest
"""

from trivet_wire import ids
from trivet_wire.cbor_read import Reader
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .roots import Roots

    Buffer = bytes | bytearray | memoryview

RARE = ("appliance.trust.lms", "appliance.trust.p256")  # what judging loads and its caller then unloads
MAX_SIGNATURES = 16
DIGEST_HEAD = b"\x82\x2f\x58\x20"  # SUIT_Digest [-16, bstr 32]: SHA-256
_DIGEST_SIZE = 36  # bytes, with its head
_TAG = b"\xd8\x6b"
_SIGN1 = b"\xd2\x84"  # tag 18, array(4)
_DETACHED = b"\xa0\xf6"  # unprotected header {}, no payload of its own
_AUTHENTICATION = 2
_MANIFEST = 3
_TEXT = 23
# What stands in front of the text's digest in a manifest: integers, and byte strings.
_NUMBERS = (1, 2)
_BEFORE_TEXT = (3, 7, 20)


class Authentication:
    """The authentication `buf[off:end]` of a manifest or a set of keys: its parts, in place.

    `digest` is a copy of the SUIT_Digest, which is what was signed; `signatures` are pairs of protected header and
    signature, not judged.
    """

    def __init__(self, buf: memoryview, off: int, end: int) -> None:
        reader = Reader(buf, off, end)
        count = reader.array() - 1
        if count > MAX_SIGNATURES:
            raise WireError(ids.R_TOO_LARGE)
        start = reader.bstr()
        self.digest = bytes(buf[start : reader.pos])
        if count < 0 or len(self.digest) != _DIGEST_SIZE or self.digest[:4] != DIGEST_HEAD:
            raise WireError(ids.R_ENVELOPE)
        self.signatures: list[tuple[memoryview, memoryview]] = []
        while count:
            start = reader.bstr()
            self.signatures.append(_sign1(buf, start, reader.pos))
            count -= 1
        reader.done()

    def covers(self, content: "Buffer") -> bool:
        """Whether the digest is that of `content`, which includes the head of its byte string."""
        return sha256(content).digest() == self.digest[4:]


class Envelope:
    """The parts of an envelope, in place. Authenticates nothing.

    `signed` is what its digest covers (the manifest with its head), `manifest` the manifest itself; `text`, with its
    head too, is empty where none is carried.
    """

    def __init__(self, envelope: "Buffer") -> None:
        if len(envelope) > ids.MAX_ENVELOPE:
            raise WireError(ids.R_TOO_LARGE)
        view = memoryview(envelope)
        expect(view, 0, len(view), _TAG)
        reader = Reader(view, 2)
        parts = reader.map()
        if not 2 <= parts <= 3 or reader.integer() != _AUTHENTICATION:
            raise WireError(ids.R_ENVELOPE)
        start = reader.bstr()
        self.authentication = Authentication(view, start, reader.pos)
        if reader.integer() != _MANIFEST:
            raise WireError(ids.R_ENVELOPE)
        start = reader.pos
        inner = reader.bstr()
        self.signed = view[start : reader.pos]
        self.manifest = view[inner : reader.pos]
        self.text = view[:0]
        if parts == 3:
            if reader.integer() != _TEXT:
                raise WireError(ids.R_ENVELOPE)
            start = reader.pos
            reader.bstr()
            self.text = view[start : reader.pos]
        reader.done()


def verified(envelope: "Buffer", roots: "Roots") -> memoryview:
    """The manifest in `envelope`, once `roots` believe it. Nothing of it was looked at before; its severed text fits.

    WireError: what is wrong with its form, R_DIGEST, and as `Roots.judge`. The caller unloads RARE afterwards.
    """
    parts = Envelope(envelope)
    if not parts.authentication.covers(parts.signed):
        raise WireError(ids.R_DIGEST)
    roots.judge(parts.authentication)
    if len(parts.text):
        _check_text(parts)
    return parts.manifest


def structure(protected: "Buffer", digest: "Buffer") -> bytes:
    """The Sig_structure (RFC 9052, section 4.4) of one signature over a SUIT_Digest: what is signed."""
    return b"\x84\x6aSignature1" + bytes((0x40 | len(protected),)) + protected + b"\x40\x58\x24" + digest


def expect(view: memoryview, at: int, end: int, what: bytes) -> int:
    """Where it goes on after `what`; R_TRUNCATED or R_ENVELOPE when something else stands there."""
    for byte in what:
        if at >= end:
            raise WireError(ids.R_TRUNCATED)
        if view[at] != byte:
            raise WireError(ids.R_ENVELOPE)
        at += 1
    return at


def _sign1(view: memoryview, at: int, end: int) -> tuple[memoryview, memoryview]:
    """Protected header (under 24 bytes) and signature of a COSE_Sign1 whose payload is elsewhere."""
    reader = Reader(view, expect(view, at, end, _SIGN1), end)
    start = reader.bstr()
    protected = view[start : reader.pos]
    if len(protected) > 23:
        raise WireError(ids.R_ENVELOPE)
    reader.pos = expect(view, reader.pos, end, _DETACHED)
    start = reader.bstr()
    reader.done()
    return protected, view[start:end]


def _check_text(parts: Envelope) -> None:
    """R_DIGEST unless the manifest, which is believed by now, names this very text; R_MANIFEST when it names none."""
    reader = Reader(parts.manifest)
    left = reader.map()
    while left:
        key = reader.integer()
        if key == _TEXT:
            found = bytes(parts.manifest[reader.pos : reader.pos + _DIGEST_SIZE])
            if found[:4] != DIGEST_HEAD or found[4:] != sha256(parts.text).digest():
                raise WireError(ids.R_DIGEST)
            return
        if key in _BEFORE_TEXT:
            reader.bstr()
        elif key in _NUMBERS:
            reader.integer()
        else:
            break
        left -= 1
    raise WireError(ids.R_MANIFEST)
