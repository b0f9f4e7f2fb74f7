"""A technician's credential, the answer to an appliance's challenge, and the list of what was revoked: their layouts.

Takes bytes that a signature was found good over, gives fields or a `WireError`. Never verifies, never judges.

    credential   COSE_Sign1 by the vendor's command key over ["trivet credential", serial, name, public key bstr 64,
                 what it may (mask), [region, …], issued, expires]
    answer       64 bytes r ‖ s by the technician's key over the Sig_structure (`sign1.digest`) with the serial as its
                 key id (u64, big-endian) and the payload ["trivet grant", device bstr 8, nonce bstr 16]
    list         COSE_Sign1 by the vendor's command key over ["trivet revoked", number, issued, [serial, …]]

A command of the cloud is signed by the same key: its payload begins with an integer, these with a text, so that none is
ever taken for another. Times are Unix seconds. No region: everywhere; else ISO 3166-1 alpha-2.
"""

from .cbor_read import Reader
from .ids import MAX_REVOKED, R_FIELD
from .refuse import WireError
from .sign1 import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

CREDENTIAL = "trivet credential"
GRANT = "trivet grant"
REVOKED = "trivet revoked"
MAX_NAME = 32  # bytes
MAX_REGIONS = 8
_PUBLIC_SIZE = 64
_U32 = 0xFFFFFFFF


def read(payload: "Buffer") -> "tuple[int, str, bytes, int, list[str], int, int]":
    """What the vendor says of a technician: (serial, name, public key, what it may, regions, issued, expires)."""
    reader = Reader(payload)
    _title(reader, 8, CREDENTIAL)
    serial = reader.unsigned(_U32)
    name = reader.tstr()
    at = reader.bstr()
    public = bytes(memoryview(payload)[at : reader.pos])
    may = reader.unsigned(255)
    regions = [reader.tstr() for _ in range(reader.array())]
    issued = reader.unsigned(_U32)
    expires = reader.unsigned(_U32)
    reader.done()
    if len(public) != _PUBLIC_SIZE or not serial or len(regions) > MAX_REGIONS:
        raise WireError(R_FIELD)
    return serial, name, public, may, regions, issued, expires


def read_list(payload: "Buffer") -> "tuple[int, int, list[int]]":
    """(number, issued, serial numbers) of a list."""
    reader = Reader(payload)
    _title(reader, 4, REVOKED)
    number = reader.unsigned(_U32)
    issued = reader.unsigned(_U32)
    serials = read_serials(reader)
    reader.done()
    return number, issued, serials


def read_serials(reader: Reader) -> "list[int]":
    """The array of serial numbers that stands next; R_FIELD for more than a list has room for."""
    count = reader.array()
    if count > MAX_REVOKED:
        raise WireError(R_FIELD)
    return [reader.unsigned(_U32) for _ in range(count)]


def key_id(serial: int) -> bytes:
    """The key id under which a technician's key signs."""
    return serial.to_bytes(8, "big")


def asked(serial: int, device: "Buffer", nonce: "Buffer") -> bytes:
    """What a technician signs: the digest of the Sig_structure."""
    return digest(key_id(serial), challenge(device, nonce))


def challenge(device: "Buffer", nonce: "Buffer") -> bytes:
    """The payload of an answer: canonical CBOR."""
    return b"\x83\x6c" + GRANT.encode() + b"\x48" + bytes(device) + b"\x50" + bytes(nonce)


def _title(reader: Reader, fields: int, title: str) -> None:
    if reader.array() != fields or reader.tstr() != title:
        raise WireError(R_FIELD)
