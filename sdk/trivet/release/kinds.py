"""Which monitor kinds a base has, and which a bundle needs: a base carries those that its own board used, so a bundle
for it may use no others. Takes boards and earlier releases, gives names of kinds; what nobody recorded is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

from trivet.boards import Board

from .folder import Release
from .problem import ReleaseError


def used(board: Board) -> list[str]:
    """Kinds of its monitors. The simulator's base of this board carries these and no others (`trivet.sim.rom`)."""
    return sorted({one.kind for one in board.monitors})


def of_base(board: Board, base: str, bundle: bool, earlier: Sequence[Release]) -> list[str]:
    """Kinds of the base that this release's bundle will run on; empty: not known. `base` as in `Order`.

    ReleaseError when the base of the newest earlier release lacks one that the bundle uses: on an appliance it would
    not start, and go back.
    """
    if base == "sim":
        return used(board)
    newest = max(earlier, key=lambda one: one.index.sequence, default=None)
    if base != "none" or newest is None or not newest.index.base_kinds:
        return []
    missing = [one for one in used(board) if one not in newest.index.base_kinds]
    if bundle and missing:
        raise ReleaseError(
            f"the bundle uses the monitor kind {' and '.join(missing)}, which the base of {newest.index.version} does "
            "not have: bring a base in this release too (--base), or leave that monitor out"
        )
    return newest.index.base_kinds
