"""The composition root: takes the ports and the board's packed files, builds every room, gives one supervisor that owns
every task. Knows no hardware and no simulation; decides nothing that a room could decide.
"""

from trivet_wire import ids
from trivet_wire.catalogue import Catalogue, catalogue_id

from . import VERSION
from .faults.history import History
from .faults.manager import Manager
from .faults.memory import Memory
from .faults.state import EventState
from .outbox.consent import Consent
from .outbox.mqtt import Client
from .outbox.report import About, Health, Reporter
from .outbox.sealer import Sealer
from .outbox.spool import Spool
from .outbox.uplink import Uplink
from .sense.board import Board
from .sense.monitors import Monitors
from .sense.signals import Signals
from .sense.texts import Texts
from .service.health import Supervisor, Task
from .service.panel import Panel
from .service.watch import Watch
from .store.boot import count_boot
from .store.journal import Journal
from .tick import Tick
from .trust import identity as trust
from .wiring import event_config, inhibition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from .faults.inhibit import Inhibit
    from .ports import Actuators, Clock, Files, Flash, Link, Packed, Sensors, Teller

    class Ports(Protocol):
        @property
        def clock(self) -> Clock: ...
        @property
        def sensors(self) -> Sensors: ...
        @property
        def actuators(self) -> Actuators: ...
        @property
        def flash(self) -> Flash: ...
        @property
        def files(self) -> Files: ...
        @property
        def teller(self) -> Teller: ...
        @property
        def link(self) -> Link: ...
        @property
        def packed(self) -> Packed: ...  # board.cbor, catalogue.bin, texts_<language>.bin

        def random(self, n: int) -> bytes: ...

    class Application(Protocol):
        """The maker's control program."""

        def tick(self, now: int, values: Any, validity: bytearray, inhibit: Inhibit, levels: Any) -> None: ...


class Appliance:
    """Everything, wired. `run(now)` is one turn of all tasks, `serve()` one of those that need no tick."""

    def __init__(self, ports: "Ports", application: "Callable[[Board], Application]", language: str = "en") -> None:
        self._ports = ports
        packed = ports.packed
        board = Board(packed.read("board.cbor"))  # its names are needed at start alone: not kept
        self._period = board.tick_ms
        self.catalogue = Catalogue(packed.read("catalogue.bin"))
        self.journal = Journal(ports.flash)
        self.journal.mount()
        self.boot = count_boot(self.journal)
        self._build_faults(board)
        self._build_outbox(board.model)
        self.tick = Tick(
            board,
            ports.sensors,
            ports.actuators,
            self.signals,
            self.monitors,
            self.manager,
            self.memory,
            self.inhibit,
            self.history,
            application(board),
        )
        texts = Texts(packed.read("texts_" + language + ".bin"))
        status = self.manager.status
        names = [function.name for function in board.functions]
        self.watch = Watch(status, self.inhibit, names, self.catalogue, ports.teller)
        self._panel = Panel(status, self.inhibit, self.catalogue, texts, language, ports.teller)
        self._cycle = False
        self.supervisor = Supervisor(self._tasks(), ports.teller)
        if self.reporter is not None:
            self.reporter.started(self.boot)
        self.watch.start()
        ports.teller.tell({"e": "started", "boot": self.boot, "left": self.spool.count, "consent": self.consent.mask})

    def _build_faults(self, board: Board) -> None:
        self.signals = Signals(board)
        config = event_config(board, self.catalogue)
        state = EventState(board.n_events)
        values, validity = self.signals.values, self.signals.validity
        period, depth = board.history_period_ms, board.history_depth
        self.history = History(config.frozen(), values, validity, period, depth)
        self.catalogue_id = catalogue_id(self.catalogue.buf)
        self.memory = Memory(self.journal, config, state, self.history, self.boot, self.catalogue_id, VERSION)
        self.memory.load()
        self.manager = Manager(config, state, self.memory)
        self.manager.resume()
        self.inhibit = inhibition(board)
        self.monitors = Monitors(board, self.manager.status)

    def _build_outbox(self, model: str) -> None:
        """Without an identity nothing is ever recorded for sending; without brokers nothing is sent."""
        ports = self._ports
        self.spool = Spool(self.journal, self.boot)
        self.spool.load()
        self.consent = Consent(self.journal, self.spool)
        self.health = Health()
        self.reporter: Reporter | None = None
        self.uplink: Uplink | None = None
        identity = trust.load(ports.files)
        if identity is None:
            return
        about = About(model, VERSION, self.catalogue_id)
        sealer = Sealer(identity.key, self.boot, ports.clock, self.consent, self.spool, ports.teller)
        self.reporter = Reporter(
            about, self.manager, self.inhibit, self.catalogue, self.journal, self.consent, self.spool, sealer
        )
        if identity.brokers:
            client = Client(identity.device, ports.link)
            self.uplink = Uplink(
                identity, client, self.spool, sealer.room, self.reporter.hello, ports.random, ports.teller
            )

    def _tasks(self) -> "list[Task]":
        """The one table of what runs: name, period in ms (0: every turn), what is polled, what makes a crash safe."""
        period = self._period
        return [
            Task("tick", period, self.tick.run, self.tick.fail),
            Task("memory", period, self._save),
            Task("report", period, self._report),
            Task("panel", period, self._show),
            Task("uplink", 0, self._serve),
            Task("journal", 0, self._reclaim),
        ]

    def run(self, now: int) -> None:
        """One turn at `now` (ms since start)."""
        self.supervisor.run(now)

    def serve(self) -> None:
        """One turn of the tasks that need no tick, while time stands."""
        now = self._ports.clock.ticks_ms()
        for task in self.supervisor.tasks:
            if not task.period_ms:
                self.supervisor.guard(task, now)

    def decide(self, purpose: int, granted: bool, channel: int, language: str, text_hash: int) -> bool:
        """The owner's word on a purpose; takes effect before this returns. False: there is nothing to decide."""
        if not self.consent.decide(purpose, granted, channel, language, text_hash):
            return False
        if self.reporter is not None:
            self.reporter.poll(self._ports.clock.ticks_ms())
        name = ids.PURPOSE_NAMES[purpose]
        event = {"e": "consent", "purpose": name, "granted": granted, "seq": self.consent.seq, "left": self.spool.count}
        self._ports.teller.tell(event)
        return True

    def clear(self, who: int) -> None:
        """After a repair: every code to its initial status; the entries leave tombstones that name `who`."""
        self.manager.clear_all(who)

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def _save(self, now: int) -> None:
        self.memory.wall_s = self._ports.clock.wall_s()
        self.memory.service(now)

    def _report(self, now: int) -> None:
        self.watch.poll(self.tick.in_cycle)
        crashes = self.supervisor.crashes
        if crashes:
            self.tick.crashed = True
        reporter = self.reporter
        if reporter is None:
            crashes.clear()
            return
        while crashes:
            crash = crashes.pop(0)
            reporter.crash(crash.hash, crash.file, crash.line, crash.task)
        if self.tick.in_cycle != self._cycle:
            self._cycle = self.tick.in_cycle
            reporter.operation(self.manager.state.cycles, self._cycle)
        reporter.poll(now)
        reporter.heartbeat(now, self.health)

    def _show(self, now: int) -> None:
        self._panel.poll()
        self.watch.heap()

    def _serve(self, now: int) -> None:
        if self.uplink is not None:
            self.uplink.poll(self._ports.clock.link_ms())

    def _reclaim(self, now: int) -> None:
        self.journal.service()
