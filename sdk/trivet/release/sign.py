"""Puts signatures on a release folder: people who hold a key each sign the same folder one after the other, and it is
ready when the root of keys has enough. Takes a folder and hands, gives how far it is. Never signs what is damaged: a
folder that does not pass every other check is refused first.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import check, folder
from .hands import Hand, signature
from .problem import ReleaseError
from .roots import Roots, Verdict


def sign(release: folder.Release, hands: Sequence[Hand], roots: Roots | None = None) -> Verdict | None:
    """With `roots`, keys that it does not have are refused, and the verdict says what is still wanted."""
    check.complain(check.look(release))
    for hand in hands:
        _known(hand, roots)
    made = release.envelope()
    for hand in hands:
        made = made.signed(signature(hand, made.digest))
    release.replace(release.index.envelope, made.encode())
    return None if roots is None else roots.judge(made.signatures, made.digest)


def _known(hand: Hand, roots: Roots | None) -> None:
    kid = hand.key.kid
    if roots is None:
        return
    if kid in roots.revoked:
        raise ReleaseError(f"key {kid.hex()} is revoked: no appliance would believe it, nothing was signed")
    if kid not in {one.kid for one in roots.keys}:
        raise ReleaseError(f"key {kid.hex()} is not in the root of keys {roots.number}: nothing was signed")
