"""What an appliance signed with its own key: takes a message's payload, gives the COSE_Sign1 that a third party
verifies with a public key and any COSE library. Never holds a private key.

An appliance sends its signature as one field of the body, so that nothing travels twice. What it signed is the payload
with the body cut off before that field; the key id is the device id.
"""

from __future__ import annotations

from dataclasses import dataclass

import cbor2
from trivet_wire import ids
from trivet_wire import sign1 as wire

from trivet import sign1
from trivet.models import BODIES

# kind -> place of the signature in its body
SIGNATURE_AT = {
    kind: body.__struct_fields__.index("signature")
    for kind, body in BODIES.items()
    if "signature" in body.__struct_fields__
}


@dataclass(frozen=True)
class Statement:
    """A signed payload and the signature that came with it."""

    device: str  # 16 hex digits
    payload: bytes
    signature: bytes

    def holds(self, public: bytes) -> bool:
        """Whether the signature is by the holder of `public` (x ‖ y)."""
        return sign1.fits(public, bytes.fromhex(self.device), self.payload, self.signature)

    def cose(self) -> bytes:
        """The COSE_Sign1 message (RFC 9052, section 4.2)."""
        return wire.assembled(bytes.fromhex(self.device), self.payload, self.signature)


def statement(device: str, payload: bytes) -> Statement | None:
    """What `device` signed in a payload that `trivet.decode` has read; None when it carries no signature."""
    fields = cbor2.loads(payload)
    body = fields[ids.F_BODY]
    place = SIGNATURE_AT.get(fields[ids.F_KIND])
    if place is None or len(body) <= place or body[place] is None:
        return None
    covered = [*fields[: ids.F_BODY], body[:place]]
    return Statement(device, cbor2.dumps(covered, canonical=True), body[place])


def with_place(payload: bytes) -> bytes:
    """What was signed, with null where its signature stood: as `trivet.decode` reads it."""
    fields = cbor2.loads(payload)
    body = fields[ids.F_BODY]
    place = SIGNATURE_AT.get(fields[ids.F_KIND])
    if place is None or len(body) != place:
        return payload
    return cbor2.dumps([*fields[: ids.F_BODY], [*body, None]], canonical=True)
