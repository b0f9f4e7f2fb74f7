"""First script of a simulated appliance, outside the ROM image: mounts it at /rom and hands over to a module of it.

Arguments: address (or path) of the image, its size, the module to run, then what that module's `main` takes.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import sys

import uctypes
import vfs


def _mount(where: str, size: int) -> None:
    if where.isdigit():
        image = uctypes.bytearray_at(int(where), size)
    else:
        with open(where, "rb") as file:
            image = file.read()
    vfs.mount(vfs.VfsRom(image), "/rom")
    sys.path[:] = ["/rom", ".frozen"]


_mount(sys.argv[1], int(sys.argv[2]))
__import__(sys.argv[3], None, None, ("main",)).main(sys.argv[4:])
