"""What beats in an appliance: the rooms of its board, wired. Takes the board's packed files, the journal and the
maker's control program, gives what the tasks poll. Without a program it is reduced: no monitor and no function runs,
outputs stay at their safe levels, while faults, display and messages work. Never sends.
"""

from array import array

from trivet_wire.catalogue import Catalogue, catalogue_id
from trivet_wire.ids import PERSONAL

from . import VERSION
from .faults.history import History
from .faults.manager import Manager
from .faults.memory import Memory
from .faults.state import EventState
from .outbox.report import Reporter
from .sense.signals import Signals
from .sense.texts import Texts
from .service.internal import Internal
from .service.panel import Panel
from .service.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .outbox.consent import Consent
    from .outbox.sealer import Sealer
    from .outbox.speak import Speaker
    from .ports import Ports
    from .sense.board import Board
    from .service.life import Life
    from .service.normals import Normals
    from .store.journal import Journal
    from .tick import Application, Tick

_MUTE = {"en": "No records can be kept.\nNothing is sent.", "de": "Nichts kann vermerkt werden.\nNichts wird gesendet."}
_BUILDING = ("appliance.sense.board", "appliance.wiring")  # loaded for that alone
_RESTARTED = {"en": "Restarted too often.\nNothing runs.", "de": "Zu oft neu gestartet.\nNichts läuft."}


class Heart:
    """Built once per start; whatever a board, its data or its program does wrong comes out of here as an exception."""

    def __init__(
        self,
        ports: "Ports",
        journal: "Journal",
        life: "Life",
        boot: int,
        maker: "Callable[[], Callable[[Board], Application]] | None",
        language: str,
    ) -> None:
        """`maker()` gives the program's class, or the exception with which it cannot be imported."""
        from .sense.board import Board

        self._ports = ports
        self._journal = journal
        self._language = language
        packed = ports.packed
        board = Board(packed.read("board.cbor"))  # its names are needed at start alone: not kept
        self.model = board.model
        self.period_ms = board.tick_ms
        self.catalogue = Catalogue(packed.read("catalogue.bin"))
        self.catalogue_id = catalogue_id(self.catalogue.buf)
        self.levels = array("h", board.safe)
        self.holds = board.holds
        self.whole = maker is not None
        self.alive = False  # the last tick came to its end
        self._muted = False
        self._build_faults(board, boot)
        self.internal = Internal(board.internal, self.manager.report, ports.cause, life.reduced, life.rotten)
        texts = Texts(packed, "texts_" + language + ".bin")
        status = self.manager.status
        names = [function.name for function in board.functions]
        self.watch = Watch(status, self.inhibit, names, self.catalogue, ports.teller)
        rest = "" if maker is not None else _RESTARTED[language]
        self._panel = Panel(status, self.inhibit, self.catalogue, texts, language, ports.teller, rest)
        self.reporter: Reporter | None = None
        self._speaker: Speaker | None = None
        self._mask = 0
        self.purposes = board.purposes
        self._cycle = self._saved = False
        self._normals: Normals | None = None
        self.ticking: Tick | None = None  # None: no program, nothing runs
        if maker is not None:
            self._build_tick(board, maker)
        for module in _BUILDING:
            ports.unload(module)

    def _build_faults(self, board: "Board", boot: int) -> None:
        from .wiring import event_config, inhibition

        self.signals = Signals(board)
        config = event_config(board, self.catalogue)
        state = EventState(board.n_events)
        values, validity = self.signals.values, self.signals.validity
        self.history = History(config.frozen(), values, validity, board.history_period_ms, board.history_depth)
        self.memory = Memory(self._journal, config, state, self.history, boot, self.catalogue_id, VERSION)
        self.memory.load()
        self.manager = Manager(config, state, self.memory)
        self.manager.resume()
        self.inhibit = inhibition(board)

    def _build_tick(self, board: "Board", maker: "Callable[[], Callable[[Board], Application]]") -> None:
        from .sense.monitors import Monitors
        from .tick import Tick

        ports = self._ports
        self.monitors = Monitors(board, self.manager.status, self.manager.settled)
        if self.monitors.learners:
            from .service.normals import Normals

            self._normals = Normals(board, self.monitors.learners, self._journal)
        self.ticking = Tick(
            board,
            ports.sensors,
            ports.actuators,
            self.signals,
            self.monitors,
            self.manager,
            self.memory,
            self.inhibit,
            self.history,
            maker()(board),
        )

    def report(self, speaker: "Speaker", consent: "Consent", sealer: "Sealer") -> None:
        """From now on faults are told to the owner's service."""
        self._speaker = speaker
        self.reporter = Reporter(
            *(speaker, self.manager, self.inhibit, self.catalogue, self.purposes, self._journal, consent, sealer)
        )

    def start(self, consent: "Consent") -> None:
        """All is built, and what was decided is known."""
        self._mask = consent.mask
        self._stamp(consent)
        self.watch.start()

    def consented(self, consent: "Consent") -> None:
        """The owner decided. What was sampled under a no is in no frame that a yes covers, and a cycle that ended
        under one is not told."""
        new = consent.mask & ~self._mask
        if new:
            self.history.forget()
        if new >> PERSONAL & 1:
            self._cycle = self.in_cycle()
        self._mask = consent.mask
        self._stamp(consent)
        if self.reporter is not None:
            self.reporter.consented()

    def _stamp(self, consent: "Consent") -> None:
        self.memory.frames.consent = consent.mask
        self.memory.frames.decision = consent.seq

    def in_cycle(self) -> bool:
        """Whether an operation cycle runs."""
        return self.ticking is not None and self.ticking.in_cycle

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def tick(self, now: int) -> None:
        """One period. Allocates nothing."""
        if self.ticking is not None:
            self.alive = False
            self.ticking.run(now)
            self.alive = True
        else:
            self.memory.uptime_s = now // 1000
            self._ports.actuators.write(self.levels)

    def fail(self) -> None:
        """The tick broke off."""
        if self.ticking is not None:
            self.ticking.fail()

    def save(self, now: int) -> None:
        self.memory.wall_s = self._ports.clock.wall_s()
        self._saved = False  # if that raises
        self._saved = self.memory.service(now)
        if self._normals is not None:
            self._normals.poll()

    def tell(self, now: int) -> None:
        in_cycle = self.in_cycle()
        self.watch.poll(in_cycle)
        if self._speaker is not None and in_cycle != self._cycle:
            self._cycle = in_cycle
            self._speaker.operation(self.cycles(PERSONAL), in_cycle)
        if self.reporter is not None:
            self.reporter.poll(now, self._saved)

    def show(self, now: int) -> None:
        self._panel.poll()
        self.watch.heap()

    # -- for others ----------------------------------------------------------------------------------------------------

    def cycles(self, purpose: int) -> int:
        """Operation cycles that `purpose` may tell of: those since its grant."""
        return self.reporter.cycles(purpose, self.manager.state.cycles) if self.reporter is not None else 0

    def free(self) -> int:
        """Bytes of heap, garbage not counted as free."""
        return self.watch.free

    def code(self, catalogue: int, event: int) -> int:
        """Number of an event's code in the catalogue with this id; -1 where it is another one."""
        mine = catalogue == self.catalogue_id and event < self.catalogue.events
        return self.catalogue.code(event) if mine else -1

    def mute(self) -> None:
        """Nothing can be sent: the display says so."""
        self._panel.add(_MUTE[self._language])
        self._muted = True

    def note(self, text: str, place: int = 0) -> None:
        """A line for whoever stands before it, "" for none; each place has one, what is graver keeps its own."""
        if place or not self._muted:
            self._panel.add(text, place)

    def clear(self, who: int, grant: int) -> None:
        """Every code to its initial status."""
        self.manager.clear_all(who, grant)

    def relearn(self, undo: bool = False) -> int:
        """Forget what is normal, or `undo` that; gives for how many monitors."""
        normals = self._normals
        if normals is None:
            return 0
        return normals.undo() if undo else normals.relearn()
