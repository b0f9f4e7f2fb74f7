"""The composition root: takes the ports, builds what every appliance has (built.py), then takes its heart: the rooms of
its board, whole or reduced, or none. Gives one supervisor that owns every task. Knows no hardware
and no simulation; decides nothing that a room could decide.
"""

from trivet_wire import ids

from .built import Built
from .service.ear import Ear
from .service.health import Crash, Task
from .store.journal import JournalFull
from .store.records import RESET
from .trust import chain
from .updating import DUE, settled, turn, updated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .heart import Heart
    from .ports import Ports

_REPORT_MS = 500  # without a heart
_DEAD_ERRORS = 3  # of the flash, that a dead ledger counts for: at once a fault
_PRESENT_MS = 30_000  # from the button on, somebody stands at the appliance


class Appliance(Built):
    """`run(now)` is one turn of all tasks, `serve()` one of those that need no tick. First `live`."""

    def __init__(self, ports: "Ports") -> None:
        """OSError where the flash does not answer."""
        super().__init__(ports)
        self.ear = Ear(self, ports)

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
        if self.remote is not None and not consent.allows(ids.SERVICE):
            self.remote.end(ids.END_CONSENT)
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

    def settle(self) -> None:
        """What words about an update loaded is let go of."""
        settled(self, self.ports)

    def press(self) -> None:
        """The button: for a while somebody is known to stand at the appliance. The desk, where it is connected, has to
        go."""
        if self.remote is not None:
            self.remote.end(ids.END_PRESENT)
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
        if self.remote is not None:
            self.remote.poll(now)

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
