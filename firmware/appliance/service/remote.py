"""A service session: the desk at the appliance from afar, under its owner's consent to `service`, for an hour at most.
Takes signed commands (`commands.py` believed them and looked at their grant), gives self-tests and fixes, the same as
a technician has at the port, by the same rules. Loaded while a session is open, and let go of with it.

It ends with its time, at the desk's or the owner's word, at once when consent is withdrawn or somebody presses the
button, and with every restart: nothing of it is kept but what the ledger says. Whatever ends it, a self-test that runs
is stopped first and the outputs are safe. Never in a cycle, never beside somebody else's self-test.
"""

import gc

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..sense.board import CONDITION_WIDTH
from ..trust import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trivet_wire.cbor import Writer
    from trivet_wire.cbor_read import Reader

    from .routines import Routine

MODULE = "appliance.service.remote"
_ROUTINES = "appliance.service.routines"
_RUNS = -1  # as routines.RUNS, which is not loaded yet
_PLACE = 1  # of its line on the display
_MINUTE_MS = 60_000
_SPARE_MS = 10_000  # beyond what a self-test takes: then whatever drove it is gone
_TRIES = 20  # to find room for a result
_U32 = 0xFFFFFFFF
_FIXES = "relearn recover restart undo"  # ids.FIXES, which no appliance keeps as it stands there
_CONNECTED = {
    "en": "The service desk is connected, for %d min at most.\nThe button ends it.",
    "de": "Der Kundendienst ist verbunden, noch höchstens %d min.\nDie Taste beendet es.",
}
_TESTS = {
    "en": "The service desk runs a self-test: %s.\nThe button stops it.",
    "de": "Der Kundendienst führt einen Selbsttest aus: %s.\nDie Taste stoppt ihn.",
}


def command(app: "Any", counter: int, number: int, reader: "Reader", count: int) -> int:
    """C_SESSION, C_TEST or C_FIX: 0, or a reason and nothing is changed. The same again does no harm."""
    session: Session | None = app.remote
    if count != (3 if number == ids.C_SESSION else 2):
        raise WireError(ids.R_FIELD)
    which = reader.unsigned(_U32)
    if number != ids.C_SESSION:
        name = reader.tstr()
        reader.done()
        if session is None or session.number != which:
            return ids.R_SESSION
        return session.test(counter, name) if number == ids.C_TEST else session.fix(name)
    seconds = reader.unsigned(ids.MAX_SESSION_S)
    by = reader.unsigned(ids.END_ACCOUNT)
    reader.done()
    if not which or (not seconds and not by):
        return ids.R_FIELD
    if not seconds:  # one that is over stays so
        if session is not None and session.number == which:
            session.end(by)
        return 0
    if session is not None and session.number != which:
        return ids.R_BUSY
    if not app.ledger.note(chain.REMOTE, which, chain.RM_BEGUN, seconds // 60, 0):
        return ids.R_FULL
    if session is None:
        session = app.remote = Session(app, which)
    session.extend(seconds)
    return 0


class Session:
    """One that is open. `poll` between ticks."""

    def __init__(self, app: "Any", number: int) -> None:
        self.number = number
        self.until = 0  # ms since start
        self.routine: Routine | None = None
        self._app = app
        self._counter = 0  # of the command that the self-test was asked for with
        self._stops = 0  # ms since start, by when a self-test is over
        self._tries = 0
        self._shown = -1
        self._leaves = ""  # a fix that is a restart

    def extend(self, seconds: int) -> None:
        """So long from now."""
        self.until = self._now() + seconds * 1000
        self._app.ports.teller.tell({"e": "remote", "session": self.number, "left_s": seconds})
        self._show()

    def left(self) -> int:
        """Minutes, begun ones counted."""
        return max(0, (self.until - self._now() + _MINUTE_MS - 1) // _MINUTE_MS)

    def poll(self, now: int) -> None:
        """Its time, and what a self-test came to."""
        routine = self.routine
        if routine is not None:
            if routine.result == _RUNS and now >= self._stops:
                routine.stop(ids.R_UNSAFE)
            if routine.result != _RUNS and self._tell(routine):
                self._rest(routine)
        if now >= self.until:
            self.end(ids.END_TIME)
        elif self.left() != self._shown:
            self._show()

    def test(self, counter: int, name: str) -> int:
        """Begin a self-test; what it comes to is told when it ends."""
        if counter == self._counter:  # begun, and its answer was lost
            return 0
        if self.routine is not None:
            return ids.R_BUSY
        heart = self._app.heart
        if heart is None or heart.ticking is None:
            return ids.R_UNSAFE
        from .routines import LANGUAGES, Routine, find

        row = find(self._app.ports.packed, name)
        if row is None:
            self._app.ports.unload(_ROUTINES)
            return ids.R_FIELD
        routine = Routine(row, heart.ticking, heart.manager.status, heart.catalogue)
        reason = routine.start(heart.signals.values, heart.signals.validity)
        if reason:
            self._note(chain.RM_TEST, row.number, reason)
            self._app.ports.unload(_ROUTINES)
            return reason
        self.routine = routine
        self._counter = counter
        self._tries = _TRIES
        self._stops = self._now() + sum(row.ticks) * heart.period_ms + _SPARE_MS
        self._app.ports.teller.tell({"e": "remote", "session": self.number, "test": name})
        self._say(_TESTS, row.texts[LANGUAGES.index(self._app.language)])
        return 0

    def fix(self, name: str) -> int:
        """Do it now; what is a restart at the end of this turn (`fixed`)."""
        app, heart = self._app, self._app.heart
        fixes: list[str] = list(_FIXES.split())
        if name not in fixes:
            return ids.R_FIELD
        number = fixes.index(name)
        if self.routine is not None:
            return ids.R_BUSY
        if heart is not None and heart.in_cycle():
            self._note(chain.RM_FIX, number, ids.R_UNSAFE)
            return ids.R_UNSAFE
        reason = 0
        if name == "relearn" or name == "undo":
            anew = heart.relearn(name == "undo") if heart is not None else 0
            reason = 0 if anew else ids.R_BUSY  # it has nothing that could be
        elif not self._leaves:
            self._leaves = name
        self._note(chain.RM_FIX, number, reason)
        app.ports.teller.tell({"e": "remote", "session": self.number, "fix": name, "reason": reason})
        return reason

    def fixed(self) -> None:
        """The answer to a fix is kept: what is a restart comes now."""
        if self._leaves:
            if self._leaves == "recover":
                self._app.life.forgive()
            self._app.leaving = True

    def end(self, by: int) -> None:
        """Over, at once: outputs first, then what is said of it (`by`: ids.END_*)."""
        app, routine = self._app, self.routine
        if app.remote is not self:
            return
        app.remote = None
        if routine is not None:
            routine.stop(ids.R_STOPPED)
            self._tell(routine)
            self._rest(routine)
        self._note(chain.RM_ENDED, by, 0)
        app.ports.teller.tell({"e": "remote", "session": self.number, "left_s": 0, "by": by})
        if app.consent.allows(ids.SERVICE):
            writer = app.sealer.open(ids.SESSION)
            writer.array(2)
            writer.integer(self.number)
            writer.integer(by)
            app.sealer.queue(ids.SESSION, ids.SERVICE, writer)
        self._display("")
        app.ports.unload(MODULE)

    def _now(self) -> int:
        now: int = self._app.ports.clock.ticks_ms()
        return now

    def _note(self, what: int, which: int, reason: int) -> None:
        self._app.ledger.note(chain.REMOTE, self.number, what, which, reason)

    def _rest(self, routine: "Routine") -> None:
        """What the self-test loaded goes."""
        self._note(chain.RM_TEST, routine.row.number, routine.result)
        self.routine = None
        self._shown = -1
        self._app.ports.unload(_ROUTINES)
        gc.collect()

    def _show(self) -> None:
        self._shown = self.left()
        if self.routine is None:
            self._say(_CONNECTED, self._shown)

    def _say(self, texts: "dict[str, str]", what: "str | int") -> None:
        self._display(texts[self._app.language] % what)

    def _display(self, text: str) -> None:
        if self._app.heart is not None:
            self._app.heart.note(text, _PLACE)
        else:
            self._app.ports.teller.show(text)

    # -- what a self-test came to --------------------------------------------------------------------------------------

    def _tell(self, routine: "Routine") -> bool:
        """Into the spool, signed. False: no room yet, to be tried again."""
        app = self._app
        if not app.consent.allows(ids.SERVICE):
            return True
        row = routine.row
        writer = app.sealer.open(ids.SELF_TEST)
        writer.array(8)
        writer.integer(self.number)
        writer.integer(self._counter)
        writer.tstr(row.name)
        writer.integer(routine.result)
        writer.integer(routine.step + 1)
        writer.integer(len(row.ticks))
        writer.integer(app.heart.catalogue_id)
        needs = self._measured(writer, routine)
        app.sealer.sign(writer)
        self._tries -= 1
        told: bool = app.sealer.queue(ids.SELF_TEST, ids.SERVICE, writer, True, needs)
        return told or not app.sealer.full or self._tries <= 0

    def _measured(self, writer: "Writer", routine: "Routine") -> int:
        """Each expectation that was looked at, with what was measured, where its signals' purposes are granted; gives
        the mask of those."""
        consent, purposes = self._app.consent, self._app.heart.purposes
        conditions = routine.row.conditions
        rows: "list[int]" = []
        needs = 0
        for i in range(routine.judged):
            at = (routine.row.holds + i) * CONDITION_WIDTH
            mask = 0
            for signal in (conditions[at], conditions[at + 3]):
                mask |= 1 << (purposes[signal] if 0 <= signal < len(purposes) else ids.SERVICE)
            if consent.mask & mask == mask:
                rows.append(i)
                needs |= mask
        writer.array(len(rows))
        for i in rows:
            at = (routine.row.holds + i) * CONDITION_WIDTH
            writer.array(5)
            writer.integer(conditions[at])
            if conditions[at + 3] < 0:
                writer.null()
            else:
                writer.integer(conditions[at + 3])
            writer.integer(conditions[at + 1])
            writer.integer(conditions[at + 2])
            writer.integer(routine.measured[i])
        return needs
