"""Who signs: one interface over P-256 keys (a file, a program, a token, a service) and hash-based ones. Takes a place
such as `file:release.key` or `lms:release.lms`, gives a `Hand`; every signature is verified before it is given on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from trivet import keys
from trivet.keys import KeysError, Passphrase

from . import numbers as n
from . import trust
from .envelope import Signature, protected_header, sign1, to_be_signed
from .lms_key import Beside, LmsKey
from .problem import ReleaseError
from .roots import Key

LMS = "lms:"


class Hand(Protocol):
    """Whatever can sign."""

    @property
    def key(self) -> Key: ...

    def sign(self, message: bytes, beside: Sequence[Beside], seen: Sequence[Path]) -> bytes:
        """The raw signature over a whole Sig_structure. `beside`: what P-256 keys made over the same payload, without
        which a hash-based key does not sign; `seen`: where its earlier signatures are."""


class P256Hand:
    def __init__(self, signer: keys.Signer) -> None:
        self._signer = signer
        self.key = Key(n.ESP256, signer.public)

    def sign(self, message: bytes, beside: Sequence[Beside], seen: Sequence[Path]) -> bytes:
        return self._signer.sign(hashlib.sha256(message).digest())


class LmsHand:
    def __init__(self, key: LmsKey) -> None:
        self._key = key
        self.key = Key(n.HSS_LMS, key.public)

    @property
    def left(self) -> int:
        """Signatures that it can still make."""
        return self._key.left

    def sign(self, message: bytes, beside: Sequence[Beside], seen: Sequence[Path]) -> bytes:
        return self._key.sign(message, beside, seen)


def open_hand(place: str, passphrase: Passphrase | None = None, *, make: bool = False) -> Hand:
    """ReleaseError when the key cannot be opened; a file that is not there is made only with `make`."""
    try:
        if not place.startswith(LMS):
            return P256Hand(keys.signer_at(place, passphrase, make=make))
        path = Path(place.removeprefix(LMS))
        return LmsHand((LmsKey.make if make and not path.exists() else LmsKey.load)(path, passphrase))
    except (KeysError, OSError) as error:
        raise ReleaseError(str(error)) from error


def file_of(place: str) -> Path | None:
    """The file that a place names, None where the key is elsewhere."""
    scheme, _, rest = place.partition(":")
    return Path(rest) if scheme in {"file", "lms"} and rest else None


def signatures(
    hands: Iterable[Hand],
    payload: bytes,
    present: Sequence[Signature] = (),
    known: Iterable[Key] = (),
    seen: Sequence[Path] = (),
) -> list[Signature]:
    """The COSE_Sign1 of each hand over a SUIT_Digest, P-256 ones first. `present`: those that are there already,
    `known`: whose public keys are known, so that a hash-based key can see that it does not sign alone."""
    ordered = sorted(hands, key=lambda hand: hand.key.algorithm == n.HSS_LMS)
    publics = {one.kid: one.public for one in (*known, *(hand.key for hand in ordered)) if one.algorithm == n.ESP256}
    made: list[Signature] = []
    for hand in ordered:
        beside = [
            Beside(publics[one.kid], to_be_signed(one.protected, payload), one.signature)
            for one in (*present, *made)
            if one.kid is not None and one.kid in publics and one.algorithm == n.ESP256
        ]
        made.append(_signature(hand, payload, beside, seen))
    return made


def _signature(hand: Hand, payload: bytes, beside: Sequence[Beside], seen: Sequence[Path]) -> Signature:
    key = hand.key
    message = to_be_signed(protected_header(key.algorithm, key.kid), payload)
    try:
        made = sign1(key.algorithm, key.kid, hand.sign(message, beside, seen))
    except KeysError as error:
        raise ReleaseError(str(error)) from error
    if not trust.holds(made, key.public, payload):
        raise ReleaseError(f"key {key.kid.hex()} made a signature that does not hold: nothing was written")
    return made
