"""Whose signatures hold: takes a COSE_Sign1 with a detached payload and a public key, gives yes or no.

Public keys travel as bytes, by algorithm: x ‖ y of P-256 (64), Ed25519 (32), HSS-LMS of one
level (60). Never knows a private key.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from trivet.sign1 import public_key

from . import lms
from . import numbers as n
from .envelope import Signature, to_be_signed
from .problem import ReleaseError

NAMES = {n.ES256: "ES256", n.ESP256: "ESP256", n.ED25519: "Ed25519", n.HSS_LMS: "HSS-LMS"}
SIZES = {n.ES256: 64, n.ESP256: 64, n.ED25519: 32, n.HSS_LMS: 60}  # bytes of a public key


def name(algorithm: int) -> str:
    return NAMES.get(algorithm, f"COSE algorithm {algorithm}")


def holds(one: Signature, public: bytes, payload: bytes) -> bool:
    """Whether the holder of `public` made this signature over `payload`. ReleaseError for an unknown algorithm."""
    message = to_be_signed(one.protected, payload)
    try:
        if one.algorithm in {n.ES256, n.ESP256}:
            return _p256(public, one.signature, message)
        if one.algorithm == n.ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(one.signature, message)
            return True
    except InvalidSignature:
        return False
    if one.algorithm == n.HSS_LMS:
        return lms.verify(public, message, one.signature)
    raise ReleaseError(f"signatures by {name(one.algorithm)} are not known here: update Trivet")


def _p256(public: bytes, signature: bytes, message: bytes) -> bool:
    if len(signature) != 64:
        return False
    encoded = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public_key(public).verify(encoded, message, ec.ECDSA(hashes.SHA256()))
    return True
