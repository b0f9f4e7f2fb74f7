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

from ..system.disk import Files
from ..system.link import Link
from ..system.modules import unload
from ..system.packed import Packed
from .clock import VirtualClock
from .flash import FileFlash
from .line import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal
    from ..system.folders import Folders
    from .slots import FileSlots
    from .uart import Uart

JOURNAL_SECTORS = 16
LEDGER_SECTORS = 8
RESET_CODE = 75  # exit code: restart me
REPL_CODE = 76  # exit code: the interpreter's prompt is asked for on the service port
_LOCKED = "locked"  # a file in /fs: no REPL


class Ports:
    """Attributes are named as in `app.Ports`."""

    def __init__(self, folder: str, inputs: int, outputs: int, rest: "list[str]") -> None:
        """`rest`: why the appliance starts, `@` with the address of what a reset retains, the number of the base image
        that runs and where it lies; without: power on."""
        self.running = int(rest[2]) if len(rest) > 2 else 0
        self._image = (folder, rest[3] if len(rest) > 3 else "")
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
        self.locked = self.files.read(_LOCKED) is not None
        self.link = Link(self.files)
        self.packed = Packed()
        self.watchdog = self.line

    @property
    def uart(self) -> "Uart | None":
        return self.line.uart

    @property
    def folders(self) -> "Folders":
        from ..system.folders import Folders

        return Folders(self.files)

    @property
    def slots(self) -> "FileSlots":
        from .slots import FileSlots

        folder, image = self._image
        return FileSlots(folder, self.running, image)

    def install(self, bundle: int) -> None:
        folder = "/fs/" + "ab"[bundle - 1]
        sys.path.insert(0, folder)
        self.packed = Packed(folder + "/board/")

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def unload(self, module: str) -> None:
        """ports.Ports"""
        unload(module)

    def spare(self) -> None:
        """ports.Ports"""
        for module in ("appliance.system.folders", "appliance.system", "appliance.sim.slots"):
            self.unload(module)

    def witnessed(self, journal: "Journal") -> None:
        """ports.Ports: a simulated flash has its journal alone."""

    def answers(self) -> bool:
        """ports.Ports"""
        return self.line.answered

    def reset(self) -> None:
        """The host starts the appliance anew."""
        sys.exit(RESET_CODE)

    def repl(self) -> None:
        """ports.Ports: the host, which has heard the outputs' levels, starts the interpreter on the same line."""
        self.line.answer()
        sys.exit(REPL_CODE)
