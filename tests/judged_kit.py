"""Envelopes and key manifests made by who shares no code with Trivet: `cbor2` and `cryptography`. Takes what a release
is to say, gives bytes; every part can be replaced by a wrong one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from trivet.release import lms

VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "vendor.example")
CLASS = uuid.uuid5(VENDOR, "oven")
NOW = 1_790_000_000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186, section 3.2.1.3)
Map = dict[Any, Any]


def canonical(value: Any) -> bytes:
    """RFC 8949, section 4.2.1: keys in the order of their bytes, which is not cbor2's."""
    if isinstance(value, dict):
        pairs = sorted((canonical(key), canonical(one)) for key, one in value.items())
        head = bytearray(cbor2.dumps([0] * len(pairs))[: -len(pairs) or None] if pairs else b"\x80")
        head[0] |= 0xA0
        return bytes(head) + b"".join(key + one for key, one in pairs)
    if isinstance(value, list):
        head = cbor2.dumps([0] * len(value))[: -len(value) or None]
        return head + b"".join(map(canonical, value))
    if isinstance(value, cbor2.CBORTag):
        return cbor2.dumps(cbor2.CBORTag(value.tag, 0))[:-1] + canonical(value.value)
    return cbor2.dumps(value)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Signer(Protocol):
    algorithm: int

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class Curve:
    """A release key on P-256, always the same for the same number."""

    algorithm = -9

    def __init__(self, number: int) -> None:
        self._key = ec.derive_private_key(number, ec.SECP256R1())

    @property
    def public(self) -> bytes:
        numbers = self._key.public_key().public_numbers()
        return numbers.x.to_bytes(32) + numbers.y.to_bytes(32)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32) + s.to_bytes(32)


def other(signature: bytes) -> bytes:
    """The second signature that holds where this one of P-256 does: r ‖ n - s."""
    return signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32)


def kid(signer: Signer) -> bytes:
    return sha256(signer.public)[:8]


def digest(content: bytes) -> bytes:
    """SUIT_Digest of a byte string with its head."""
    return canonical([-16, sha256(canonical(content))])


def sign1(signer: Signer, suit_digest: bytes) -> bytes:
    protected = canonical({1: signer.algorithm, 4: kid(signer)})
    signature = signer.sign(canonical(["Signature1", protected, b"", suit_digest]))
    return canonical(cbor2.CBORTag(18, [protected, {}, None, signature]))


def authentication(signers: Sequence[Signer], content: bytes) -> bytes:
    return canonical([digest(content), *(sign1(one, digest(content)) for one in signers)])


def envelope(manifest: bytes, signers: Sequence[Signer], text: bytes | None = None) -> bytes:
    parts: Map = {2: authentication(signers, manifest), 3: manifest}
    if text is not None:
        parts[23] = text
    return canonical(cbor2.CBORTag(107, parts))


def roots(
    number: int,
    threshold: int,
    keys: Sequence[Signer],
    revoked: Sequence[bytes] = (),
    hash_signature: bool = False,
) -> bytes:
    entries = [[kid(one), one.algorithm, one.public] for one in keys]
    return canonical([1, number, threshold, hash_signature, entries, list(revoked)])


def key_manifest(payload: bytes, signers: Sequence[Signer]) -> bytes:
    return canonical(["trivet keys", authentication(signers, payload), payload])


@dataclass
class Image:
    """One component; `more` stands in its override, `source` beside its uri."""

    name: bytes = b"bundle"
    content: bytes = bytes(range(256)) * 40
    more: Map = field(default_factory=dict)
    source: Map = field(default_factory=dict)
    vendor: bytes = VENDOR.bytes
    class_: bytes = CLASS.bytes

    def override(self) -> Map:
        image = canonical([-16, sha256(self.content)])
        return {1: self.vendor, 2: self.class_, 3: image, 14: len(self.content), **self.more}

    def fetched(self) -> Map:
        chunk = 4096
        pieces = [sha256(self.content[at : at + chunk])[:16] for at in range(0, len(self.content), chunk)]
        return {21: "sha256/" + sha256(self.content).hex(), -1: [chunk, b"".join(pieces)], **self.source}


def manifest(*images: Image, sequence: int = 7, version: str = "1.4.0", **changed: Any) -> bytes:
    """The profile's manifest; `changed` replaces `shared`, `validate`, `install` or `components`, adds to `common` or
    to the `keys` at the top (None removes one)."""
    shared: list[Any] = []
    validate: list[Any] = []
    install: list[Any] = []
    for index, image in enumerate(images):
        override = image.override()
        shared += [12, index, 20, override, 1, 15, 2, 15]
        for condition in (4, 27, 28):
            shared += [condition, 15] if condition in override else []
        validate += [12, index, 3, 15]
        install += [12, index, 20, image.fetched(), 21, 2, 3, 15]
    components = changed.get("components", [[image.name] for image in images])
    common = {2: components, 4: canonical(changed.get("shared", shared)), **changed.get("common", {})}
    top: Map = {1: 1, 2: sequence, 3: canonical(common), 7: canonical(changed.get("validate", validate))}
    top |= {20: canonical(changed.get("install", install)), -1: [-16, sha256(b"sbom")], -2: version}
    top |= changed.get("keys", {})
    return canonical({key: value for key, value in top.items() if value is not None})


FEATURE = {27: 1}
SECURITY = {27: 0}
KEYS = [Curve(1000 + number) for number in range(5)]
STRANGER = Curve(77)


class Hash:
    """A hash-based release key, as `trivet.release.lms` signs (which other libraries judge); leaves from 0 on."""

    algorithm = -46

    def __init__(self, number: int) -> None:
        self._secret = lms.Secret(bytes((number,)) * 16, bytes(32))
        self._leaf = 0

    @property
    def public(self) -> bytes:
        return self._secret.public

    def sign(self, message: bytes) -> bytes:
        self._leaf += 1
        return lms.sign(self._secret, self._leaf - 1, message)


HASH, OTHER_HASH = Hash(1), Hash(2)
