"""All ports of an appliance on an ESP32, C3 or S3: takes the board's pins, gives what `app` composes on. Outputs are at
their safe levels before anything else of it exists.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import errno
import os
import sys

import micropython
from esp32 import Partition
from machine import WDT

from ..store.records import RESET
from ..system.disk import Files
from ..system.link import Link, Stream
from ..system.modules import unload
from . import reset
from .clock import ChipClock
from .flash import PartitionFlash
from .packed import ChipPacked
from .pins import FILE, Pins, table
from .teller import Teller
from .uart import Uart
from .wifi import FILE as WIFI_FILE
from .wifi import JOINED, Wifi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal
    from ..system.folders import Folders
    from .improv import Improv
    from .ntp import Sntp
    from .slots import PartitionSlots

_WATCHDOG_MS = 30_000  # a signature in the interpreter takes seconds, a handshake too
_TIME_FILE = "time"  # in /fs: the name of the house's time server
_TIME = "pool.ntp.org"
_PRESENT_MS = 30_000
_LOCKED = "locked"  # in /fs
_FOREVER_MS = 0x7FFF_0000  # a watchdog that was started cannot be stopped
_CONTROL_C = 3
_OTA_0 = 0x10  # subtype


class Left(Exception):
    """Out of the appliance's program, into the interpreter's prompt."""


class Ports:
    """Attributes are named as in `ports.Ports`."""

    def __init__(self) -> None:
        self.pins = Pins(table(ChipPacked().read(FILE)))  # first: relays
        self.cause, self.retained = reset.start()
        self.watchdog = Watchdog(WDT(timeout=_WATCHDOG_MS))
        self.running = int(Partition(Partition.RUNNING).info()[1]) - _OTA_0
        self.clock = ChipClock()
        self.sensors = self.actuators = self.pins
        self.packed = ChipPacked()
        self.flash = PartitionFlash("journal")
        self.ledger_flash: PartitionFlash | None = None
        try:
            self.ledger_flash = PartitionFlash("ledger")
        except OSError:
            pass
        found = Partition.find(Partition.TYPE_DATA, label="vfs")
        try:
            self.files = Files("", found[0] if found else None)
        except OSError:  # no file system: as if nothing had been provisioned
            self.files = Files("")
        self.locked = self.files.read(_LOCKED) is not None
        self.teller = Teller()
        self.wifi = Wifi(self.files)
        self.link = HouseLink(self.files, self.wifi)
        self.uart = Uart(self.clock.ticks_ms, self._improv)
        self._time: Sntp | None = None
        self._present_until = 0
        self.name = "appliance"  # for whoever sets its Wi-Fi
        self._answered = False

    @property
    def folders(self) -> "Folders":
        from ..system.folders import Folders

        return Folders(self.files)

    @property
    def slots(self) -> "PartitionSlots":
        from .slots import PartitionSlots

        return PartitionSlots()

    def install(self, bundle: int) -> None:
        """ports.Ports: also its pins, where they are others. Its outputs take their safe levels at once."""
        folder = "/fs/" + "ab"[bundle - 1]
        sys.path.insert(0, folder)
        self.packed = ChipPacked(folder + "/board/")
        self.sensors = self.actuators = self.pins = Pins(table(self.packed.read(FILE)))

    def random(self, n: int) -> bytes:
        return os.urandom(n)

    def unload(self, module: str) -> None:
        """ports.Ports"""
        unload(module)

    def spare(self) -> None:
        """ports.Ports"""
        for module in ("appliance.system.folders", "appliance.system", "appliance.esp32.slots"):
            self.unload(module)

    def witnessed(self, journal: "Journal") -> None:
        """ports.Ports"""
        from .witness import compare

        compare(journal)
        self.unload("appliance.esp32.witness")
        if journal.get(RESET, 0, bytearray(1)) >= 1:  # a factory reset is to be done: the house's network goes with it
            self.folders.remove(WIFI_FILE)
            self.spare()
            self.wifi.back()

    def answers(self) -> bool:
        """ports.Ports: the port was served since this start."""
        return self._answered

    def reset(self) -> None:
        """Outputs first: what the chip does to its pins on the way is none of ours."""
        self.pins.rest()
        reset.restart(self.retained)

    def repl(self) -> None:
        """ports.Ports"""
        self.pins.rest()
        WDT(timeout=_FOREVER_MS)
        micropython.kbd_intr(_CONTROL_C)
        raise Left

    def turn(self, now: int) -> bool:
        """What the chip itself has to do between two turns of the appliance; True when somebody pressed the button."""
        self._answered = True
        self.wifi.poll(now)
        if self.uart.turn(now):
            self.unload("appliance.esp32.improv")
        if self.wifi.state == JOINED:
            self._ask_time(now)
        button = self.pins.button
        if button is not None and button.read() == 1:
            self._present_until = now + _PRESENT_MS
            return True
        return False

    def _ask_time(self, now: int) -> None:
        if self._time is None:
            from .ntp import Sntp

            said = self.files.read(_TIME_FILE)
            self._time = Sntp(said.decode() if said else _TIME, self.random)
        unix = self._time.poll(now)
        if unix:
            self.clock.set(unix)

    def _improv(self) -> "Improv":
        from .. import VERSION
        from .improv import Improv

        about = ("Trivet", VERSION, sys.implementation._machine, self.name)
        return Improv(self.wifi, self._say, self._present, about)

    def _say(self, packet: bytes) -> None:
        sent = 0
        while sent < len(packet):
            sent += self.uart.write(packet, sent, len(packet) - sent) or 0

    def _present(self) -> bool:
        return self.clock.ticks_ms() < self._present_until


class Watchdog:
    """ports.Watchdog"""

    def __init__(self, dog: WDT) -> None:
        self._dog = dog

    def feed(self) -> None:
        self._dog.feed()


class HouseLink:
    """ports.Link over the house's Wi-Fi: without it nothing is looked up, so that nothing waits."""

    def __init__(self, files: Files, wifi: Wifi) -> None:
        self._link = Link(files)
        self._wifi = wifi

    def open(self, host: str, port: int, tls: bool = True) -> Stream:
        if self._wifi.state != JOINED:
            raise OSError(errno.EHOSTUNREACH)
        return self._link.open(host, port, tls)
