"""An appliance believes a manifest when enough of the keys in its root signed it, and nothing else: every other number
or kind of signature is refused with its own reason, before anything of the manifest is read.
"""

from pathlib import Path
from typing import Any

import judged_kit as kit
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from judged_kit import HASH, KEYS, OTHER_HASH, STRANGER, Image, authentication, canonical, digest, envelope, sign1
from trivet.release import envelope as released
from trivet.release import roots as keysets
from trivet_wire import ids

MANIFEST = kit.manifest(Image(more=kit.FEATURE))
TWO_OF_THREE = kit.roots(1, 2, KEYS[:3])
WITH_HASH = kit.roots(1, 1, [KEYS[0], HASH], hash_signature=True)
EXAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "suit"


def raw(parts: dict[int, Any]) -> bytes:
    return canonical(kit.cbor2.CBORTag(107, parts))


def blocks(*signed: bytes, suit_digest: bytes | None = None, manifest: bytes = MANIFEST) -> bytes:
    """An envelope with these blocks as they are."""
    return raw({2: canonical([suit_digest or digest(manifest), *signed]), 3: manifest})


def one(signer: Any, **changed: Any) -> bytes:
    """A COSE_Sign1 with something about it changed."""
    protected = canonical(changed.get("header", {1: signer.algorithm, 4: kit.kid(signer)}))
    signature = signer.sign(canonical(["Signature1", protected, b"", digest(MANIFEST)]))
    value = [protected, changed.get("unprotected", {}), changed.get("payload"), changed.get("signature", signature)]
    return canonical(kit.cbor2.CBORTag(changed.get("tag", 18), value))


GOOD = [sign1(key, digest(MANIFEST)) for key in KEYS]
GOOD_HASH = sign1(HASH, digest(MANIFEST))
BAD = one(KEYS[1], signature=KEYS[1].sign(b"something else"))
REVOKED = kit.roots(1, 2, KEYS[:4], [kit.kid(KEYS[3]), kit.kid(STRANGER)])
HASH_REVOKED = kit.roots(1, 1, [KEYS[0], HASH, OTHER_HASH], [kit.kid(OTHER_HASH)], hash_signature=True)
AGAIN = one(KEYS[0], signature=kit.other(GOOD[0][-64:]))
OF_STRANGER = sign1(STRANGER, digest(MANIFEST))

BELIEVED: dict[str, tuple[bytes, bytes]] = {
    "two of three": (TWO_OF_THREE, blocks(GOOD[0], GOOD[2])),
    "three of three": (TWO_OF_THREE, blocks(*GOOD[:3])),
    "one and the hash-based one": (WITH_HASH, blocks(GOOD_HASH, GOOD[0])),
    "a hash-based one that nobody asked for": (kit.roots(1, 1, [KEYS[0], HASH]), blocks(GOOD[0], GOOD_HASH)),
}
REFUSED: dict[str, tuple[int, bytes, bytes]] = {
    "two and a stranger": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(OF_STRANGER, GOOD[0], GOOD[1])),
    "two and a strange hash-based one": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(GOOD[0], GOOD[1], GOOD_HASH)),
    "two, one of them twice": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(GOOD[0], GOOD[1], GOOD[0])),
    "two, one of them in two signatures": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(GOOD[0], GOOD[1], AGAIN)),
    "a hash-based one twice": (ids.R_SIGNATURE, WITH_HASH, blocks(GOOD[0], GOOD_HASH, GOOD_HASH)),
    "two and a revoked one": (ids.R_KEY_REVOKED, REVOKED, blocks(GOOD[3], GOOD[0], GOOD[1])),
    "two and a revoked hash-based one": (
        ids.R_KEY_REVOKED,
        HASH_REVOKED,
        blocks(GOOD[0], GOOD_HASH, sign1(OTHER_HASH, digest(MANIFEST))),
    ),
    "two and one of a kind that is not known": (
        ids.R_SIGNATURE,
        TWO_OF_THREE,
        blocks(one(KEYS[2], header={1: -7}), GOOD[0], GOOD[1]),
    ),
    "nobody signed": (ids.R_SIGNATURE, TWO_OF_THREE, blocks()),
    "a stranger signed": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(OF_STRANGER)),
    "one of two": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0])),
    "one of two, twice": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0], GOOD[0])),
    "one of two, in two signatures": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0], one(KEYS[0]))),
    "one and a stranger": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0], OF_STRANGER)),
    "one and one that does not hold": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0], BAD)),
    "two, and one that does not hold": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(GOOD[0], GOOD[2], BAD)),
    "two, and the same one once more, damaged": (ids.R_SIGNATURE, TWO_OF_THREE, blocks(GOOD[0], GOOD[1], BAD)),
    "a key removed since": (ids.R_THRESHOLD, TWO_OF_THREE, blocks(GOOD[0], GOOD[4])),
    "the revoked one alone": (ids.R_KEY_REVOKED, REVOKED, blocks(GOOD[3])),
    "one and the revoked one": (ids.R_KEY_REVOKED, REVOKED, blocks(GOOD[0], GOOD[3])),
    "a revoked one that the set does not list": (ids.R_KEY_REVOKED, REVOKED, blocks(GOOD[0], OF_STRANGER)),
    "the revoked one twice": (ids.R_KEY_REVOKED, REVOKED, blocks(GOOD[3], GOOD[3])),
    "the revoked one and one that does not hold": (ids.R_SIGNATURE, REVOKED, blocks(GOOD[3], BAD)),
    "no hash-based one where one is demanded": (ids.R_HASH_SIGNATURE, WITH_HASH, blocks(GOOD[0])),
    "the hash-based one alone": (ids.R_SIGNATURE, WITH_HASH, blocks(GOOD_HASH)),
    "another hash-based one": (ids.R_HASH_SIGNATURE, WITH_HASH, blocks(GOOD[0], sign1(OTHER_HASH, digest(MANIFEST)))),
    "a revoked hash-based one": (ids.R_KEY_REVOKED, HASH_REVOKED, blocks(GOOD[0], sign1(OTHER_HASH, digest(MANIFEST)))),
    "a hash-based one that does not hold": (
        ids.R_HASH_SIGNATURE,
        WITH_HASH,
        blocks(GOOD[0], one(HASH, signature=HASH.sign(b"something else"))),
    ),
    "a bad hash-based one that nobody asked for": (
        ids.R_HASH_SIGNATURE,
        kit.roots(1, 1, [KEYS[0], HASH]),
        blocks(GOOD[0], one(HASH, signature=b"")),
    ),
    "the curve's key under the other algorithm": (
        ids.R_SIGNATURE,
        kit.roots(1, 1, KEYS[:1]),
        blocks(one(KEYS[0], header={1: -46, 4: kit.kid(KEYS[0])})),
    ),
    "an algorithm of before": (ids.R_SIGNATURE, kit.roots(1, 1, KEYS[:1]), blocks(one(KEYS[0], header={1: -7}))),
    "no key id": (ids.R_SIGNATURE, kit.roots(1, 1, KEYS[:1]), blocks(one(KEYS[0], header={1: -9}))),
    "a critical header": (
        ids.R_SIGNATURE,
        kit.roots(1, 1, KEYS[:1]),
        blocks(one(KEYS[0], header={1: -9, 2: [4], 4: kit.kid(KEYS[0])})),
    ),
    "a signature cut short": (ids.R_SIGNATURE, kit.roots(1, 1, KEYS[:1]), blocks(one(KEYS[0], signature=bytes(63)))),
    "an empty signature": (ids.R_SIGNATURE, kit.roots(1, 1, KEYS[:1]), blocks(one(KEYS[0], signature=b""))),
    "another manifest": (
        ids.R_DIGEST,
        TWO_OF_THREE,
        raw({2: authentication(KEYS[:2], MANIFEST), 3: kit.manifest(Image(), sequence=8)}),
    ),
    "another manifest with its own digest": (
        ids.R_SIGNATURE,
        TWO_OF_THREE,
        blocks(*GOOD[:2], manifest=kit.manifest(Image(), sequence=8)),
    ),
    "the digest of the manifest without its head": (
        ids.R_DIGEST,
        TWO_OF_THREE,
        blocks(*GOOD[:2], suit_digest=canonical([-16, kit.sha256(MANIFEST)])),
    ),
    "a digest by another hash": (
        ids.R_ENVELOPE,
        TWO_OF_THREE,
        blocks(*GOOD[:2], suit_digest=canonical([-44, bytes(32)])),
    ),
    "a payload in a signature": (ids.R_ENVELOPE, TWO_OF_THREE, blocks(GOOD[0], one(KEYS[1], payload=b""))),
    "an unprotected header": (ids.R_ENVELOPE, TWO_OF_THREE, blocks(GOOD[0], one(KEYS[1], unprotected={4: b"x"}))),
    "a signature under another tag": (ids.R_ENVELOPE, TWO_OF_THREE, blocks(GOOD[0], one(KEYS[1], tag=17))),
    "a header beyond 23 bytes": (
        ids.R_ENVELOPE,
        TWO_OF_THREE,
        blocks(GOOD[0], one(KEYS[1], header={1: -9, 4: bytes(20)})),
    ),
    "17 signatures": (ids.R_TOO_LARGE, TWO_OF_THREE, blocks(*GOOD[:2], *[OF_STRANGER] * 15)),
    "no digest": (ids.R_TRUNCATED, TWO_OF_THREE, raw({2: b"\x80", 3: MANIFEST})),
    "an authentication that is no array": (ids.R_FIELD, TWO_OF_THREE, raw({2: canonical({}), 3: MANIFEST})),
    "no authentication": (ids.R_ENVELOPE, TWO_OF_THREE, raw({3: MANIFEST, 23: b""})),
    "no manifest": (ids.R_ENVELOPE, TWO_OF_THREE, raw({2: authentication(KEYS[:2], MANIFEST)})),
    "a severed install sequence": (
        ids.R_ENVELOPE,
        TWO_OF_THREE,
        raw({2: authentication(KEYS[:2], MANIFEST), 3: MANIFEST, 20: b"\x80"}),
    ),
    "a payload within": (
        ids.R_FIELD,
        TWO_OF_THREE,
        raw({2: authentication(KEYS[:2], MANIFEST), 3: MANIFEST, "#payload": b"x"}),
    ),
    "without its tag": (ids.R_ENVELOPE, TWO_OF_THREE, envelope(MANIFEST, KEYS[:2])[2:]),
    "nothing": (ids.R_TRUNCATED, TWO_OF_THREE, b""),
    "more than 8 KiB": (ids.R_TOO_LARGE, TWO_OF_THREE, envelope(MANIFEST + bytes(8192), KEYS[:2])),
}


@pytest.mark.parametrize("name", BELIEVED)
def test_it_is_believed(appliance: Any, name: str) -> None:
    kept, given = BELIEVED[name]
    assert appliance("verified", given, kept) == MANIFEST.hex()


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_own_reason(appliance: Any, name: str) -> None:
    reason, kept, given = REFUSED[name]
    assert appliance("verified", given, kept) == -reason


# -- severed text ------------------------------------------------------------------------------------------------------

TEXT = canonical({"en": "What is new"})
WITH_TEXT = kit.manifest(Image(), keys={23: [-16, kit.sha256(canonical(TEXT))]})


def test_a_text_is_carried_or_severed_and_never_another_one(appliance: Any) -> None:
    assert appliance("verified", envelope(WITH_TEXT, KEYS[:2], TEXT), TWO_OF_THREE) == WITH_TEXT.hex()
    assert appliance("verified", envelope(WITH_TEXT, KEYS[:2]), TWO_OF_THREE) == WITH_TEXT.hex()
    assert appliance("verified", envelope(WITH_TEXT, KEYS[:2], TEXT + b" "), TWO_OF_THREE) == -ids.R_DIGEST
    assert appliance("verified", envelope(WITH_TEXT, KEYS[:2], b""), TWO_OF_THREE) == -ids.R_DIGEST
    assert appliance("verified", envelope(MANIFEST, KEYS[:2], TEXT), TWO_OF_THREE) == -ids.R_MANIFEST


def test_an_unreadable_manifest_with_a_text_is_refused_too(appliance: Any) -> None:
    for manifest in (b"\xa1\x17\x00", b"\xa1\x17", b"\xa1\x05\x80", b"\x80", b"", b"\xa1\x17\x82\x2f\x58\x20"):
        assert appliance("verified", envelope(manifest, KEYS[:2], TEXT), TWO_OF_THREE) < 0


# -- the standard's examples -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="reads ../shared/data/suit, which is not here")
@pytest.mark.parametrize("name", ["example0", "example1"])
def test_the_drafts_examples_are_framed_as_theirs_and_believed_by_nobody_here(appliance: Any, name: str) -> None:
    """ES256 without a key id (draft-ietf-suit-manifest, appendix B): the digest covers the manifest and the signature
    holds under the example's key, but no appliance's root can name it."""
    given = bytes.fromhex((EXAMPLES / f"{name}.hex").read_text().strip())
    numbers = load_pem_public_key((EXAMPLES / "example-public-key.pem").read_bytes()).public_numbers()
    public = numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    covered, manifest, [[message, signature]] = appliance("framed", given)
    assert covered
    assert kit.cbor2.loads(bytes.fromhex(manifest))[1] == 1
    assert appliance("curve", public, bytes.fromhex(message), bytes.fromhex(signature))
    assert not appliance("curve", public, bytes.fromhex(message) + b"\0", bytes.fromhex(signature))
    assert appliance("verified", given, TWO_OF_THREE) == -ids.R_SIGNATURE


# -- what the SDK says beforehand --------------------------------------------------------------------------------------


UNREADABLE = {ids.R_DIGEST, ids.R_ENVELOPE, ids.R_FIELD, ids.R_TRUNCATED, ids.R_TOO_LARGE}


def as_the_sdk_has_it(kept: bytes) -> keysets.Roots:
    _, number, threshold, wanted, rows, revoked = kit.cbor2.loads(kept)
    keys = tuple(keysets.Key(algorithm, public) for _, algorithm, public in rows)
    return keysets.Roots(number, threshold, wanted, keys, tuple(revoked))


@pytest.mark.parametrize("name", [*BELIEVED, *REFUSED])
def test_the_sdk_says_beforehand_what_an_appliance_will_say(name: str) -> None:
    reason, kept, given = (0, *BELIEVED[name]) if name in BELIEVED else REFUSED[name]
    if reason in UNREADABLE:  # what it refuses in words, or reads because others write it
        return
    enclosed = released.read(given)
    verdict = as_the_sdk_has_it(kept).judge(enclosed.signatures, enclosed.digest)
    assert verdict.reason == reason, verdict.words()
