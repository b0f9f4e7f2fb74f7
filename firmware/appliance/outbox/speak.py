"""What the appliance says besides its faults: who it is, how it started and lives, what its owner decided. Takes the
owner's consent, puts sealed messages into the spool. Nothing is built for a purpose without consent. Runs between
ticks, never in one; sends nothing.
"""

from trivet_wire import ids

from ..trust.ledger import ANCHOR, FIRST, NUMBER, TOLD, UNDER_WAY, UNTOLD, WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..trust.ledger import Ledger
    from .consent import Consent
    from .sealer import Sealer
    from .spool import Spool

HEARTBEAT_MS = 900_000


class About:
    """What every inventory and hello says of this firmware."""

    def __init__(self, model: str, firmware: str, catalogue: int) -> None:
        self.model = model
        self.firmware = firmware
        self.catalogue = catalogue  # uint32


class Health:
    """Figures of a heartbeat, filled in by whoever knows them."""

    def __init__(self) -> None:
        self.heap_free_kib = 0
        self.rssi_dbm = 0
        self.reconnects = 0
        self.overruns = 0


class Speaker:
    """Needs neither board nor faults: what is left in a reduced appliance. `poll(now)` now and then; the rest is
    called when it happens."""

    def __init__(self, about: About, consent: "Consent", spool: "Spool", sealer: "Sealer", ledger: "Ledger") -> None:
        self.about = about
        self._consent = consent
        self._spool = spool
        self._sealer = sealer
        self._ledger = ledger
        self._next_beat = HEARTBEAT_MS

    def poll(self, now: int) -> None:
        """Tell what is new. Consent first: what is told after it stands under it."""
        consent = self._consent
        if consent.unkept and not consent.keep():
            return
        if consent.untold:
            self._decision()

    def started(self, starts: int, cause: int) -> None:
        """Say once per start what this appliance is, and why it started (ids.RESET_*)."""
        if self._consent.allows(ids.SERVICE):
            writer = self._sealer.open(ids.INVENTORY)
            writer.array(5)
            writer.tstr(self.about.model)
            writer.tstr(self.about.firmware)
            writer.integer(self.about.catalogue)
            writer.integer(cause)
            writer.integer(starts)
            self._sealer.queue(ids.INVENTORY, ids.SERVICE, writer)

    def hello(self) -> memoryview:
        """The sealed first word of a connection; it lives until the next message is built."""
        boot, seq = self._spool.tail()
        writer = self._sealer.open(ids.HELLO, False)
        ledger = self._ledger
        writer.array(9)
        writer.tstr(self.about.model)
        writer.tstr(self.about.firmware)
        writer.integer(self.about.catalogue)
        writer.integer(boot)
        writer.integer(seq)
        writer.integer(self._consent.mask)
        writer.integer(ledger.end[NUMBER])
        writer.bstr(ledger.h[:8])
        writer.integer(ledger.end[ANCHOR])
        return self._sealer.seal(writer)

    def ledger_head(self) -> None:
        """How far the ledger is, when that is due: what the cloud keeps of it, nobody can take back in this flash."""
        ledger, sealer = self._ledger, self._sealer
        end = ledger.end
        wrong = end[UNTOLD] != 0
        if not ledger.due() or (self._spool.holds(end[UNDER_WAY + 1], end[UNDER_WAY + 2]) and not wrong):
            return
        writer = sealer.open(ids.LEDGER_HEAD)
        writer.array(4)
        writer.integer(end[NUMBER])
        writer.bstr(ledger.h)
        writer.integer(end[FIRST] if wrong else 0)
        writer.integer(end[WHY] if wrong else 0)
        sealer.sign(writer)
        seq = self._spool.next_seq()
        if sealer.queue(ids.LEDGER_HEAD, ids.SAFETY, writer):
            end[TOLD] = end[UNDER_WAY] = end[NUMBER]
            end[UNDER_WAY + 1] = sealer.boot
            end[UNDER_WAY + 2] = seq
            end[UNTOLD] = 0
            ledger.keep()

    def operation(self, cycle: int, started: bool) -> None:
        """An operation cycle begins or ends."""
        self._small(ids.OPERATION, ids.PERSONAL, (cycle, 1 if started else 0))

    def heartbeat(self, now: int, health: Health, cycles: int) -> None:
        """Six figures, now and then."""
        if now < self._next_beat:
            return
        self._next_beat = now + HEARTBEAT_MS
        figures = (health.heap_free_kib, health.rssi_dbm, health.reconnects, self._spool.count, cycles, health.overruns)
        self._small(ids.HEARTBEAT, ids.IMPROVE, figures)

    def crash(self, digest: int, file: str, line: int, task: str) -> None:
        """An exception escaped a task."""
        if self._consent.allows(ids.SERVICE):
            writer = self._sealer.open(ids.CRASH)
            writer.array(4)
            writer.integer(digest)
            writer.tstr(file)
            writer.integer(line)
            writer.tstr(task)
            self._sealer.queue(ids.CRASH, ids.SERVICE, writer)

    def _small(self, kind: int, purpose: int, figures: "tuple[int, ...]") -> None:
        if self._consent.allows(purpose):
            writer = self._sealer.open(kind)
            writer.array(len(figures))
            for figure in figures:
                writer.integer(figure)
            self._sealer.queue(kind, purpose, writer)

    def _decision(self) -> None:
        consent = self._consent
        writer = self._sealer.open(ids.CONSENT)
        writer.array(6)
        writer.integer(consent.purpose)
        writer.integer(consent.granted)
        writer.integer(consent.mask)
        writer.integer(consent.text_hash)
        writer.tstr(consent.language)
        writer.integer(consent.channel)
        self._sealer.sign(writer)
        if self._sealer.queue(ids.CONSENT, ids.SAFETY, writer):
            consent.told()
