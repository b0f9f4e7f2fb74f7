"""The SUIT envelope around a manifest, and the signatures on it (draft-ietf-suit-manifest, section 8.2; RFC 9052).

    107({2: bstr [bstr SUIT_Digest, bstr COSE_Sign1 …], 3: bstr manifest, ?23: bstr text})

Takes bytes and signers, gives bytes. What is signed is the digest of the manifest with its head; the text is severed:
its digest stands in the manifest. Never verifies a signature: `trust.py` does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from trivet_wire import cbor, ids

from . import numbers as n
from .problem import ReleaseError
from .strict import Tag, decode

TAG = b"\xd8\x6b"  # 107
SIGN1 = b"\xd2"  # 18


@dataclass(frozen=True)
class Signature:
    """One COSE_Sign1. `kid` may be absent in foreign envelopes."""

    algorithm: int
    kid: bytes | None
    protected: bytes
    signature: bytes
    encoded: bytes  # all of it


@dataclass(frozen=True)
class Envelope:
    manifest: bytes  # without its head
    text: bytes | None = None  # likewise
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> bytes:
        """SUIT_Digest of the manifest: what is signed."""
        return suit_digest(self.manifest)

    def encode(self) -> bytes:
        """ReleaseError beyond what an appliance takes."""
        authentication = cbor.encode([self.digest, *(one.encoded for one in self.signatures)], 2 * ids.MAX_ENVELOPE)
        members = {n.AUTHENTICATION: authentication, n.MANIFEST: self.manifest}
        if self.text is not None:
            members[n.TEXT] = self.text
        made = TAG + cbor.encode(members, 4 * ids.MAX_ENVELOPE)
        if len(made) > ids.MAX_ENVELOPE:
            raise ReleaseError(
                f"the signed manifest would have {len(made)} bytes, an appliance takes {ids.MAX_ENVELOPE}: "
                "fewer deltas, shorter notes or fewer signatures"
            )
        return made

    def signed(self, one: Signature) -> Envelope:
        """With one signature more, in the place of an earlier one of the same key; ES256 first, hash-based last."""
        rest = [other for other in self.signatures if (other.algorithm, other.kid) != (one.algorithm, one.kid)]
        ordered = sorted([*rest, one], key=lambda each: (each.algorithm == n.HSS_LMS, each.kid or b""))
        return replace(self, signatures=tuple(ordered))


def headed(payload: bytes) -> bytes:
    """A byte string with its head: what SUIT digests of manifests and severed members."""
    return cbor.encode(payload, len(payload) + 9)


def digest(payload: bytes) -> bytes:
    return hashlib.sha256(headed(payload)).digest()


def suit_digest(payload: bytes) -> bytes:
    """[-16, digest], encoded."""
    return cbor.encode([n.SHA256, digest(payload)])


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052, section 4.4), without external data."""
    return cbor.encode(["Signature1", protected, b"", payload])


def protected_header(algorithm: int, kid: bytes) -> bytes:
    return cbor.encode({1: algorithm, 4: kid})


def sign1(algorithm: int, kid: bytes, signature: bytes) -> Signature:
    """A signature as it stands in an envelope: detached, key id in the protected header."""
    protected = protected_header(algorithm, kid)
    encoded = SIGN1 + cbor.encode([protected, {}, None, signature])
    return Signature(algorithm, kid, protected, signature, encoded)


def read_sign1(encoded: bytes) -> Signature:
    """A COSE_Sign1 of anybody's, tagged or not, detached. ReleaseError when it is none."""
    value = decode(encoded, "signature")
    if isinstance(value, Tag) and value.number == n.SIGN1_TAG:
        value = value.value
    match value:
        case [bytes(protected), dict(unprotected), None, bytes(signature)]:
            header = decode(protected, "protected header") if protected else {}
            if not isinstance(header, dict) or not isinstance(header.get(1), int):
                raise ReleaseError("a signature's protected header names no algorithm")
            kid = header.get(4, unprotected.get(4))
            if kid is not None and not isinstance(kid, bytes):
                raise ReleaseError("a signature's key id is no byte string")
            return Signature(header[1], kid, protected, signature, encoded)
    raise ReleaseError("a signature is no COSE_Sign1 with detached payload (18([protected, {}, null, signature]))")


def read(data: bytes) -> Envelope:
    """An envelope of our own shape: every byte of it is accounted for, each digest fits what it stands for."""
    value = decode(data, "envelope")
    if not isinstance(value, Tag) or value.number != n.ENVELOPE_TAG or not isinstance(value.value, dict):
        raise ReleaseError("this is no SUIT envelope: it does not begin with tag 107 and a map")
    members: dict[Any, Any] = value.value
    if not {n.AUTHENTICATION, n.MANIFEST} <= set(members) <= {n.AUTHENTICATION, n.MANIFEST, n.TEXT} or not all(
        isinstance(one, bytes) for one in members.values()
    ):
        raise ReleaseError("an envelope of ours has members 2, 3 and maybe 23, byte strings, and no others")
    match decode(members[n.AUTHENTICATION], "authentication wrapper"):
        case [bytes(digested), *blocks] if all(isinstance(one, bytes) for one in blocks):
            signatures = tuple(read_sign1(one) for one in blocks)
        case _:
            raise ReleaseError("the authentication wrapper is not [digest, signature …]")
    made = Envelope(members[n.MANIFEST], members.get(n.TEXT), signatures)
    if digested != made.digest:
        raise ReleaseError("the manifest does not fit the digest beside it: damaged or altered")
    if made.text is not None and _named_text(made.manifest) != [n.SHA256, digest(made.text)]:
        raise ReleaseError("the text is not the one that the manifest names: damaged or altered")
    return made


def _named_text(encoded: bytes) -> Any:
    members = decode(encoded, "manifest")
    return members.get(n.TEXT) if isinstance(members, dict) else None
