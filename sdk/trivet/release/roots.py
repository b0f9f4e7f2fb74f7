"""The root of keys: whose signatures an appliance believes, and how many it wants. Takes and gives the bytes of
`roots.cbor` and of the key manifest that leads from one to the next.

    roots.cbor      [1, number, threshold, hash signature wanted, [[kid, algorithm, public], …], [revoked kid, …]]
    key manifest    ["trivet keys", bstr [bstr SUIT_Digest, bstr COSE_Sign1 …], bstr roots.cbor of number + 1]

A key manifest is signed by the threshold of the old set and by that of the new one. A hash-based signature never counts
towards a threshold: where it is wanted it comes on top, so that neither kind of key alone installs anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trivet_wire import cbor, ids

from . import numbers as n
from . import trust
from .envelope import Signature, protected_header, read_sign1, suit_digest
from .problem import ReleaseError
from .strict import decode

FORMAT = 1
MAX_ROOTS = 1024  # bytes
KID_SIZE = 8
MAGIC = "trivet keys"
ALGORITHMS = (n.ESP256, n.HSS_LMS)


def key_id(public: bytes) -> bytes:
    """The start of the SHA-256 of a public key's bytes."""
    return hashlib.sha256(public).digest()[:KID_SIZE]


@dataclass(frozen=True)
class Key:
    algorithm: int
    public: bytes

    @property
    def kid(self) -> bytes:
        return key_id(self.public)


@dataclass(frozen=True)
class Roots:
    number: int
    threshold: int
    hash_signature: bool
    keys: tuple[Key, ...]
    revoked: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """ReleaseError for a set that no appliance would take."""
        _check(self)
        rows = [[one.kid, one.algorithm, one.public] for one in sorted(self.keys, key=lambda one: one.kid)]
        head = [FORMAT, self.number, self.threshold, self.hash_signature]
        made = cbor.encode([*head, rows, sorted(self.revoked)])
        if len(made) > MAX_ROOTS:
            raise ReleaseError(f"the root of keys would have {len(made)} bytes, an appliance holds {MAX_ROOTS}")
        return made

    def judge(self, signatures: Iterable[Signature], payload: bytes, beside: Roots | None = None) -> Verdict:
        """Which of the signatures over `payload` count, as an appliance sees it: each has to be of a key of its own and
        to hold. `beside`: another set, whose keys' signatures are passed over here."""
        known, others = self._usable(), set() if beside is None else set(beside._usable())
        found: dict[str, set[tuple[int, bytes]]] = {one: set() for one in ("good", "spoilt", "revoked", "surplus")}
        for one in signatures:
            name = (one.algorithm, one.kid or b"")
            shaped = one.algorithm in ALGORITHMS and one.protected == protected_header(*name)
            if shaped and name in known:
                what = "good" if trust.holds(one, known[name].public, payload) else "spoilt"
                found["surplus" if what == "good" and name in found["good"] else what].add(name)
            elif not shaped or name not in others:
                found["revoked" if shaped and one.kid in self.revoked else "surplus"].add(name)
        return Verdict(self, *(frozenset(one) for one in found.values()))

    def _usable(self) -> dict[tuple[int, bytes], Key]:
        return {(one.algorithm, one.kid): one for one in self.keys if one.kid not in self.revoked}

    def knows(self, one: Signature) -> bool:
        """Whether it names a key that this set believes. Judges nothing."""
        return (one.algorithm, one.kid) in self._usable()


@dataclass(frozen=True)
class Verdict:
    """What is there of the signatures that a root of keys asks for; each set has algorithm and key id."""

    roots: Roots
    holding: frozenset[tuple[int, bytes]]
    spoilt: frozenset[tuple[int, bytes]]  # by a known key, and do not hold
    revoked: frozenset[tuple[int, bytes]]  # that name a revoked key
    surplus: frozenset[tuple[int, bytes]]  # by a stranger, or a second time by the same key

    @property
    def good(self) -> tuple[bytes, ...]:
        """Ids of the keys that count towards the threshold."""
        return tuple(sorted(_of(self.holding, n.ESP256)))

    @property
    def hashed(self) -> bool:
        """A hash-based one holds."""
        return bool(_of(self.holding, n.HSS_LMS))

    @property
    def reason(self) -> int:
        """0, or the `ids.R_…` that an appliance refuses it with."""
        good, wanted = len(self.good), self.roots.threshold
        revoked, spoilt = _of(self.revoked, n.ESP256), _of(self.spoilt, n.ESP256)
        if good < wanted:
            alone = not good and not spoilt
            if revoked and (alone or good + len(revoked) >= wanted):
                return ids.R_KEY_REVOKED
            return ids.R_THRESHOLD if good else ids.R_SIGNATURE
        if self.spoilt:
            return ids.R_SIGNATURE if spoilt else ids.R_HASH_SIGNATURE
        if self.roots.hash_signature and not self.hashed:
            return ids.R_KEY_REVOKED if _of(self.revoked, n.HSS_LMS) else ids.R_HASH_SIGNATURE
        if self.surplus:
            return ids.R_SIGNATURE
        return ids.R_KEY_REVOKED if self.revoked else 0

    def words(self) -> str:
        said = f"{len(self.good)} of {self.roots.threshold} signatures that count"
        if self.roots.hash_signature:
            said += f", hash-based one {'there' if self.hashed else 'missing'}"
        for _, kid in sorted(self.spoilt):
            said += f"; the one of key {kid.hex()} does not hold"
        for _, kid in sorted(self.revoked):
            said += f"; key {kid.hex()} is revoked"
        for _, kid in sorted(self.surplus):
            known = any(kid == one.kid for one in self.roots.keys)
            said += f"; key {kid.hex()} signed twice" if known else f"; key {kid.hex() or '?'} is not in the set"
        return said


def _of(names: frozenset[tuple[int, bytes]], algorithm: int) -> set[bytes]:
    return {kid for its, kid in names if its == algorithm}


def read(encoded: bytes) -> Roots:
    """The set in a `roots.cbor`."""
    if len(encoded) > MAX_ROOTS:
        raise ReleaseError(f"a root of keys has {MAX_ROOTS} bytes at most, not {len(encoded)}")
    match decode(encoded, "root of keys"):
        case [int(form), int(number), int(threshold), bool(wanted), list(rows), list(revoked)] if form == FORMAT:
            keys = tuple(_key(row) for row in rows)
            made = Roots(number, threshold, wanted, keys, tuple(_kid(one) for one in revoked))
        case _:
            raise ReleaseError("this is no root of keys of format 1")
    if made.encode() != encoded:
        raise ReleaseError("this root of keys is not written in the one order that it has: make it again")
    return made


def _key(row: Any) -> Key:
    match row:
        case [bytes(kid), int(algorithm), bytes(public)] if kid == key_id(public):
            return Key(algorithm, public)
    raise ReleaseError("a row of the root of keys is not [kid, algorithm, public key] with the kid of that key")


def _kid(one: Any) -> bytes:
    if isinstance(one, bytes) and len(one) == KID_SIZE:
        return one
    raise ReleaseError(f"a revoked key id is {KID_SIZE} bytes")


def _check(roots: Roots) -> None:
    kids = [one.kid for one in roots.keys]
    count = sum(one.algorithm != n.HSS_LMS for one in roots.keys)
    if not 0 < roots.number < 1 << 32:
        raise ReleaseError(f"the number of a root of keys is 1 … 2^32 - 1, not {roots.number}")
    for one in roots.keys:
        if one.algorithm not in ALGORITHMS or len(one.public) != trust.SIZES[one.algorithm]:
            raise ReleaseError(f"key {one.kid.hex()}: an appliance knows keys of P-256 and HSS-LMS")
    if len(set(kids)) < len(kids) or set(kids) & set(roots.revoked):
        raise ReleaseError("a key stands twice in the root of keys, or is in it and revoked: leave one out")
    if not 1 <= roots.threshold <= count:
        raise ReleaseError(
            f"{roots.threshold} signatures cannot be wanted of {count} keys of P-256 (hash-based ones do not count)"
        )
    if roots.hash_signature and count == len(roots.keys):
        raise ReleaseError("a hash-based signature is wanted, and no key makes one: add one, or ask for none")


@dataclass(frozen=True)
class KeyManifest:
    """The next root of keys, and who signed it."""

    payload: bytes  # roots.cbor
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> bytes:
        """SUIT_Digest of the payload: what is signed."""
        return suit_digest(self.payload)

    def encode(self) -> bytes:
        authentication = cbor.encode([self.digest, *(one.encoded for one in self.signatures)], 2 * ids.MAX_ENVELOPE)
        made = cbor.encode([MAGIC, authentication, self.payload], 4 * ids.MAX_ENVELOPE)
        if len(made) > ids.MAX_ENVELOPE:
            raise ReleaseError(f"the key manifest would have {len(made)} bytes, an appliance takes {ids.MAX_ENVELOPE}")
        return made

    def signed(self, one: Signature) -> KeyManifest:
        rest = [other for other in self.signatures if other.kid != one.kid]
        ordered = sorted([*rest, one], key=lambda each: (each.algorithm == n.HSS_LMS, each.kid or b""))
        return replace(self, signatures=tuple(ordered))


def read_manifest(encoded: bytes) -> KeyManifest:
    match decode(encoded, "key manifest"):
        case [str(magic), bytes(authentication), bytes(payload)] if magic == MAGIC:
            pass
        case _:
            raise ReleaseError('this is no key manifest (["trivet keys", authentication, root of keys])')
    match decode(authentication, "authentication wrapper"):
        case [bytes(digest), *blocks] if all(isinstance(one, bytes) for one in blocks):
            made = KeyManifest(payload, tuple(read_sign1(one) for one in blocks))
        case _:
            raise ReleaseError("the authentication wrapper is not [digest, signature …]")
    if made.digest != digest:
        raise ReleaseError("the root of keys does not fit the digest beside it: damaged or altered")
    return made


def judged(found: KeyManifest, old: Roots, new: Roots) -> tuple[Verdict, Verdict]:
    """What the two sets say to a key manifest, each for its own keys; no others may have signed it."""
    return (
        old.judge(found.signatures, found.digest, beside=new),
        new.judge(found.signatures, found.digest, beside=old),
    )


def following(old: Roots, encoded: bytes) -> Roots:
    """The set that a key manifest leads to, where `old` is believed. ReleaseError when it does not lead on from it."""
    found = read_manifest(encoded)
    new = read(found.payload)
    if new.number != old.number + 1:
        raise ReleaseError(f"this key manifest makes set {new.number}; after {old.number} comes {old.number + 1}")
    for which, verdict in zip(("old", "new"), judged(found, old, new), strict=True):
        if verdict.reason:
            name = ids.REASON_NAMES[verdict.reason]
            raise ReleaseError(f"for the {which} set: {verdict.words()} ({name})")
    return new
