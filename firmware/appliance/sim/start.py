"""First script of a simulated appliance, outside the ROM image: mounts it at /rom and hands over to `main`.

Arguments: address (or path) of the image, its size, then the appliance's own.
"""

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

import main  # noqa: E402  only found once the image is mounted

main.main(sys.argv[3:])
