"""The command key behind one interface: signs digests with ECDSA on P-256. Takes 32 bytes, gives 64; never shows the
private key.
"""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from trivet.keys.problem import KeysError

SCALAR = 32  # bytes of a private key, and of each half of a signature
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Signer(Protocol):
    """Whatever holds the private key: a file, a token, a service."""

    @property
    def public(self) -> bytes:
        """x ‖ y, 32 bytes each, big-endian."""

    def sign(self, digest: bytes) -> bytes:
        """r ‖ s, 32 bytes each, over a SHA-256 digest."""


class LocalSigner:
    """A private key in this process's memory."""

    def __init__(self, scalar: bytes) -> None:
        """`scalar`: 32 bytes, big-endian, 1 … n - 1; anything else is a KeysError."""
        value = int.from_bytes(scalar)
        if len(scalar) != SCALAR or not 0 < value < _ORDER:
            raise KeysError("this is no private key of P-256 (32 bytes, 1 … n - 1): restore it from the backup")
        self.__key = ec.derive_private_key(value, ec.SECP256R1())
        point = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        self.public = self.__key.public_key().public_bytes(*point)[1:]

    def sign(self, digest: bytes) -> bytes:
        der = self.__key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(SCALAR) + s.to_bytes(SCALAR)

    def __repr__(self) -> str:
        return f"LocalSigner(public={self.public.hex()})"

    def __reduce__(self) -> tuple[()]:
        raise TypeError("a private key is not copied")


def new_scalar() -> bytes:
    """A fresh private key."""
    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SCALAR)
