"""The life of a root of keys: a first set, and each next one as a key manifest that the old set and the new one sign.
Takes keys, places of them and files, gives `Roots` and `KeyManifest`. Private keys stay in their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import numbers as n
from .hands import Hand, signatures
from .problem import ReleaseError
from .roots import Key, KeyManifest, Roots
from .suit.keys import PublicKey, read_keys


@dataclass(frozen=True)
class Change:
    """What the next set has otherwise. Key ids in hex, as far as they are unambiguous; None: as before."""

    add: tuple[Key, ...] = ()
    remove: tuple[str, ...] = ()
    revoke: tuple[str, ...] = ()
    threshold: int | None = None
    hash_signature: bool | None = None


def first(keys: Sequence[Key], threshold: int | None = None, hash_signature: bool | None = None) -> Roots:
    """The first set. Unless said otherwise more than half of the P-256 keys have to sign, and a hash-based signature is
    wanted where a key can make one."""
    counting = sum(one.algorithm != n.HSS_LMS for one in keys)
    hashed = counting < len(keys) if hash_signature is None else hash_signature
    made = Roots(1, counting // 2 + 1 if threshold is None else threshold, hashed, tuple(keys))
    made.encode()
    return made


def changed(old: Roots, change: Change) -> Roots:
    """The next set. A key that is revoked leaves it and never comes back; one that is removed might."""
    revoked = [_kid(old, text) for text in change.revoke]
    removed = [_kid(old, text) for text in change.remove]
    for one in change.add:
        if one.kid in old.revoked:
            raise ReleaseError(f"key {one.kid.hex()} was revoked: it does not come back, make a new one")
    kept = [one for one in old.keys if one.kid not in {*revoked, *removed}]
    made = replace(
        old,
        number=old.number + 1,
        threshold=old.threshold if change.threshold is None else change.threshold,
        hash_signature=old.hash_signature if change.hash_signature is None else change.hash_signature,
        keys=(*kept, *change.add),
        revoked=tuple(sorted({*old.revoked, *revoked})),
    )
    if replace(made, number=old.number) == old:
        raise ReleaseError("nothing is changed: add, remove or revoke a key, or name another threshold")
    made.encode()
    return made


def sign(found: KeyManifest, old: Roots, new: Roots, hands: Sequence[Hand], seen: Sequence[Path] = ()) -> KeyManifest:
    """With the signatures of these hands, each of which has to be a key of the old set or of the new one."""
    known = {one.kid: one for one in (*old.keys, *new.keys)}
    for hand in hands:
        if hand.key.kid not in known:
            raise ReleaseError(f"key {hand.key.kid.hex()} is neither in set {old.number} nor in set {new.number}")
    for one in signatures(hands, found.digest, found.signatures, known.values(), seen):
        found = found.signed(one)
    return found


def public_keys(path: Path) -> list[Key]:
    """Keys of people elsewhere: PEM of P-256, or the 60 bytes of a hash-based one."""
    return [_public(one, path) for one in read_keys(path)]


def _public(one: PublicKey, path: Path) -> Key:
    if isinstance(one.key, bytes):
        return Key(n.HSS_LMS, one.key)
    raw = one.p256
    if raw is None:
        raise ReleaseError(f"{path}: an appliance believes keys of P-256 and hash-based ones, and no other kind")
    return Key(n.ESP256, raw)


def _kid(roots: Roots, text: str) -> bytes:
    """The key that the text begins to name."""
    found = [one.kid for one in roots.keys if text and one.kid.hex().startswith(text.lower())]
    if len(found) != 1:
        listed = ", ".join(one.kid.hex() for one in roots.keys)
        raise ReleaseError(f"{text!r} names {len(found)} keys of set {roots.number}: {listed}")
    return found[0]
