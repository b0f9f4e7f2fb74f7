"""The appliance around its update machine, as far as that one asks: ports over a flash in memory, a journal, a heart
whose status bytes the case sets, a line that brings what is asked for. Everything that decides or writes is the
firmware's own.
"""

from appliance.sim.slots import FileSlots
from appliance.store.journal import Journal
from appliance.updating import marks
from trivet_wire.ids import TEST_FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .flash import Flash

MAX_BLOCK = 448
WALL_S = 1800000000


class Slots(FileSlots):
    """The base images and otadata of a flash in memory."""

    def __init__(self, flash: "Flash", running: int) -> None:
        super().__init__("", running, "")
        self._images = (flash.parts["ota_0"], flash.parts["ota_1"])
        self._other = self._images[1 - running]  # type: ignore[assignment]  # a flash like any other
        self._choice = flash.parts["otadata"]  # type: ignore[assignment]
        self.size = len(self._images[0].image)

    def read(self, slot: int, off: int, buf: "bytearray | memoryview") -> None:
        self._images[slot].read(off, buf)


class Ports:
    """Also clock, teller and heart's catalogue: whatever is asked for little."""

    def __init__(self, flash: "Flash", files: "Any", folders: "Any", running: int, cause: int) -> None:
        self.files = files
        self.folders = folders
        self.slots = Slots(flash, running)
        self.running = running
        self.retained = flash.retained
        self.clock = self.teller = self
        self.cause = cause
        self.now = 0
        self.asked: "list[tuple[bytes, int, int]]" = []

    def ticks_ms(self) -> int:
        return self.now

    link_ms = ticks_ms

    def wall_s(self) -> int:
        return WALL_S + self.now // 1000

    def tell(self, event: "dict[str, Any]") -> None:
        if event["e"] == "fetch":
            self.asked.append((bytes.fromhex(event["digest"]), event["offset"], event["length"]))

    def show(self, text: str) -> None:
        """Nobody stands before it."""

    def trace(self, error: BaseException) -> str:
        return repr(error)

    def answers(self) -> bool:
        return True

    def unload(self, module: str) -> None:
        """Everything stays: loading anew is not what is measured here."""

    def spare(self) -> None:
        """Likewise."""


class _Any:
    """Attributes as they are needed."""


class Heart:
    """One code, which is hazardous to nobody; an operation cycle ends after a while."""

    def __init__(self) -> None:
        self.alive = self.whole = True
        self.holds = ()
        self.catalogue = self
        self.signals = _Any()
        self.signals.values = self.signals.validity = ()  # type: ignore[attr-defined]
        self.manager = _Any()
        self.manager.status = bytearray(1)  # type: ignore[attr-defined]
        self.manager.state = _Any()  # type: ignore[attr-defined]
        self.manager.state.cycles = 0  # type: ignore[attr-defined]

    def in_cycle(self) -> bool:
        return False

    def note(self, text: str) -> None:
        pass

    def code(self, event: int) -> int:
        return 4711

    def hazard(self, event: int) -> bool:
        return False

    def fault(self) -> None:
        self.manager.status[0] |= TEST_FAILED  # type: ignore[attr-defined]


class House:
    """What the machine knows as its appliance."""

    def __init__(self, flash: "Flash", choice: "Any", alone: bool) -> None:
        """`alone`: a start for the update alone, without a heart."""
        self.alone = alone
        self.journal = Journal(flash.parts["journal"])
        self.journal.mount()
        self.choice = choice
        self.heart = None if alone else Heart()
        self.uplink = self.sealer = self.ledger = self.download = self.grants = self.remote = None
        self.language = "en"
        self.life = _Any()
        self.life.reduced = False  # type: ignore[attr-defined]
        self.supervisor = _Any()
        self.supervisor.tasks = ()  # type: ignore[attr-defined]
        self.supervisor.flash_errors = 0  # type: ignore[attr-defined]
        self.update = marks()
        self.machine: "Any" = None  # or who takes its place
        self.leaving = False

    def bring(self, ports: Ports, payloads: "dict[bytes, bytes]") -> None:
        """The line answers what was asked for on it."""
        while ports.asked:
            start, offset, length = ports.asked.pop(0)
            data = memoryview(payloads[start])
            download: "Any" = self.download
            end = min(len(data), offset + length)
            while offset < end and download is not None:
                part = data[offset : min(end, offset + MAX_BLOCK)]
                download.piece(start, offset, part)
                offset += len(part)
