"""The master secret behind one interface: takes a device and an epoch, gives that device's message key.

HKDF-SHA256 (RFC 5869) with the device id as salt: the same derivation on every machine of the vendor, so no table of
keys has to be kept or leaked. A `Master` derives; it never hands out what it derives from.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from trivet_wire import ids

from trivet.keys.problem import KeysError

KEY_SIZE = 32
_INFO = b"trivet message key"
_NOBODY = "0" * 2 * ids.DEVICE_ID_SIZE


class Master(Protocol):
    """Whatever holds the master secret: a file, a token, a service."""

    def message_key(self, device: str, epoch: int) -> bytes:
        """The 32 bytes that authenticate all messages of `device` in key epoch `epoch` (0..255)."""


class SecretMaster:
    """A master secret in this process's memory."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 random bytes; anything else is a KeysError."""
        if len(secret) != KEY_SIZE:
            raise KeysError(f"a master secret has {KEY_SIZE} bytes, not {len(secret)}: restore it from the backup")
        self.__secret = secret

    def message_key(self, device: str, epoch: int) -> bytes:
        """HKDF-SHA256 over the secret, salted with the device id. ValueError for what is no device id."""
        info = _INFO + bytes([epoch])
        return HKDF(hashes.SHA256(), KEY_SIZE, salt=device_bytes(device), info=info).derive(self.__secret)

    def __repr__(self) -> str:
        return "SecretMaster(…)"

    def __reduce__(self) -> tuple[()]:
        raise TypeError("a master secret is not copied")


def device_bytes(device: str) -> bytes:
    """The 8 bytes of a device id; ValueError unless it is 16 lower-case hex digits."""
    if len(device) != 2 * ids.DEVICE_ID_SIZE or device != device.lower():
        raise ValueError(f"{device!r} is no device id: expected 16 hex digits in lower case")
    return bytes.fromhex(device)


def fingerprint(master: Master) -> str:
    """16 hex digits by which this master secret is known again: the hash of a key that no device has."""
    return hashlib.sha256(b"trivet master" + master.message_key(_NOBODY, 0)).hexdigest()[:16]
