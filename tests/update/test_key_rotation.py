"""The root of keys moves on one step at a time, signed by the old set and by the new one; no other set ever takes its
place, and a set that makes no sense is none.
"""

from typing import Any

import judged_kit as kit
import pytest
from judged_kit import HASH, KEYS, OTHER_HASH, STRANGER, Image, authentication, canonical, key_manifest, roots
from trivet_wire import ids

A, B, C, D, E = KEYS
OLD = roots(7, 2, [A, B, C])
NEW = roots(8, 2, [B, C, D])
HASHED = roots(7, 1, [A, HASH], hash_signature=True)
TO_HASHED = roots(8, 1, [A, HASH], hash_signature=True)
MOVED_HASH = roots(8, 1, [A, OTHER_HASH], hash_signature=True)
REVOKED = [kit.kid(A)]


def entry(key: Any, **changed: Any) -> list[Any]:
    return [
        changed.get("kid", kit.kid(key)),
        changed.get("algorithm", key.algorithm),
        changed.get("public", key.public),
    ]


def rows(*keys: Any, threshold: int = 1, number: int = 8, demanded: Any = False, form: int = 1) -> bytes:
    """A set whose fields may be anything."""
    return canonical([form, number, threshold, demanded, list(keys), []])


STEPS: dict[str, tuple[bytes, bytes, list[Any]]] = {
    "one key in, one out": (OLD, NEW, [B, C]),
    "signed by each set's own": (OLD, NEW, [A, B, D]),
    "a key signs its own revocation": (OLD, roots(8, 2, [B, C, D], REVOKED), [A, B, C]),
    "a new key revokes an old one": (OLD, roots(8, 2, [B, C, D], REVOKED), [B, C]),
    "revoked and still listed": (OLD, roots(8, 2, [A, B, C], REVOKED), [B, C]),
    "a higher threshold": (OLD, roots(8, 3, [A, B, C]), [A, B, C]),
    "a lower threshold": (OLD, roots(8, 1, [A, B, C]), [A, B]),
    "all keys change": (OLD, roots(8, 1, [D]), [A, B, D]),
    "a hash-based signature is demanded from now on": (roots(7, 1, [A]), TO_HASHED, [A, HASH]),
    "the hash-based key changes": (HASHED, MOVED_HASH, [A, HASH, OTHER_HASH]),
    "it is demanded no more": (HASHED, roots(8, 1, [A, B]), [A, HASH]),
    "the last number": (roots((1 << 32) - 2, 1, [A]), roots((1 << 32) - 1, 1, [A]), [A]),
}
ATTACKS: dict[str, tuple[int, bytes, bytes, list[Any]]] = {
    "a number left out": (ids.R_KEYS, OLD, roots(9, 2, [B, C, D]), [B, C]),
    "the same number": (ids.R_KEYS, OLD, roots(7, 2, [B, C, D]), [B, C]),
    "an older number": (ids.R_KEYS, OLD, roots(6, 2, [B, C, D]), [B, C]),
    "the new set did not sign": (ids.R_SIGNATURE, OLD, roots(8, 1, [D, E]), [A, B]),
    "too few of the new set signed": (ids.R_THRESHOLD, OLD, NEW, [A, B]),
    "the old set did not sign": (ids.R_SIGNATURE, OLD, roots(8, 1, [D, E]), [D, E]),
    "too few of the old set signed": (ids.R_THRESHOLD, OLD, NEW, [B, D]),
    "a stranger takes over": (ids.R_SIGNATURE, OLD, roots(8, 1, [STRANGER]), [STRANGER]),
    "a revoked key helps": (ids.R_KEY_REVOKED, roots(7, 2, [A, B, C], REVOKED), NEW, [A, B]),
    "a revoked key comes back": (ids.R_KEYS, roots(7, 1, [B, C], REVOKED), roots(8, 1, [A, B]), [B]),
    "the hash-based key did not sign": (ids.R_HASH_SIGNATURE, HASHED, roots(8, 1, [A, B]), [A]),
    "the new hash-based key did not sign": (ids.R_HASH_SIGNATURE, HASHED, MOVED_HASH, [A, HASH]),
    "the new hash-based key did not sign, the first": (ids.R_HASH_SIGNATURE, roots(7, 1, [A]), TO_HASHED, [A]),
    "a stranger signed too": (ids.R_SIGNATURE, OLD, NEW, [B, C, STRANGER]),
    "a key signed twice": (ids.R_SIGNATURE, OLD, NEW, [B, C, B]),
    "a new key signed twice": (ids.R_SIGNATURE, OLD, NEW, [B, C, D, D]),
    "a key signed too that both sets revoked": (
        ids.R_SIGNATURE,
        roots(7, 2, [B, C, D], REVOKED),
        roots(8, 2, [B, C], REVOKED),
        [A, B, C],
    ),
    "a threshold of none": (ids.R_KEYS, OLD, rows(entry(A), threshold=0), [A, B]),
    "a threshold above the number of keys": (ids.R_KEYS, OLD, rows(entry(A), entry(B), threshold=3), [A, B]),
    "a threshold that counts a revoked key": (ids.R_KEYS, OLD, roots(8, 2, [A, B], REVOKED), [A, B]),
    "a threshold that counts the hash-based key": (ids.R_KEYS, OLD, roots(8, 2, [A, HASH]), [A, B, HASH]),
    "a hash-based signature that nobody can make": (ids.R_KEYS, OLD, roots(8, 1, [A], hash_signature=True), [A, B]),
    "a hash-based signature of a revoked key": (
        ids.R_KEYS,
        OLD,
        roots(8, 1, [A, HASH], [kit.kid(HASH)], hash_signature=True),
        [A, B, HASH],
    ),
    "a key twice": (ids.R_KEYS, OLD, rows(entry(A), entry(A), threshold=2), [A, B]),
    "a key under another's id": (ids.R_KEYS, OLD, rows(entry(A), entry(B, kid=kit.kid(C)), threshold=2), [A, B]),
    "a revoked key twice": (ids.R_KEYS, OLD, roots(8, 1, [B], REVOKED * 2), [A, B]),
    "a revoked id of 7 bytes": (ids.R_KEYS, OLD, roots(8, 1, [B], [bytes(7)]), [A, B]),
    "an unknown algorithm": (ids.R_KEYS, OLD, rows(entry(A), entry(B, algorithm=-8)), [A, B]),
    "ES256 of before": (ids.R_KEYS, OLD, rows(entry(A, algorithm=-7)), [A, B]),
    "a public key of another size": (ids.R_KEYS, OLD, rows(entry(HASH, algorithm=-9)), [A, B]),
    "an entry of two fields": (ids.R_KEYS, OLD, rows(entry(A)[:2]), [A, B]),
    "no keys": (ids.R_KEYS, OLD, rows(), [A, B]),
    "another format": (ids.R_KEYS, OLD, rows(entry(A), form=2), [A, B]),
    "a demand that is a number": (ids.R_KEYS, OLD, rows(entry(A), demanded=1), [A, B]),
    "a demand that is null": (ids.R_KEYS, OLD, rows(entry(A), demanded=None), [A, B]),
    "a number beyond 32 bits": (ids.R_KEYS, OLD, rows(entry(A), number=1 << 32), [A, B]),
    "a field more": (ids.R_KEYS, OLD, canonical([*kit.cbor2.loads(roots(8, 1, [A])), 0]), [A, B]),
    "a byte more": (ids.R_KEYS, OLD, roots(8, 1, [A]) + b"\0", [A, B]),
    "more than 1 KiB": (ids.R_KEYS, OLD, roots(8, 1, [kit.Curve(n) for n in range(5, 19)]), [A, B, kit.Curve(5)]),
    "a manifest": (ids.R_KEYS, OLD, kit.manifest(Image()), [A, B]),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_next_set_takes_the_old_ones_place(appliance: Any, name: str) -> None:
    old, new, signers = STEPS[name]
    number = kit.cbor2.loads(new)[1]
    assert appliance("next", old, key_manifest(new, signers)) == [number, new.hex()]
    assert appliance("load", new, number) == number


@pytest.mark.parametrize("name", ATTACKS)
def test_no_other_set_does(appliance: Any, name: str) -> None:
    reason, old, new, signers = ATTACKS[name]
    assert appliance("next", old, key_manifest(new, signers)) == -reason


def test_the_order_of_steps_cannot_be_changed_and_none_is_repeated(appliance: Any) -> None:
    sets = [roots(number, 1, [KEYS[number]]) for number in range(4)]
    steps = [key_manifest(sets[n + 1], [KEYS[n], KEYS[n + 1]]) for n in range(3)]
    for at, kept in enumerate(sets):
        for number, step in enumerate(steps):
            found = appliance("next", kept, step)
            assert found == [at + 1, sets[at + 1].hex()] if number == at else found < 0


def test_an_old_file_put_back_is_noticed_and_only_leads_forward(appliance: Any) -> None:
    assert appliance("load", OLD, 7) == 7
    assert appliance("load", OLD, 8) == -ids.R_KEYS
    assert appliance("load", NEW, 7) == 8
    assert appliance("load", OLD, 0) == 7
    assert appliance("next", OLD, key_manifest(NEW, [B, C])) == [8, NEW.hex()]


def test_without_a_root_or_with_a_damaged_one_nothing_is_believed(appliance: Any) -> None:
    assert appliance("load", None, 0) == -ids.R_KEYS
    for size in range(len(OLD)):
        assert appliance("load", OLD[:size], 0) == -ids.R_KEYS
    assert appliance("load", OLD + b"\0", 0) == -ids.R_KEYS


def test_no_changed_byte_of_a_key_manifest_leads_anywhere(appliance: Any) -> None:
    step = key_manifest(NEW, [B, C])
    assert appliance("next", OLD, step) == [8, NEW.hex()]
    for at in range(len(step)):
        for flip in (1, 0x80):
            assert appliance("next", OLD, step[:at] + bytes((step[at] ^ flip,)) + step[at + 1 :]) < 0, at
    for size in range(0, len(step), 5):
        assert appliance("next", OLD, step[:size]) < 0
    assert appliance("next", OLD, step + b"\0") == -ids.R_TRAILING
    assert appliance("next", OLD, step + bytes(8192)) == -ids.R_TOO_LARGE


def test_a_release_is_no_key_manifest_and_a_key_manifest_no_release(appliance: Any) -> None:
    assert appliance("next", OLD, kit.envelope(kit.manifest(Image()), [A, B])) < 0
    assert appliance("verified", key_manifest(NEW, [B, C]), OLD) < 0
    signed = canonical(["trivet keys", authentication([B, C], NEW), NEW, 0])
    assert appliance("next", OLD, signed) == -ids.R_ENVELOPE
    # What signed the keys' digest signs no manifest, though a signature itself could be moved over.
    wrapped = canonical(kit.cbor2.CBORTag(107, {2: authentication([B, C], NEW), 3: NEW}))
    assert appliance("verified", wrapped, OLD) == NEW.hex()
    assert appliance("read", NEW, bytes(16), bytes(16), 0, [], 0) == -ids.R_MANIFEST
