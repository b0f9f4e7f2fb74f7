"""NATS account keys and JWTs (nkeys: Ed25519 in base32 with a checksum; JWT v2, algorithm `ed25519-nkey`).

Takes and gives text and bytes; never touches a file or the network. Written on `cryptography`, because the Python
`nkeys` package needs PyNaCl and knows no JWT. Layout: nats-io/nkeys `strkey.go`, nats-io/jwt v2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ACCOUNT = 0 << 3  # the public key's text then starts with "A"
_HEADER = b'{"typ":"JWT","alg":"ed25519-nkey"}'


class JwtError(ValueError):
    """A token that is not a JWT of three parts with a JSON body."""


class SigningKey:
    """An account's signing key; `seed` (32 bytes) is all that must be kept."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = encode_public(ACCOUNT, self._key.public_key().public_bytes_raw())

    def sign(self, claims: dict[str, Any]) -> str:
        """Gives a JWT over `claims`, with issuer, time and id filled in."""
        body = {**claims, "iss": self.public, "iat": int(time.time()), "jti": ""}
        body["jti"] = _b32(hashlib.new("sha512_256", msgspec.json.encode(body)).digest())
        signed = _b64(_HEADER) + b"." + _b64(msgspec.json.encode(body))
        return (signed + b"." + _b64(self._key.sign(signed))).decode()


def encode_public(prefix: int, key: bytes) -> str:
    raw = bytes([prefix]) + key
    return _b32(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little"))


def read_claims(token: bytes) -> dict[str, Any]:
    """The claims of a JWT whose sender is known otherwise (here: the engine on a loopback connection)."""
    parts = token.split(b".")
    if len(parts) != 3:
        raise JwtError("not a JWT: expected three parts")
    try:
        body = msgspec.json.decode(_unb64(parts[1]))
    except (binascii.Error, msgspec.DecodeError) as error:
        raise JwtError("not a JWT: its body is no JSON") from error
    if not isinstance(body, dict):
        raise JwtError("not a JWT: its body is no object")
    return body


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _b32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")
