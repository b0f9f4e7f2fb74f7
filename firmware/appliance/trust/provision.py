"""A board at the maker's line: makes its own signing key, proves that it has it, takes what makes it this appliance.

Takes the files port and a source of unpredictable bytes; gives the public key and signatures. The private key is
written to the board's flash and never given to anybody. Not loaded in an appliance at work.

    proof   COSE_Sign1, key id = device id, payload [1, device bstr 8, nonce bstr, public key bstr 64]
"""

from trivet_wire import cbor, sign1
from trivet_wire.envelope import sha256

from .comb import keep
from .identity import _BEFORE_PRIVATE, _BEFORE_PUBLIC, FILE, KEY_FILE, load  # pyright: ignore[reportPrivateUsage]
from .p256 import make, public, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Files

# What the line may write; the identity comes last: it makes the board an appliance.
TAKEN = ("cert.der", "ca.der", "vendor.cbor", "roots.cbor", "locked", "region", FILE)
_VERSION = 1


class Provisioning:
    """One board, once. ValueError for what makes no sense; nothing is written then."""

    def __init__(self, files: "Files", random: "Callable[[int], bytes]") -> None:
        if files.read(FILE) is not None:
            raise ValueError("this board is an appliance already")
        self._files = files
        self._random = random

    def prove(self, device: bytes, nonce: bytes) -> bytes:
        """Make the key, keep it, and sign for `device` (8 bytes) and the registry's `nonce` with it."""
        if len(device) != sign1.KID_SIZE or not 16 <= len(nonce) <= 64:
            raise ValueError("a device id is 8 bytes, a nonce 16 to 64")
        private = make(self._random)
        point = public(private)
        self._files.write(KEY_FILE, _BEFORE_PRIVATE + private + _BEFORE_PUBLIC + point)
        payload = cbor.encode([_VERSION, device, nonce, point])
        return sign1.assembled(device, payload, sign(private, sign1.digest(device, payload)))

    def take(self, name: str, data: bytes) -> bytes:
        """Write one of TAKEN; gives SHA-256 of what then stands there."""
        if name not in TAKEN:
            raise ValueError("the line writes " + ", ".join(TAKEN))
        self._files.write(name, data)
        if name == FILE:
            identity = load(self._files)
            if identity is not None and identity.command_key is not None:
                keep(self._files, identity.command_key)
        return sha256(self._files.read(name) or b"").digest()
