"""The maker's line of a real board, at the interpreter's prompt of a board that is no appliance yet: takes one question
as JSON, prints the answer as a line of JSON (appliance/sim/provision.py has them). The key is made here and stays here.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false

import json
import os

import vfs
from esp32 import Partition

from ..sim.disk import Files
from ..sim.provision import answer
from ..trust.provision import Provisioning


class _Line:
    board: "Provisioning | None" = None


def main(asked: str) -> None:
    """One question. The first one mounts the file system, whoever had it before."""
    try:
        if _Line.board is None:
            _Line.board = Provisioning(_files(), os.urandom)
        said = answer(_Line.board, json.loads(asked))
    except (ValueError, KeyError, OSError) as error:
        said = {"error": str(error) or "no room in flash"}
    print(json.dumps(said))


def _files() -> Files:
    for mounted, place in vfs.mount():
        if isinstance(mounted, vfs.VfsLfs2):  # the appliance's own mount, or that of a ready-made MicroPython
            vfs.umount(place)
    return Files("", Partition.find(Partition.TYPE_DATA, label="vfs")[0])
