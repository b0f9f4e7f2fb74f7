"""The update machine: goes on with what is offered, one small step a turn, by the literal table of `table.py`. Takes
the appliance and its ports; what it knows stands in the journal and in files under `update/`, so that it goes on where
it was after any power cut. Loaded while there is something to do, and let go of in between. Never installs but in the
very turn in which every gate was seen open.

What a step needs beyond this is imported within it and let go of behind it: signatures and the window of a download
never lie in the heap together.
"""

import gc

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from ..updating import OUTCOME, SHORT, SHOWN
from . import kept, table
from .download import WINDOW
from .gates import OPEN, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..ports import Ports
    from .gates import State
    from .kept import Row
    from .release import Component, Release

NEVER = -1  # for `poll`: until something new is asked
NOW = 0
_ARRIVED = -1  # fetching.ARRIVED
SOON_MS = 5_000
LATER_MS = 60_000
_ENOSPC = 28
_CYCLE = 5  # gates.CYCLE
_PACKED = 256  # bytes allocated until the next collection, until it is connected
_JUDGING = 20_480  # bytes that must be free for signatures to be judged here
_READING = 12_288  # for a manifest to be read
_TELLING = 12_288  # for a report to be signed
_SHORT = 2  # times without heap in one state, from which on it wants a start of its own
_GOES_ON = (ids.U_OFFERED, ids.U_DOWNLOADING, ids.U_VERIFIED, ids.U_STAGED, ids.U_TRIAL)
_RARE = (
    "appliance.update.told appliance.update.why appliance.update.memory appliance.update.gates "
    "appliance.update.placing appliance.update.joint appliance.update.chooser appliance.update.otadata "
    "appliance.update.judged appliance.update.judging appliance.update.fetching appliance.update.imaging "
    "appliance.update.http appliance.update.delta appliance.update.patching appliance.update.patch "
    "appliance.update.bundle appliance.update.base appliance.update.whole appliance.update.installing "
    "appliance.update.alone"
)


class Machine:
    """`poll(now)` between ticks, as long as it asks for it."""

    def __init__(self, appliance: "Appliance", ports: "Ports") -> None:
        self.appliance = appliance
        self.ports = ports
        self.journal = appliance.journal
        self.what = ids.W_KEYS  # keys go first: they may revoke what signed the release
        self.row: Row = kept.load(self.journal, ids.W_KEYS)
        if not self._busy():
            self.what = ids.W_RELEASE
            self.row = kept.load(self.journal, ids.W_RELEASE)
        self._outcome = appliance.update[OUTCOME]  # of what was fetched: _ARRIVED, a reason, or 0
        appliance.update[OUTCOME] = 0

    def poll(self, now: int) -> int:
        """One step; gives after how many ms the next one is due: NOW at once, NEVER when there is nothing to do."""
        if not self._busy():
            return NEVER
        try:
            return self._step(now)
        except WireError as error:
            return self.refuse(error.reason)
        except JournalFull:
            return SOON_MS
        except OSError as error:
            if error.errno == _ENOSPC and self.row[kept.STATE] < ids.U_STAGED:
                return self.refuse(ids.R_FULL)
            self.appliance.supervisor.flash_errors += 1
            return LATER_MS

    def close(self) -> None:
        """What one step alone needs is let go of."""
        self.unload(_RARE)

    def unload(self, names: str) -> None:
        """Modules of this room."""
        unload(self.ports, names)

    # -- the table's ways ----------------------------------------------------------------------------------------------

    def happens(self, event: int) -> bool:
        """Take the table's way; False where there is none. The caller fills in the row before, and does what the table
        says after."""
        state, _ = table.step(self.row[kept.STATE], event)
        if state < 0:
            return False
        self.row[kept.STATE] = state
        kept.save(self.journal, self.what, self.row)
        return True

    def refuse(self, reason: int, event: int = table.REFUSE) -> int:
        """It goes no further; what was fetched goes."""
        if table.step(self.row[kept.STATE], event)[0] < 0:
            return LATER_MS
        self.close()
        self.row[kept.REASON] = reason
        self.happens(event)
        return NOW

    def look(self) -> "State":
        """All that the gates look at, now."""
        from .gates import State, hazard, held
        from .memory import hours

        state = State()
        row, heart = self.row, self.appliance.heart
        if heart is not None and heart.alive:
            state.known = True
            state.cycle = heart.in_cycle()
            state.held = held(heart.holds, heart.signals.values, heart.signals.validity)
            state.hazard = hazard(heart.manager.status, heart.catalogue)
        elif self.appliance.alone:  # seen open in the turn before the reset, and nothing has been driven since
            state.known = True
            state.cycle = state.hazard = False
        grants = self.appliance.grants
        state.bench = grants is not None and self.ports.clock.ticks_ms() < grants.busy_until
        state.bench = state.bench or self.appliance.remote is not None
        state.wall_s = self.ports.clock.wall_s()
        state.hours, state.east = hours(self.journal)
        state.security = row[kept.SECURITY] != 0
        state.deadline = row[kept.DEADLINE]
        state.answer = row[kept.ANSWER]
        state.until = row[kept.UNTIL]
        return state

    def waits(self, wait: int) -> int:
        """Something must be waited for: say so once."""
        shown = self.appliance.update
        if wait != shown[SHOWN]:
            shown[SHOWN] = wait
            from .told import Telling

            Telling(self.appliance, self.ports).waits(self.what, self.row, wait)
        self.close()
        return SOON_MS

    def believe(self) -> int:
        """The release in flash is judged anew by the clock of now and, but while it is fetched, by the keys of now;
        `judged` goes on."""
        self.close()
        row = self.row
        room = None
        if row[kept.STATE] == ids.U_DOWNLOADING and row[kept.BEGUN] < kept.PATCHED:
            self._has(_READING, True)
            self._pack()
            room = bytearray(WINDOW)  # what is fetched needs it: first of all
        keys, sequence = self._newest()
        self.close()
        from .judging import Judging

        judging = self.appliance.machine = Judging(self.appliance, self.ports, keys, sequence)
        if room is not None:
            judging.to_fetch(self.what, row, room)
        self.unload("appliance.update.machine appliance.update.kept appliance.update.release")
        return NOW

    def judged(self, release: "Release | None", reason: int) -> int:
        """What came of that, in its own turn."""
        try:
            return self._judged(release, reason)
        except WireError as error:
            return self.refuse(error.reason)

    # -- states --------------------------------------------------------------------------------------------------------

    def _has(self, need: int, rest: bool) -> bool:
        """Whether so many bytes of heap are free; `rest`: if need be, at the cost of the connection."""
        uplink = self.appliance.uplink
        gc.collect()
        if rest and gc.mem_free() < need and uplink is not None:
            uplink.rest(self.ports.clock.link_ms())
            gc.collect()
        return gc.mem_free() >= need

    def _pack(self) -> None:
        """A download begins: what is loaded now stays for long, and a heap full of gaps has no room for its window.
        Takes time: never for what is loaded again and again."""
        gc.collect()
        gc.threshold(_PACKED)

    def _busy(self) -> bool:
        return self.row[kept.STATE] in _GOES_ON or self.row[kept.STATE] != self.row[kept.TOLD]

    def _newest(self) -> "tuple[int, int]":
        """Number of the keys, and sequence of what is installed: as files say, or higher."""
        from .joint import installed
        from .memory import installed as ever
        from .memory import keys

        sequence: int = installed(self.ports.files, self.ports.slots)[2]
        return keys(self.journal), max(sequence, ever(self.journal))

    def _step(self, now: int) -> int:
        row = self.row
        state = row[kept.STATE]
        if self.appliance.update[SHORT] >= _SHORT and self._leaves() == OPEN:
            return NOW
        if state != row[kept.TOLD] and (state != ids.U_OFFERED or row[kept.JUDGED]) and state != ids.U_STAGED:
            return self._tell(state)
        if state == ids.U_OFFERED and row[kept.JUDGED] and self.what == ids.W_RELEASE:
            return self._offered()
        if state == ids.U_OFFERED:  # keys that were judged once are judged again, after a cut in their middle
            return self._fetches(None) if self._came() else self._judge()
        if state == ids.U_DOWNLOADING:
            return self._downloads()
        if state == ids.U_VERIFIED:
            return self._verified()
        from .installing import goes_back, on_trial, started

        if state == ids.U_STAGED:
            return started(self)
        return goes_back(self) if row[kept.REASON] else on_trial(self, now)

    def _tell(self, state: int) -> int:
        """A state that ends it is told when what was fetched for it is gone; and any by who takes this machine's place,
        because its code and a signature have no room together."""
        self.close()
        if state in (ids.U_CONFIRMED, ids.U_ROLLED_BACK, ids.U_REFUSED):
            from .memory import forget

            forget(self.ports, self.what)
        self._has(_TELLING, True)
        from .told import Told

        self.appliance.machine = Told(self.appliance, self.ports, self.what, self.row)
        self.unload("appliance.update.machine appliance.update.memory")
        return NOW

    def _judge(self) -> int:
        """What was offered lies in flash: what does it say, and is it taken?"""
        if self.what == ids.W_KEYS:
            from .judged import keys

            return keys(self)
        if not self.appliance.alone and not self._has(_JUDGING, False):
            wait = self._leaves()
            if wait != UNKNOWN:
                return self.waits(wait) if wait else NOW
            self._has(_JUDGING, True)
        from .judged import name

        name(self)
        kept.save(self.journal, self.what, self.row)
        return self.believe()

    def _judged(self, release: "Release | None", reason: int) -> int:
        state = self.row[kept.STATE]
        if release is None:
            if reason != ids.R_CLOCK or state != ids.U_OFFERED:
                return self.refuse(reason)
            from .gates import CLOCK

            return self.waits(CLOCK)  # when it expires can be judged later
        if state == ids.U_OFFERED:
            from .judged import note

            return note(self, release)
        if state == ids.U_DOWNLOADING:
            return self._fetches(release)
        from .gates import install

        wait = install(self.look())
        if wait:
            return self.waits(wait)
        names = [component.name for component in release.components]
        if not self.appliance.alone:
            from .alone import ready

            ready(self)
        from .installing import commit

        commit(self, "base" in names, "bundle" in names)
        return NOW

    def _offered(self) -> int:
        """Its manifest is believed: may it be fetched?"""
        row = self.row
        if row[kept.EXPIRES] and 0 < row[kept.EXPIRES] <= self.ports.clock.wall_s():
            return self.refuse(ids.R_EXPIRED)
        from .gates import download

        wait = download(self.look())
        if wait:
            return self.waits(wait)
        row[kept.COMPONENT] = row[kept.BEGUN] = row[kept.WHOLE] = 0
        self.happens(table.ALLOWED)
        return NOW

    def _downloads(self) -> int:
        """Outside a cycle, and while its owner does not object: what could change that begins a machine anew."""
        if not self._came():
            self.happens(table.COMPLETE)
            return NOW
        from .gates import download

        wait = download(self.look())
        if not wait and self.row[kept.BEGUN] >= kept.PATCHED:
            wait = self._leaves()
            if wait == OPEN:
                return NOW
            if wait == UNKNOWN:
                wait = OPEN
        elif self.appliance.alone:
            return SOON_MS  # nothing comes here
        return self.waits(wait) if wait else self.believe()

    def _leaves(self) -> int:
        """Into a start for the update alone, where nothing about the appliance forbids a reset. OPEN: it goes; what is
        waited for; UNKNOWN: it need not or cannot go, and goes on here."""
        from .gates import rest

        if self.appliance.alone:
            return UNKNOWN
        wait = rest(self.look())
        if wait:
            return wait
        from .alone import leave

        return OPEN if leave(self) else UNKNOWN

    def _came(self) -> bool:
        """Whether there is still something to fetch; a WireError for what was found wrong with it."""
        outcome = self._outcome
        self._outcome = 0
        if outcome > 0:
            raise WireError(outcome)
        if outcome < _ARRIVED:  # what makes the component lies in its file
            self.row[kept.BEGUN] = -outcome
            kept.save(self.journal, self.what, self.row)
        return outcome != _ARRIVED

    def _fetches(self, release: "Release | None") -> int:
        """Who fetches takes this machine's place, or who uses what was fetched into a file."""
        self.close()
        if release is not None and self.row[kept.BEGUN] >= kept.PATCHED:
            at: int = self.row[kept.COMPONENT]
            return self._patches(release.components[at])
        self._pack()
        from .fetching import Fetching

        self.appliance.machine = Fetching(self.appliance, self.ports, self.what, self.row, release, bytearray(WINDOW))
        self.unload("appliance.update.machine appliance.update.kept")
        return NOW

    def _patches(self, component: "Component") -> int:
        from .placing import image

        base = component.name == "base"
        old, new = image(self.ports, base, False), image(self.ports, base, True)
        del image
        self.unload("appliance.update.placing appliance.update.joint appliance.update.chooser appliance.update.otadata")
        from .patching import Patching

        self.appliance.machine = Patching(
            self.appliance, self.ports, self.what, self.row, old, new, component.size, component.digest
        )
        self.unload("appliance.update.machine appliance.update.release")
        return NOW

    def _verified(self) -> int:
        """All of it is in flash. When every gate is open, in a start for that alone: judged once more, for a key may
        be revoked meanwhile. Then the gates are looked at again, and in that very turn it is committed and the
        appliance restarts."""
        row = self.row
        if row[kept.EXPIRES] and 0 < row[kept.EXPIRES] <= self.ports.clock.wall_s():
            return self.refuse(ids.R_EXPIRED)
        from .gates import install

        wait = install(self.look())
        if wait:
            return self.waits(wait)
        if not self.appliance.alone:
            from .alone import leave, ready

            ready(self)
            if leave(self):
                return NOW
        uplink = self.appliance.uplink
        if uplink is not None:  # what it takes of the heap is needed until the restart
            uplink.rest(self.ports.clock.link_ms())
        return self.believe()


def unload(ports: "Ports", names: str) -> None:
    """Forget modules of this room."""
    for name in names.split():
        ports.unload(name)
    ports.spare()
