"""Message keys. Takes the vendor's master secret, gives the key of one device and epoch; never stores any.

HKDF-SHA256 (RFC 5869) with the device id as salt: the same derivation on every machine of the vendor, so no table of
keys has to be kept or leaked.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from trivet_wire import ids

KEY_SIZE = 32
_INFO = b"trivet message key"


def device_bytes(device: str) -> bytes:
    """The 8 bytes of a device id; ValueError unless it is 16 lower-case hex digits."""
    if len(device) != 2 * ids.DEVICE_ID_SIZE or device != device.lower():
        raise ValueError(f"{device!r} is no device id: expected 16 hex digits in lower case")
    return bytes.fromhex(device)


def message_key(master: bytes, device: str, epoch: int) -> bytes:
    """The 32 bytes that authenticate all messages of `device` in key epoch `epoch` (0..255)."""
    info = _INFO + bytes([epoch])
    return HKDF(hashes.SHA256(), KEY_SIZE, salt=device_bytes(device), info=info).derive(master)
