"""COSE_Mac0 as the cloud seals and opens it, on `cryptography`: the side that shares no code with the appliance's HMAC.

Takes whole messages and keys bound to one device and epoch; gives payloads or a `WireError`. Never derives keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives import constant_time, hashes, hmac
from trivet_wire import envelope, ids
from trivet_wire.refuse import WireError

from trivet import keys

_PREFIX = bytes.fromhex("8443a10104a0")


class MessageKey:
    """HMAC with the key, the protected header and the external data taken in once; each message copies that state."""

    def __init__(self, secret: bytes, device: str, epoch: int) -> None:
        self.device = device
        self.epoch = epoch
        external = keys.device_bytes(device) + bytes([epoch])
        self._begun = hmac.HMAC(secret, hashes.SHA256())
        self._begun.update(b"\x84\x64MAC0\x43\xa1\x01\x04" + bytes([0x40 | len(external)]) + external)

    def tag(self, headed_payload: bytes | memoryview) -> bytes:
        """The tag over a payload that begins with its bstr head, as it stands in a message."""
        mac = self._begun.copy()
        mac.update(headed_payload)
        return mac.finalize()[: ids.TAG_SIZE]

    def seal(self, payload: bytes) -> bytes:
        """A whole message around `payload`; WireError R_TOO_LARGE beyond the contract's limit."""
        size = len(payload)
        head = bytes([0x40 | size]) if size < 24 else bytes([0x58, size]) if size < 256 else b"\x59" + size.to_bytes(2)
        message = _PREFIX + head + payload + bytes([0x40 | ids.TAG_SIZE]) + self.tag(head + payload)
        if len(message) > ids.MAX_MESSAGE:
            raise WireError(ids.R_TOO_LARGE)
        return message


def message_keys(master: keys.Master, device: str, epochs: Iterable[int]) -> list[MessageKey]:
    """The keys of a device's accepted epochs. Keep them while these do not change: derivation is the slow part."""
    return [MessageKey(master.message_key(device, epoch), device, epoch) for epoch in epochs]


def unseal(message: bytes, accepted: Sequence[MessageKey]) -> tuple[bytes, MessageKey]:
    """(payload, the key that fits). Bounds and structure first; R_TAG when no key fits, each in constant time."""
    start = envelope.structure(message, 0, len(message))
    end = len(message) - envelope.TAILROOM
    headed, tag = message[len(_PREFIX) : end], message[end + 1 :]
    for key in accepted:
        if constant_time.bytes_eq(key.tag(headed), tag):
            return message[start:end], key
    raise WireError(ids.R_TAG)
