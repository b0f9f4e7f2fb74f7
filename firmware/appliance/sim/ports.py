"""All ports of a simulated appliance: takes its directory and the board's numbers of inputs and outputs, gives what
`app` composes on. The files are those of the host; time comes from the line.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import os
import sys

import uctypes
from trivet_wire.ids import RESET_POWER_ON

from .clock import VirtualClock
from .disk import Files
from .flash import FileFlash
from .line import Line
from .link import Link

JOURNAL_SECTORS = 16
LEDGER_SECTORS = 8
RESET_CODE = 75  # exit code: restart me


class Packed:
    """The board's packed files in the ROM image: memoryviews of mapped memory."""

    def __init__(self, folder: str = "/rom/board/") -> None:
        self._folder = folder

    def read(self, name: str) -> memoryview:
        with open(self._folder + name, "rb") as file:
            return memoryview(file)  # type: ignore[arg-type]  # VfsRom's files offer their bytes


class Ports:
    """Attributes are named as in `app.Ports`."""

    def __init__(self, folder: str, inputs: int, outputs: int, rest: "list[str]") -> None:
        """`rest`: why the appliance starts, and `@` with the address of what a reset retains; without: power on."""
        self.cause = int(rest[0]) if rest else RESET_POWER_ON
        address = int(rest[1][1:]) if len(rest) > 1 else 0
        self.retained = uctypes.bytearray_at(address, 4) if address else bytearray(4)
        self.clock = VirtualClock()
        self.line = Line(self.clock, inputs, outputs)
        self.sensors = self.actuators = self.teller = self.line
        self.flash = FileFlash(folder + "/journal.img", JOURNAL_SECTORS)
        self.ledger_flash: FileFlash | None = None
        try:
            self.ledger_flash = FileFlash(folder + "/ledger.img", LEDGER_SECTORS)
        except OSError:  # as if its partition were dead
            pass
        try:
            self.files = Files(folder + "/fs.img")
        except OSError:  # no file system: as if nothing had been provisioned
            self.files = Files("")
        self.link = Link(self.files)
        self.packed = Packed()
        self.watchdog = self.line

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def unload(self, module: str) -> None:
        """ports.Ports: out of the table of modules and out of its package."""
        if sys.modules.pop(module, None) is not None:
            package, name = module.rsplit(".", 1)
            delattr(sys.modules[package], name)

    def reset(self) -> None:
        """The host starts the appliance anew."""
        sys.exit(RESET_CODE)
