"""Deltas: takes two images, gives the patch that makes the second of the first, and back. The format is that of
`detools`, sequential, compressed by heatshrink with the window an appliance has room for. The same images give the same
patch.
"""

from __future__ import annotations

import io

import detools  # type: ignore[import-untyped]  # the package has no types

from .problem import ReleaseError

WINDOW = 8  # log2 bytes
LOOKAHEAD = 7  # log2 bytes


def make(old: bytes, new: bytes) -> bytes:
    patch = io.BytesIO()
    detools.create_patch(
        io.BytesIO(old),
        io.BytesIO(new),
        patch,
        compression="heatshrink",
        patch_type="sequential",
        use_mmap=False,
        heatshrink_window_sz2=WINDOW,
        heatshrink_lookahead_sz2=LOOKAHEAD,
    )
    return patch.getvalue()


def apply(old: bytes, patch: bytes) -> bytes:
    """ReleaseError for a patch that is none, or of another image."""
    made = io.BytesIO()
    try:
        detools.apply_patch(io.BytesIO(old), io.BytesIO(patch), made)
    except (detools.Error, ValueError, IndexError, OSError) as error:
        raise ReleaseError(f"a delta cannot be applied to the image that it names: {error}") from error
    return made.getvalue()
