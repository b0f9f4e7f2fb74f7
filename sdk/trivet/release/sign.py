"""Puts signatures on a release folder: people who hold a key each sign the same folder one after the other, and it is
ready when the root of keys has enough. Takes a folder and hands, gives how far it is. Never signs what is damaged: a
folder that does not pass every other check is refused first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from . import check, folder
from .hands import Hand, signatures
from .problem import ReleaseError
from .roots import Roots, Verdict


def sign(
    release: folder.Release, hands: Sequence[Hand], roots: Roots | None = None, seen: Sequence[Path] = ()
) -> Verdict | None:
    """With `roots`, keys that it does not have are refused, signatures of such keys are taken off (an appliance would
    refuse the whole for one of them), and the verdict says what is still wanted. `seen`: where else earlier signatures
    of a hash-based key are; the releases beside this one are looked at anyway."""
    check.complain(check.look(release))
    for hand in hands:
        known(hand, roots)
    before = release.envelope()
    keys = roots.keys if roots else ()
    made = before if roots is None else replace(before, signatures=tuple(filter(roots.knows, before.signatures)))
    for one in signatures(hands, before.digest, before.signatures, keys, [*seen, *_envelopes(release)]):
        made = made.signed(one)
    release.replace(release.index.envelope, made.encode())
    return None if roots is None else roots.judge(made.signatures, made.digest)


def known(hand: Hand, roots: Roots | None) -> None:
    """ReleaseError for a key that no appliance with these roots would believe."""
    kid = hand.key.kid
    if roots is None:
        return
    if kid in roots.revoked:
        raise ReleaseError(f"key {kid.hex()} is revoked: no appliance would believe it, nothing was signed")
    if kid not in {one.kid for one in roots.keys}:
        raise ReleaseError(f"key {kid.hex()} is not in the root of keys {roots.number}: nothing was signed")


def _envelopes(release: folder.Release) -> Iterator[Path]:
    """Of this release and of those beside it."""
    for path in sorted(release.path.resolve().parent.glob(f"*/{folder.FILE}")):
        try:
            yield path.parent / folder.Release(path.parent).index.envelope
        except ReleaseError:
            continue
