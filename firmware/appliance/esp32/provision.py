"""The maker's line of a real board (system/provision.py), at the interpreter's prompt of a board that is no appliance
yet: takes a question, prints the answer. The key is made here and stays here.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false

import os

import vfs
from esp32 import Partition

from ..system.disk import Files
from ..system.provision import answer
from ..trust.provision import Provisioning


class _Line:
    board: "Provisioning | None" = None


def main(asked: str) -> None:
    """One question. The first one mounts the file system, whoever had it before."""
    print(answer(_board, asked))


def _board() -> Provisioning:
    if _Line.board is None:
        _Line.board = Provisioning(_files(), os.urandom)
    return _Line.board


def _files() -> Files:
    for mounted, place in vfs.mount():
        if isinstance(mounted, vfs.VfsLfs2):  # the appliance's own mount, or that of a ready-made MicroPython
            vfs.umount(place)
    return Files("", Partition.find(Partition.TYPE_DATA, label="vfs")[0])
