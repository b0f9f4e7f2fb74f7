"""A bundle as an update leaves it in an appliance's flash: its complete folder, and the slot record that says it is
confirmed. Takes a board, gives files for `Device.put`; signs and fetches nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from trivet_wire import cbor

from trivet.boards import Board

from . import bundle, drivers

FOLDERS = ("", "a", "b")  # of bundles, by number
SLOTS = "slots"  # the record's file
_INDEX = "index"  # written last: a folder that has one is complete
_HEAD = 6  # bytes before an image's index


def files(board: Board, slot: int = 1, program: bytes = b"") -> dict[str, bytes]:
    """By path, in slot 1 or 2; `program`: another drivers.mpy than the board's."""
    its = drivers.files(board)
    if program:
        its["drivers.mpy"] = program
    image = bundle.pack(its)
    its[_INDEX] = image[: _HEAD + int.from_bytes(image[4:_HEAD], "little")]
    return {f"{FOLDERS[slot]}/{name}": data for name, data in its.items()} | {SLOTS: record([slot, 0, 5, "1.1"])}


def record(
    confirmed: Sequence[object],
    trial: Sequence[object] | None = None,
    previous: Sequence[object] | None = None,
    back: bool = False,
) -> bytes:
    """The slot record of such a state (`firmware/appliance/update/chooser.py`)."""
    data = cbor.encode([1, back, confirmed, trial, previous])
    return data + zlib.crc32(data).to_bytes(4, "little")
