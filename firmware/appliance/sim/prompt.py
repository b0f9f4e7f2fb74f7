"""The interpreter's prompt of a simulated, unlocked board: takes its directory, mounts its littlefs at /fs and stays
there, as a board's prompt stands in its own flash. Runs none of the appliance's program; the prompt itself is the
interpreter's.

What a chip's interpreter has and a host's lacks is put beside it, so that mpremote can do there what it does with a
board: `vfs.rom_ioctl` writes the partition `romfs`, a file of the directory as strict as flash, and `machine.reset`
restarts. Nothing starts from that file: a simulated board runs the firmware of the simulation.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import os
import sys

import machine
import vfs

from ..system.disk import Files
from .flash import FileFlash
from .ports import RESET_CODE
from .slots import SECTORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OBJECT, _ERASE, _COUNT, _SIZE = 2, 6, 4, 5  # of rom_ioctl, then of a block device
_ENODEV = 19


class _Beside:
    """A module, and what it has more."""

    def __init__(self, module: "Any", more: "dict[str, Any]") -> None:
        self._module = module
        self._more = more

    def __getattr__(self, name: str) -> "Any":
        more = self._more
        return more[name] if name in more else getattr(self._module, name)


class _Rom:
    """The partition `romfs` as a block device."""

    def __init__(self, path: str) -> None:
        self._flash = FileFlash(path, SECTORS)

    def ioctl(self, op: int, arg: int) -> int:
        if op == _ERASE:
            self._flash.erase(arg)
        if op == _COUNT:
            return SECTORS
        return self._flash.sector_size if op == _SIZE else 0

    def writeblocks(self, block: int, buf: bytes, off: int = 0) -> None:
        self._flash.program(block * self._flash.sector_size + off, buf)


def main(arguments: "list[str]") -> None:
    """`arguments`: the device's directory."""
    folder = arguments[0]

    def rom_ioctl(op: int, *which: int) -> "_Rom | int":
        """As MicroPython's (extmod/vfs.h): there is one partition, and it is an object."""
        if op == 1:
            return 1
        return _Rom(folder + "/romfs.img") if op == _OBJECT and which == (0,) else -_ENODEV

    def reset() -> None:
        sys.exit(RESET_CODE)

    Files(folder + "/fs.img")
    os.chdir("/fs")
    sys.path.insert(0, "")  # what lies there can be imported
    sys.modules["vfs"] = _Beside(vfs, {"rom_ioctl": rom_ioctl})  # type: ignore[assignment]
    sys.modules["machine"] = _Beside(machine, {"reset": reset})  # type: ignore[assignment]
