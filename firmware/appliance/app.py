"""The composition root: takes the ports, builds what every appliance has (journal, life, outbox, line), then takes its
heart: the rooms of its board, whole or reduced, or none. Gives one supervisor that owns every task. Knows no hardware
and no simulation; decides nothing that a room could decide.
"""

from trivet_wire import ids

from . import VERSION
from .outbox.consent import Consent
from .outbox.sealer import Sealer
from .outbox.speak import About, Health, Speaker
from .outbox.spool import Spool
from .service.ear import Ear
from .service.health import Crash, Supervisor, Task
from .service.life import Life
from .store.boot import count_boot
from .store.journal import Journal, JournalFull
from .store.records import RESET, UPDATE
from .trust import chain
from .trust import identity as trust
from .trust.ledger import Ledger
from .updating import ALONE, ALONE_AT, DUE, marks, turn, updated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hearing import Hearing
    from .heart import Heart
    from .outbox.uplink import Uplink
    from .ports import Ports
    from .service.grants import Grants
    from .trust.identity import Identity
    from .update.chooser import Choice
    from .update.download import Download
    from .update.fetching import Fetching
    from .update.judging import Judging
    from .update.machine import Machine
    from .update.patching import Patching

_MAGIC = 0x54  # of what a reset retained
_STARTING = ord("s")
# No two begin alike.
_TASKS = ("start", "tick", "memory", "report", "panel", "uplink", "journal", "install", "console", "own")
_REPORT_MS = 500  # without a heart
_DEAD_ERRORS = 3  # of the flash, that a dead ledger counts for: at once a fault
_PRESENT_MS = 30_000  # from the button on, somebody stands at the appliance


class Appliance:
    """`run(now)` is one turn of all tasks, `serve()` one of those that need no tick. First `live`."""

    def __init__(self, ports: "Ports") -> None:
        """OSError where the flash does not answer: without a journal nobody knows what was said and agreed."""
        self.ports = ports
        self.journal = Journal(ports.flash)
        self.journal.mount()
        ports.witnessed(self.journal)
        self._corrupt = self.journal.corrupt
        self.boot = count_boot(self.journal)
        self.life = Life(self.journal, ports.cause)
        mark = ports.retained
        asked_alone = mark[0] == _MAGIC and mark[ALONE_AT] == ALONE
        self.alone = asked_alone and ports.cause == ids.RESET_SOFT  # for an update, without heart and link
        mark[ALONE_AT] = 0
        self.hung = self._retained()
        asked = self._reset_asked()
        self.spool = Spool(self.journal, self.boot)
        self.spool.load()
        self.consent = Consent(self.journal, self.spool, ports.files)
        self.health = Health()
        self.supervisor = Supervisor([], ports.teller, ports.watchdog, ports.retained)
        self.heart: Heart | None = None
        self.speaker: Speaker | None = None
        self.uplink: Uplink | None = None
        self.sealer: Sealer | None = None
        self._hearing: Hearing | None = None
        self.update = marks()
        self.download: Download | None = None  # takes what the line brings
        self.machine: Machine | Fetching | Patching | Judging | None = None
        self._present_until = 0
        self.ear = Ear(self, ports)
        self.grants: Grants | None = None  # who works at the service port; made when somebody first asks
        self.leaving = False  # restart at the end of this turn
        self._identity: Identity | None = None
        self.ledger: Ledger | None = None  # not before provisioning: it is sealed with the appliance's own key
        self._ledger_told = False
        self.language = "en"  # of whoever stands before it
        self.choice: Choice | None = None  # of the bundle that runs; None: nothing was ever installed
        try:
            identity = self._identity = trust.load(ports.files)
            if identity is not None:
                identity.unload = ports.unload
                key = identity.command_key
                if key is not None and ports.files.read(trust.COMB_FILE) is None:
                    from .trust.comb import keep

                    keep(ports.files, key)
                    ports.unload("appliance.trust.comb")
                    ports.unload(trust.CURVE)
        except ValueError as error:
            self.crashed(error, "start")
        if self._identity is not None:
            self.ledger = Ledger(ports.ledger_flash, self.journal, self._identity.ledger_key(), ports.clock)
            self.ledger.load()
        if asked >= 0:
            self._reset(asked)
        self._noted()
        if self.journal.next_key(UPDATE) >= 0:
            self.update[DUE] = 0

    def _reset_asked(self) -> int:
        """Who asked for a factory reset (ids.BY_*) that is to be done now, before anything of the owner is read; -1."""
        channel = bytearray(1)
        if self.journal.get(RESET, 0, channel) < 1:
            return -1
        from .store.reset import forget

        forget(self.journal)
        if self.journal.next_key(UPDATE) >= 0:
            from .update.memory import disown

            disown(self.journal)
        return channel[0]

    def _reset(self, channel: int) -> None:
        """The rest of it. Whatever cuts it short, it is done again at the next start."""
        self.consent.withdraw_all()
        if self.ledger is not None:
            from .trust.look import reset

            reset(self.ledger, channel)
        if not self.consent.unkept:
            self.journal.delete(RESET, 0)

    def _noted(self) -> bool:
        """Whether this start and the owner's newest decision are in the ledger; notes what is not."""
        ledger, consent = self.ledger, self.consent
        if ledger is None:
            return False
        if ledger.tally[chain.T_BOOT] != self.boot and not ledger.note(chain.STARTED, self.boot, self.ports.cause):
            return False
        if ledger.tally[chain.T_DECISION] >= consent.seq:
            return True
        decision = (consent.purpose, consent.granted, consent.channel, consent.text_hash)
        return ledger.note(chain.DECIDED, consent.seq, *decision)

    def _retained(self) -> str:
        """Whose turn it was when the watchdog or a panic ended the last life; "" after any other end."""
        mark = self.ports.retained
        letter = mark[1] if mark[0] == _MAGIC else 0
        mark[0] = _MAGIC
        mark[1] = _STARTING
        if self.ports.cause == ids.RESET_WATCHDOG or self.ports.cause == ids.RESET_CRASH:
            for name in _TASKS:
                if ord(name[0]) == letter:
                    return name
        return ""

    def crashed(self, error: BaseException, task: str) -> None:
        """An exception escaped while the appliance was being built."""
        trace = self.ports.teller.trace(error)
        self.supervisor.crashed = True
        self.supervisor.note(Crash(trace, task), trace)

    def live(self, heart: "Heart | None") -> None:
        """Everything is built: wire the outbox to it, say so, and be ready for turns."""
        ports = self.ports
        self.heart = heart
        self._build_outbox()
        self.supervisor.tasks = self._tasks()
        if self.alone:
            from .update.alone import begin

            begin(self)
            return
        if self.hung:
            trace = ids.RESET_NAMES[ports.cause]
            self.supervisor.note(Crash(trace, self.hung), trace)
        if self.speaker is not None:
            self.speaker.started(self.boot, ports.cause)
        if heart is not None:
            heart.start(self.consent)
        told = {"e": "started", "boot": self.boot, "left": self.spool.count, "consent": self.consent.mask}
        told["cause"] = ids.RESET_NAMES[ports.cause]
        ports.teller.tell(told)
        if self.life.reduced:
            ports.teller.tell({"e": "reduced", "crashes": self.life.crashes, "heart": heart is not None})

    def _build_outbox(self) -> None:
        """Without an identity nothing is ever recorded for sending; without brokers nothing is sent."""
        identity, ledger = self._identity, self.ledger
        if identity is None or ledger is None:
            return
        ports, heart = self.ports, self.heart
        model, catalogue = (heart.model, heart.catalogue_id) if heart is not None else (identity.model, 0)
        sealer = self.sealer = Sealer(identity, self.boot, ports.clock, self.consent, self.spool, ports.teller)
        if self.alone:
            return
        self.speaker = Speaker(About(model, VERSION, catalogue), self.consent, self.spool, sealer, ledger)
        if heart is not None:
            heart.report(self.speaker, self.consent, sealer)
        if identity.brokers:
            from .outbox.mqtt import Client
            from .outbox.uplink import Uplink

            client = Client(identity.device, ports.link)
            code = heart.code if heart is not None else None
            self.uplink = Uplink(
                identity,
                client,
                self.spool,
                ledger,
                sealer.room,
                self.speaker.hello,
                code,
                ports.random,
                ports.teller,
            )

    def _tasks(self) -> "list[Task]":
        """The one table of what runs: name, period in ms (0: every turn), what is polled, what makes a crash safe."""
        heart = self.heart
        if self.alone:
            tasks = [Task("journal", 0, self._reclaim), Task("install", 0, self._install)]
            return tasks + [Task("console", 0, self.ear.poll), Task("own", _REPORT_MS, self._watch)]
        if heart is None:
            last = [Task("report", _REPORT_MS, self._report), Task("own", _REPORT_MS, self._watch)]
            first = [Task("uplink", 0, self._serve), Task("journal", 0, self._reclaim)]
            return first + [Task("install", 0, self._install), Task("console", 0, self.ear.poll)] + last
        period = heart.period_ms
        return [
            Task("tick", period, heart.tick, heart.fail),
            Task("memory", period, heart.save),
            Task("report", period, self._report),
            Task("panel", period, heart.show),
            Task("uplink", 0, self._serve),
            Task("journal", 0, self._reclaim),
            Task("install", 0, self._install),
            Task("console", 0, self.ear.poll),
            Task("own", period, self._watch),
        ]

    def run(self, now: int) -> None:
        """One turn at `now` (ms since start)."""
        self.supervisor.run(now)
        if self.leaving:
            self.leave()

    def serve(self) -> None:
        """One turn of the tasks that need no tick, while time stands."""
        self.supervisor.run(self.ports.clock.ticks_ms(), True)
        if self.leaving:
            self.leave()

    def leave(self) -> None:
        """Restart, or go to the interpreter's prompt with every output at its safe level."""
        if self.ear.repl:
            if self.heart is not None:
                self.heart.fail()
            self.ports.repl()
        self.ports.reset()

    # -- what may be asked of it -----------------------------------------------------------------------------------

    def decide(self, purpose: int, granted: bool, channel: int, language: str, text_hash: int) -> bool:
        """The owner's word on a purpose; takes effect before this returns. False: there is nothing to decide, or a yes
        that the flash does not keep."""
        consent = self.consent
        before = consent.mask
        if not consent.decide(purpose, granted, channel, language, text_hash):
            return False
        self._noted()
        self._consented(consent.mask & ~before)
        name = ids.PURPOSE_NAMES[purpose]
        event = {"e": "consent", "purpose": name, "granted": granted, "seq": consent.seq, "left": self.spool.count}
        event["kept"] = consent.unkept < 2
        self.ports.teller.tell(event)
        return True

    def _consented(self, new: int) -> None:
        """Whoever records or sends learns of a decision before anything else happens. `new`: mask of the purposes that
        were not allowed before: what was counted or noted without them is forgotten."""
        consent = self.consent
        if self.uplink is not None:
            self.uplink.consented(consent.mask)
        if new >> ids.SERVICE & 1:
            self.supervisor.crashes.clear()
        if new >> ids.IMPROVE & 1:
            self.supervisor.overruns = self.health.reconnects = self.health.overruns = 0
            if self.uplink is not None:
                self.uplink.reconnects = 0
        if self.heart is not None:
            self.heart.consented(consent)
        speaker = self.speaker
        if speaker is not None:
            try:
                speaker.poll(self.ports.clock.ticks_ms())
            except (JournalFull, OSError):  # the decision stands; it is told at the next turn
                self.supervisor.flash_errors += 1

    def clear(self, who: int, grant: int = ids.G_PRESENT) -> None:
        """After a repair: every code to its initial status; the entries leave tombstones that name `who`, and under
        which grant (ids.G_*)."""
        if self.heart is not None:
            if self.ledger is not None:
                self.ledger.note(chain.CLEARED, who, grant)
            self.heart.clear(who, grant)

    def relearn(self) -> None:
        """After a repair, by an authorised command: what drift monitors hold for normal is forgotten and learned
        anew."""
        count = self.heart.relearn() if self.heart is not None else 0
        self.ports.teller.tell({"e": "relearn", "monitors": count})

    def recover(self) -> None:
        """Out of the reduced state, by command: restart, and try everything."""
        self.life.forgive()
        self.ports.reset()

    def spare(self, ms: int) -> None:
        """Whoever is at an update lets go of its code, for `ms` at least, and then goes on where it was."""
        at = self.update[DUE] if self.machine is None else self.ports.clock.ticks_ms() + ms
        updated(self, self.ports, at)

    def press(self) -> None:
        """The button: for a while somebody is known to stand at the appliance."""
        self._present_until = self.ports.clock.ticks_ms() + _PRESENT_MS

    def present(self) -> bool:
        """Whether somebody is known to stand at the appliance."""
        return self.ports.clock.ticks_ms() < self._present_until

    def factory_reset(self, channel: int) -> int:
        """Asked for by somebody present: everything of the present owner goes, then the appliance restarts at the
        end of this turn. Gives why not: R_GRANT when the button was not pressed, R_FULL."""
        if not self.present():
            return ids.R_GRANT
        try:
            self.journal.put(RESET, 0, bytes((channel,)))
        except (JournalFull, OSError):
            return ids.R_FULL
        self.leaving = True
        return 0

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def _report(self, now: int) -> None:
        crashes = self.supervisor.crashes
        speaker = self.speaker
        if speaker is None:
            crashes.clear()
        while crashes and speaker is not None:
            crash = crashes.pop(0)
            speaker.crash(crash.hash, crash.file, crash.line, crash.task)
        cycles = 0
        if self.heart is not None:
            self.heart.tell(now)
            cycles = self.heart.cycles(ids.IMPROVE)
        elif speaker is not None:
            speaker.poll(now)
        if speaker is not None:
            speaker.heartbeat(now, self.health, cycles)
            speaker.ledger_head()

    def _watch(self, now: int) -> None:
        """The appliance over itself, last in a turn."""
        supervisor = self.supervisor
        crashed = supervisor.crashed
        supervisor.crashed = False
        heart = self.heart
        if heart is not None:
            errors = supervisor.flash_errors + self.journal.corrupt - self._corrupt
            errors += self._watch_ledger(heart)
            heart.internal.poll(now, crashed, errors, heart.free())
            self.health.heap_free_kib = heart.free() >> 10
        self.health.overruns = supervisor.overruns
        if self.uplink is not None:
            self.health.reconnects = self.uplink.reconnects
        self.life.poll(now, crashed)

    def _watch_ledger(self, heart: "Heart") -> int:
        """A ledger that cannot be written: nothing is sent, and whoever stands before the appliance reads so. Gives the
        errors of its flash that count."""
        ledger = self.ledger
        if ledger is None or not ledger.dead:
            return 0
        if not self._ledger_told:
            self._ledger_told = True
            self.ports.teller.tell({"e": "ledger", "dead": True})
            heart.mute()
        return _DEAD_ERRORS

    def _serve(self, now: int) -> None:
        uplink = self.uplink
        if uplink is None or self.ledger is None or not (self._noted() or self.ledger.dead):
            return
        uplink.poll(self.ports.clock.link_ms())
        if uplink.commands:
            if self._hearing is None:
                from .hearing import Hearing

                assert self._identity is not None
                assert self.sealer is not None
                self._hearing = Hearing(self, self.ports, self._identity, self.sealer)
            self._hearing.take(uplink.commands.pop(0))
        elif self._hearing is not None and now > self._hearing.until:
            self._hearing = None  # an appliance hears little
            self.ports.unload("appliance.hearing")

    def _install(self, now: int) -> None:
        """One step of an update, when there is one."""
        turn(self, self.ports, now)

    def _reclaim(self, now: int) -> None:
        if not self.journal.service() and self.ledger is not None:
            self.ledger.service()
