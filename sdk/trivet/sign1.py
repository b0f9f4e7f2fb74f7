"""COSE_Sign1 with ESP256 as the cloud signs and verifies it, on `cryptography`: the side that shares no code with the
appliance's own curve.

Takes payloads and P-256 keys, gives whole messages; takes messages, gives payloads or a `WireError`. A public key
travels as 64 bytes, x ‖ y. Never stores a key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from trivet_wire import ids, sign1
from trivet_wire.refuse import WireError

_HALF = sign1.SIGNATURE_SIZE // 2
_ALGORITHM = ec.ECDSA(Prehashed(hashes.SHA256()))
_SIGNING = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)


@dataclass(frozen=True)
class Verified:
    """What was signed, and by which key."""

    kid: bytes
    payload: bytes


def private_key(der: bytes) -> ec.EllipticCurvePrivateKey:
    """A key in DER, SEC 1 or PKCS #8; ValueError unless it is of P-256."""
    key = serialization.load_der_private_key(der, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("no key of an elliptic curve where one of P-256 (secp256r1) is needed")
    public_bytes(key.public_key())
    return key


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """x ‖ y; ValueError unless the key is of P-256."""
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"a key of {key.curve.name} where one of P-256 (secp256r1) is needed")
    numbers = key.public_numbers()
    return numbers.x.to_bytes(_HALF) + numbers.y.to_bytes(_HALF)


def public_key(data: bytes) -> ec.EllipticCurvePublicKey:
    """The key of `x ‖ y`; ValueError when that is no point of P-256."""
    if len(data) != 2 * _HALF:
        raise ValueError(f"a public key is {2 * _HALF} bytes, x ‖ y, not {len(data)}")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + data)


def key_id(public: bytes) -> bytes:
    """The id of a key that is not an appliance's (theirs is the device id): the start of its SHA-256."""
    return hashlib.sha256(public).digest()[: sign1.KID_SIZE]


def signature(key: ec.EllipticCurvePrivateKey, kid: bytes, payload: bytes) -> bytes:
    """r ‖ s over the Sig_structure, deterministic (RFC 6979)."""
    r, s = decode_dss_signature(key.sign(sign1.digest(kid, payload), _SIGNING))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def signed(key: ec.EllipticCurvePrivateKey, kid: bytes, payload: bytes) -> bytes:
    """A whole message around `payload`."""
    return sign1.assembled(kid, payload, signature(key, kid, payload))


def fits(public: bytes, kid: bytes, payload: bytes, made: bytes) -> bool:
    """Whether `made` (r ‖ s) is the signature of `kid` over `payload` by the holder of `public`."""
    if len(made) != sign1.SIGNATURE_SIZE:
        return False
    encoded = encode_dss_signature(int.from_bytes(made[:_HALF]), int.from_bytes(made[_HALF:]))
    try:
        public_key(public).verify(encoded, sign1.digest(kid, payload), _ALGORITHM)
    except InvalidSignature:
        return False
    return True


def opened(message: bytes, public: bytes, kid: bytes) -> Verified:
    """The payload of a message that `kid` signed with `public`; else WireError: what is wrong with its form, or
    R_SIGNATURE."""
    parts = sign1.Signed(message)
    payload = message[parts.payload : parts.payload_end]
    if parts.kid != kid or not fits(public, kid, payload, parts.signature):
        raise WireError(ids.R_SIGNATURE)
    return Verified(parts.kid, payload)
