"""Public keys that signatures are held against. Takes files as people have them, gives keys that verify: PEM with
P-256, P-384, P-521, Ed25519 or Ed448; a hash-based key as its 60 bytes (RFC 8554, one level), raw or in hex; or a whole
root of keys (`roots.cbor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from trivet.sign1 import public_bytes, public_key

from .. import numbers as n
from .. import roots, trust
from ..envelope import Signature, to_be_signed
from ..problem import ReleaseError

_Key = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey | bytes
_CURVES: dict[int, tuple[type[ec.EllipticCurve], hashes.HashAlgorithm]] = {
    n.ES256: (ec.SECP256R1, hashes.SHA256()),
    n.ESP256: (ec.SECP256R1, hashes.SHA256()),
    -35: (ec.SECP384R1, hashes.SHA384()),
    -51: (ec.SECP384R1, hashes.SHA384()),
    -36: (ec.SECP521R1, hashes.SHA512()),
    -52: (ec.SECP521R1, hashes.SHA512()),
}
_EDWARDS: dict[int, tuple[type[ed25519.Ed25519PublicKey] | type[ed448.Ed448PublicKey], ...]] = {
    -8: (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey),
    n.ED25519: (ed25519.Ed25519PublicKey,),
    -53: (ed448.Ed448PublicKey,),
}
_HASH_KEY = 60  # bytes: u32 levels = 1, then an LMS public key


@dataclass(frozen=True)
class PublicKey:
    """One key; `name` is where it came from."""

    name: str
    key: _Key

    @property
    def p256(self) -> bytes | None:
        """x ‖ y where it is of P-256."""
        fits = isinstance(self.key, ec.EllipticCurvePublicKey) and isinstance(self.key.curve, ec.SECP256R1)
        return public_bytes(self.key) if fits else None  # type: ignore[arg-type]

    @property
    def kid(self) -> bytes | None:
        """The id that it has in envelopes of Trivet."""
        raw = self.key if isinstance(self.key, bytes) else self.p256
        return None if raw is None else roots.key_id(raw)

    def verifies(self, one: Signature, payload: bytes) -> bool:
        """Whether this key made the signature. False too where the algorithm is another key's."""
        message = to_be_signed(one.protected, payload)
        try:
            if one.algorithm in _CURVES and isinstance(self.key, ec.EllipticCurvePublicKey):
                return _elliptic(self.key, one, message)
            if isinstance(self.key, _EDWARDS.get(one.algorithm, ())):
                self.key.verify(one.signature, message)
                return True
            if one.algorithm == n.HSS_LMS and isinstance(self.key, bytes):
                return trust.holds(one, self.key, payload)
        except InvalidSignature:
            return False
        return False


def _elliptic(key: ec.EllipticCurvePublicKey, one: Signature, message: bytes) -> bool:
    curve, digest = _CURVES[one.algorithm]
    half = (key.curve.key_size + 7) // 8
    if not isinstance(key.curve, curve) or len(one.signature) != 2 * half:
        return False
    encoded = encode_dss_signature(int.from_bytes(one.signature[:half]), int.from_bytes(one.signature[half:]))
    key.verify(encoded, message, ec.ECDSA(digest))
    return True


def read_keys(path: Path) -> list[PublicKey]:
    """The keys of a file. ReleaseError says what a file may hold."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror}") from error
    if b"-----BEGIN" in data:
        return [PublicKey(str(path), _pem(path, data))]
    raw = _unhexed(data)
    if len(raw) == _HASH_KEY:
        return [PublicKey(str(path), raw)]
    try:
        believed = roots.read(data)
    except ReleaseError as error:
        raise ReleaseError(
            f"{path} holds no public key: PEM, 60 bytes of HSS-LMS (raw or hex) or a root of keys may stand in it"
        ) from error
    return [
        PublicKey(f"{path}, {one.kid.hex()}", one.public if one.algorithm == n.HSS_LMS else public_key(one.public))
        for one in believed.keys
    ]


def _pem(path: Path, data: bytes) -> _Key:
    try:
        if b"PRIVATE KEY-----" in data:
            raise ReleaseError(f"{path} holds a private key: give the public one, and keep that one away from here")
        key = serialization.load_pem_public_key(data)
    except ValueError as error:
        if isinstance(error, ReleaseError):
            raise
        raise ReleaseError(f"{path} holds no public key in PEM: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        raise ReleaseError(f"{path} holds a key of a kind that no manifest is signed with here")
    return key


def _unhexed(data: bytes) -> bytes:
    try:
        return bytes.fromhex(data.decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return data
