"""A hash-based release key in a file, with its state beside it (`lms_state.py`). Takes a path and maybe a passphrase,
gives signatures. It never signs alone: what it signs must carry a good ESP256 signature already, so that a break of
either kind of signature alone installs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from trivet.keys import KeysError, Passphrase, Safe
from trivet.sign1 import public_key

from . import lms, lms_state
from .problem import ReleaseError

STATE = ".state"
_PAYLOAD = 38  # bytes at the end of a Sig_structure: the head of a SUIT_Digest and the digest itself
_START = b"\x84\x6aSignature1"
_ESP256 = b"\xa2\x01\x28\x04\x48"  # start of the protected header {1: -9, 4: key id}
_HSS_LMS = b"\xa2\x01\x38\x2d\x04\x48"
_MAGIC = b"trivet lms key 1"


@dataclass(frozen=True)
class Beside:
    """A P-256 signature over the same digest: x ‖ y, the whole Sig_structure, r ‖ s."""

    public: bytes
    message: bytes
    signature: bytes


class LmsKey:
    """Opened by `make` or `load`."""

    def __init__(self, path: Path, secret: lms.Secret) -> None:
        self.path = path
        self._secret = secret
        self.public = secret.public  # 60 bytes
        self.kid = hashlib.sha256(self.public).digest()[:8]
        self.state = path.with_name(path.name + STATE)

    @classmethod
    def make(cls, path: Path, passphrase: Passphrase | None = None) -> LmsKey:
        """A new key. ReleaseError where one lies already: it is never replaced."""
        if path.exists():
            raise ReleaseError(f"{path} is there already; a hash-based key is never replaced: choose another name")
        secret = lms.new_secret()
        key = cls(path, secret)
        safe = _safe(path, passphrase)
        lms_state.create(key.state, key.kid)  # first: a key without a state could sign with any leaf
        safe.write(path.name, _MAGIC + secret.identifier + secret.seed)
        return key

    @classmethod
    def load(cls, path: Path, passphrase: Passphrase | None = None) -> LmsKey:
        """ReleaseError when it is not there, locked or damaged."""
        try:
            data = _safe(path, passphrase).read(path.name) if path.exists() else None
        except KeysError as error:
            raise ReleaseError(str(error)) from error
        if data is None:
            raise ReleaseError(f"{path}: there is no such key")
        if len(data) != len(_MAGIC) + 48 or not data.startswith(_MAGIC):
            raise ReleaseError(f"{path} is no hash-based key, or damaged: restore it, but not its state")
        rest = data[len(_MAGIC) :]
        return cls(path, lms.Secret(rest[:16], rest[16:]))

    @property
    def left(self) -> int:
        """How many signatures it can still make, of 1024."""
        return lms_state.left(self.state, self.kid)

    def sign(self, message: bytes, beside: Sequence[Beside], seen: Iterable[Path] = ()) -> bytes:
        """The HSS signature (2512 bytes) over a Sig_structure of this key. `seen`: files and folders with what was
        signed before, by which a state that is too old is noticed. Uses one leaf up, also when it then fails.

        ReleaseError when nobody signed beside it, or as `lms_state.reserve`.
        """
        if not message.startswith(_START + b"\x4e" + _HSS_LMS + self.kid):
            raise ReleaseError(f"key {self.kid.hex()} signs digests of manifests under its own id, and nothing else")
        if not any(_holds(one, message) for one in beside):
            raise ReleaseError(
                f"key {self.kid.hex()} is hash-based and never signs alone: let a P-256 key sign this first"
            )
        leaf = lms_state.reserve(self.state, self.kid, message, lms_state.leaves_in(seen, self.kid))
        made = lms.sign(self._secret, leaf, message)
        if not lms.verify(self.public, message, made):
            raise ReleaseError(f"key {self.kid.hex()} made a signature that does not hold: nothing was written")
        return made


def _holds(one: Beside, message: bytes) -> bool:
    """Whether this is a good ESP256 signature over the same payload."""
    same = one.message[-_PAYLOAD:] == message[-_PAYLOAD:]
    if not same or len(one.signature) != 64 or not one.message.startswith(_START + b"\x4d" + _ESP256):
        return False
    encoded = encode_dss_signature(int.from_bytes(one.signature[:32]), int.from_bytes(one.signature[32:]))
    try:
        public_key(one.public).verify(encoded, one.message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _safe(path: Path, passphrase: Passphrase | None) -> Safe:
    try:
        return Safe(path.parent, passphrase)
    except KeysError as error:
        raise ReleaseError(str(error)) from error
