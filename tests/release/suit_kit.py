"""Envelopes of others, made here with `cbor2` and `cryptography` alone: no code of the room that reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

VENDOR, CLASS = bytes(range(16)), bytes(range(16, 32))
FIRST, SECOND = bytes([0xA1]) * 32, bytes([0xB2]) * 32  # digests of images
ES256, ESP256, ED25519 = -7, -9, -19

PRIVATE = ec.derive_private_key(11, ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))


def packed(value: Any) -> bytes:
    """Deterministic: shortest heads, keys in bytewise order. (cbor2's own canonical mode sorts by length first.)"""
    if isinstance(value, dict):
        pairs = sorted((packed(key), packed(one)) for key, one in value.items())
        return bytes([0xA0 | len(pairs)]) + b"".join(key + one for key, one in pairs)
    if isinstance(value, list | tuple):
        return cbor2.dumps(list(range(len(value))))[:1] + b"".join(map(packed, value))
    if isinstance(value, cbor2.CBORTag):
        return cbor2.dumps(cbor2.CBORTag(value.tag, 0))[:-1] + packed(value.value)
    return cbor2.dumps(value)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def image(digest: bytes) -> bytes:
    """A SUIT_Digest as the parameter has it."""
    return packed([-16, digest])


def severed(member: bytes) -> list[Any]:
    return [-16, sha256(packed(member))]


def common(*shared: Any, components: int = 1, dependencies: dict[int, Any] | None = None) -> bytes:
    made: dict[int, Any] = {2: [[bytes([i])] for i in range(components)]}
    if shared:
        made[4] = packed(list(shared))
    if dependencies:
        made[1] = dependencies
    return packed(made)


SHARED = (20, {1: VENDOR, 2: CLASS, 3: image(FIRST), 14: 34_768}, 1, 15, 2, 15)


def block(payload: bytes, algorithm: int = ESP256, kid: bytes | None = None, tagged: bool = True) -> bytes:
    """A COSE_Sign1 over `payload`; the key id unprotected."""
    protected = packed({1: algorithm})
    structure = packed(["Signature1", protected, b"", payload])
    if algorithm == ED25519:
        signature = EDWARDS.sign(structure)
    else:
        r, s = utils.decode_dss_signature(PRIVATE.sign(structure, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32) + s.to_bytes(32)
    made = [protected, {} if kid is None else {4: kid}, None, signature]
    return packed(cbor2.CBORTag(18, made) if tagged else made)


def envelope(manifest: dict[int, Any] | bytes, beside: dict[Any, bytes] | None = None, **how: Any) -> bytes:
    """Signed by PRIVATE, or as `how` says (see `block`); `algorithms=()` for none."""
    encoded = manifest if isinstance(manifest, bytes) else packed(manifest)
    digest = packed([-16, sha256(packed(encoded))])
    algorithms = how.pop("algorithms", (ESP256,))
    wrapper = packed([digest, *(block(digest, one, **how) for one in algorithms)])
    return packed(cbor2.CBORTag(107, {2: wrapper, 3: encoded, **(beside or {})}))


def pem(path: Path, key: Any = PRIVATE) -> Path:
    """The public key in a file."""
    encoding = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.public_key().public_bytes(*encoding))
    return path


FETCHED = packed([20, {21: "https://files.example/1.bin"}, 21, 2, 3, 15])
NOTES = packed({"de": {1: "Beispiel", (b"\0",): {3: "maker.example", 5: "Ofen"}}, "en-GB": {2: "An example"}})
OLD_NOTES = packed({1: "without a language", (b"\0",): {1: "Maker"}})


SOFTWARE = packed({0: bytes(16), 1: "oven firmware", 2: {31: "Maker", 33: [1, 2]}, 12: 0})


def slot(number: int, parameters: dict[int, Any]) -> bytes:
    return packed([20, {5: number}, 5, 5, 20, parameters])


def each(first: dict[int, Any], second: dict[int, Any]) -> list[bytes]:
    return [slot(0, first), slot(1, second)]


INNER = envelope({1: 1, 2: 9, 3: common(), 7: packed([14, 15])} | {5: [b"inner"]})
INNER_DIGEST = sha256(packed(packed({1: 1, 2: 9, 3: common(), 7: packed([14, 15])} | {5: [b"inner"]})))
CONTENT = b"payload that came along"

# Shapes that the draft's appendix has, and some that only its extensions have; by what they are called there.
MANIFESTS: dict[str, tuple[dict[int, Any], dict[Any, bytes]]] = {
    "secure boot": ({1: 1, 2: 0, 3: common(*SHARED), 7: packed([3, 15]), 9: packed([23, 2])}, {}),
    "download and install": ({1: 1, 2: 1, 3: common(*SHARED), 7: packed([3, 15]), 20: FETCHED}, {}),
    "severed fields": (
        {1: 1, 2: 2, 3: common(*SHARED), 4: "https://maker.example/m", 20: severed(FETCHED), 23: severed(NOTES)},
        {20: FETCHED, 23: NOTES},
    ),
    "severed and gone": ({1: 1, 2: 2, 3: common(*SHARED), 20: severed(FETCHED), 23: severed(NOTES)}, {}),
    "severed, as it was": (
        {1: 1, 2: 2, 3: common(*SHARED), 17: severed(FETCHED), 23: severed(OLD_NOTES)},
        {17: FETCHED, 23: OLD_NOTES},
    ),
    "two slots": (
        {
            1: 1,
            2: 3,
            3: common(20, {1: VENDOR, 2: CLASS}, 15, each({3: image(FIRST), 14: 1}, {3: image(SECOND), 14: 2}), 1, 15),
            7: packed([3, 15]),
            20: packed([15, each({21: "https://files.example/a"}, {21: "https://files.example/b"}), 21, 2, 3, 15]),
        },
        {},
    ),
    "external storage": (
        {
            1: 1,
            2: 4,
            3: common(12, 0, *SHARED, components=3),
            7: packed([12, 0, 3, 15]),
            8: packed([12, 2, 20, {3: image(SECOND), 14: 76_834, 22: 0}, 22, 2, 3, 15]),
            9: packed([12, 2, 23, 2]),
            16: packed([12, 1, 20, {3: image(FIRST), 21: "https://files.example/f"}, 21, 2, 3, 15]),
            20: packed([12, 0, 20, {22: 1}, 22, 2, 3, 15]),
        },
        {},
    ),
    "two images": (
        {
            1: 1,
            2: 5,
            3: common(12, 0, *SHARED, 12, 1, 20, {3: image(SECOND), 14: 76_834}, components=2),
            7: packed([12, True, 3, 15]),
            9: packed([12, [0, 1], 23, 2]),
            20: packed([34, {0: {21: "https://files.example/1"}, 1: {21: "https://files.example/2"}}, 12, True, 21, 2]),
        },
        {},
    ),
    "integrated payload": (
        {1: 1, 2: 6, 3: common(20, {3: image(sha256(CONTENT))}), 20: packed([20, {21: "#content"}, 21, 2, 3, 15])},
        {"#content": CONTENT},
    ),
    "integrated dependency": (
        {
            1: 1,
            2: 7,
            3: common(12, 0, *SHARED, dependencies={1: {1: [b"inner"]}}),
            5: [b"outer"],
            15: packed([12, 1, 20, {3: image(INNER_DIGEST), 21: "#inner"}, 21, 2, 7, 15, 8, 15]),
            20: packed([12, 1, 11, 0, 12, 0, 19, {18: b"hello"}, 18, 15]),
            24: packed([12, 1, 33, 15]),
        },
        {"#inner": INNER},
    ),
    "update management": (
        {
            1: 1,
            2: 8,
            3: common(
                *(
                    20,
                    {
                        4: 1_800_000_000,
                        24: VENDOR,
                        26: 500,
                        27: -1,
                        28: packed([2, [1, 2, -1, 3]]),
                        29: packed({1: 2, 5: 1_800_000_000}),
                    },
                ),
                *(4, 15, 24, 15, 25, 15, 26, 15, 27, 15, 28, 15, 29, 0),
                components=2,
            ),
            6: packed([2, 0, -2]),
            14: severed(SOFTWARE),
            20: packed([12, 1, 35, {0: [4, 28]}, 28, 15, 15, [packed([14, 0]), None], 32, packed([31, 2])]),
            -7: "private",
        },
        {14: SOFTWARE},
    ),
}
