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

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

CREDENTIAL = "trivet credential"
GRANT = "trivet grant"
REVOKED = "trivet revoked"
NONCE_SIZE = 16
MAX_NAME = 32  # bytes
MAX_REGIONS = 8
_PUBLIC_SIZE = 64
_U32 = 0xFFFFFFFF


class Credential:
    """What the vendor says of a technician."""

    def __init__(self, payload: "Buffer") -> None:
        reader = Reader(payload)
        _title(reader, 8, CREDENTIAL)
        self.serial = reader.unsigned(_U32)
        self.name = reader.tstr()
        at = reader.bstr()
        self.public = bytes(memoryview(payload)[at : reader.pos])
        self.may = reader.unsigned(255)
        self.regions = [reader.tstr() for _ in range(reader.array())]
        self.issued = reader.unsigned(_U32)
        self.expires = reader.unsigned(_U32)
        reader.done()
        if len(self.public) != _PUBLIC_SIZE or not self.serial or len(self.regions) > MAX_REGIONS:
            raise WireError(R_FIELD)


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


def challenge(device: "Buffer", nonce: "Buffer") -> bytes:
    """The payload of an answer: canonical CBOR."""
    return b"\x83\x6c" + GRANT.encode() + b"\x48" + bytes(device) + b"\x50" + bytes(nonce)


def _title(reader: Reader, fields: int, title: str) -> None:
    if reader.array() != fields or reader.tstr() != title:
        raise WireError(R_FIELD)
