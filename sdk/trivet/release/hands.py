"""Who signs: one interface over P-256 keys (a file, a program, a token, a service) and hash-based ones. Takes a place
such as `file:release.key`, gives a `Hand`; every signature is verified before it is given on.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from trivet import keys
from trivet.keys import KeysError, Passphrase

from . import numbers as n
from . import trust
from .envelope import Signature, protected_header, sign1, to_be_signed
from .problem import ReleaseError
from .roots import Key, key_id


class Hand(Protocol):
    """Whatever can sign."""

    @property
    def key(self) -> Key: ...

    def sign(self, message: bytes) -> bytes:
        """The raw signature over a whole Sig_structure."""


class P256Hand:
    def __init__(self, signer: keys.Signer) -> None:
        self._signer = signer
        self.key = Key(n.ESP256, signer.public)

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(hashlib.sha256(message).digest())


def open_hand(place: str, passphrase: Passphrase | None = None, *, make: bool = False) -> Hand:
    """ReleaseError when the key cannot be opened; a file that is not there is made only with `make`."""
    try:
        return P256Hand(keys.signer_at(place, passphrase, make=make))
    except KeysError as error:
        raise ReleaseError(str(error)) from error


def signature(hand: Hand, payload: bytes) -> Signature:
    """The COSE_Sign1 of this hand over a SUIT_Digest."""
    key = hand.key
    kid = key_id(key.public)
    try:
        made = sign1(key.algorithm, kid, hand.sign(to_be_signed(protected_header(key.algorithm, kid), payload)))
    except KeysError as error:
        raise ReleaseError(str(error)) from error
    if not trust.holds(made, key.public, payload):
        raise ReleaseError(f"key {kid.hex()} made a signature that does not hold: nothing was written")
    return made
