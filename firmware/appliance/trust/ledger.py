"""The ledger: what left the house and what was done to this appliance, each bound to all before it, so that nobody can
alter, take away or reorder a record unnoticed. Takes a raw partition, the journal (which knows the ledger's end) and
the ledger's key; gives `note`. Never forgets by itself but behind a summary that says so.

A note is in flash when `note` says True. False: it is not, and what it was about must not happen where it would leave
the house. Never raises what the flash does: then `dead` is set until the next start. What is rarely needed, and the
look at what is wrong, is in `look.py`.
"""

from array import array

from ..store.binary import pack, unpack_from
from ..store.journal import JournalFull
from ..store.log import Log
from ..store.records import LEDGER
from ..store.ring import DIRTY
from . import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.envelope import Key

    from ..ports import Clock, Flash
    from ..store.journal import Journal

# What the journal keeps: h of the newest record, then these integers, then a mac over all of it.
NUMBER = 0  # of the newest record
CUT_OFF = 1  # number up to which records may be gone
TOLD = 2  # number at the last LEDGER_HEAD that was queued
ANCHOR = 3  # at the last that was receipted
UNDER_WAY = 4  # of the one under way; then its boot and seq
FIRST = 7  # what was found wrong: number of the first record that is not as it was written,
WHY = 8  # ids.L_*,
PLACES = 9  # at how many places,
UNTOLD = 10  # and 1 while the cloud does not know
_FIELDS = 11
_FORMAT = "<32s11I"
_SIZE = 32 + 4 * _FIELDS

HEAD_EVERY = 32  # records between two LEDGER_HEADs


class Ledger:
    """`load()` first. `end` holds the integers above, `h` that of the newest record, `tally` those of chain.T_*."""

    def __init__(self, flash: "Flash | None", journal: "Journal", key: "Key", clock: "Clock") -> None:
        """`flash` None: this appliance has no such partition."""
        self.log = Log(flash, journal.ring) if flash is not None else None
        self.key = key
        self.dead = flash is None
        self.h = chain.START_H
        self.end = array("I", [0] * _FIELDS)
        self.tally = array("I", [0] * chain.TALLY)
        self._journal = journal
        self._clock = clock
        self._tried = 0  # number when a LEDGER_HEAD was last tried
        self.owed = False  # the journal does not know all of this

    def load(self) -> None:
        """Find the end, and whether all of it is as it was written. What is wrong for the first time is noted."""
        if self.log is None:
            return
        try:
            self.log.mount()
            known = self.known()
            if not self.sound(self.log, known):
                from .look import mend

                mend(self, known)
            while not self.log.ring.clean and self.service():
                pass
        except OSError:
            self.dead = True

    def known(self) -> bool:
        """Take the end from the journal; False when it knows none, or not by this appliance's word."""
        buf = bytearray(_SIZE + chain.MAC)
        if self._journal.get(LEDGER, 0, buf) != len(buf):
            return False
        if self.key.digest(memoryview(buf)[:_SIZE])[: chain.MAC] != bytes(buf[_SIZE:]):
            return False
        row = unpack_from(_FORMAT, buf)
        self.h = row[0]
        for i in range(_FIELDS):
            self.end[i] = row[1 + i]
        return True

    def sound(self, log: Log, known: bool) -> bool:
        """Whether every record is as it was written, and the journal's end is that of the log, or one before it."""
        view = memoryview(bytearray(chain.ROOM))
        ring = log.ring
        end = self.end
        h = before = chain.START_H
        number = 0
        log.rewind()
        while True:
            at = log.next()
            if at < 0:
                break
            summary = ring.kind == chain.SUMMARY
            if log.first and not (summary and chain.spare(ring, at, view)):
                return False
            now = chain.take(ring, at, self.key, h, view)
            own = bytes(view[12:44]) if summary else h
            if now is None or (number and (ring.seq != number + 1 or own != h)):
                return False
            if not number and (ring.seq > end[CUT_OFF] + 1 or not summary):
                return False
            if summary:
                end[CUT_OFF] = max(end[CUT_OFF], unpack_from("<I", view, chain.TIME)[0])
            before = own
            number = ring.seq
            h = now
            chain.count(self.tally, number, ring.kind, view[: ring.length - chain.MAC])
        if known:
            behind = number - end[NUMBER]
            if not 0 <= behind <= 1 or self.h != (before if behind else h):
                return False
        elif number > 1:
            return False
        self.owed = number != end[NUMBER]
        end[NUMBER] = number
        self.h = h
        return True

    # -- noting --------------------------------------------------------------------------------------------------------

    def note(self, kind: int, *values: "int | bytes") -> bool:
        """Write a record of a type of `chain` with its values, at the present time."""
        log = self.log
        if log is None or self.dead:
            return False
        try:
            body = self._time() + pack(chain.FORMATS[kind], *values)
            if log.blank or not self._append(log, kind, body):
                self.open(log, 0, chain.GAVE_WAY)
                self._append(log, kind, body)
        except JournalFull:
            return False
        except OSError:
            self.dead = True
            return False
        return True

    def open(self, log: Log, cut_off: int, channel: int) -> None:
        """Begin a sector with the summary of all before it; where none is clean behind it, the oldest is cut off."""
        end = self.end
        while True:
            if not log.blank:
                log.open()
            if not cut_off and not log.ring.clean and log.ring.find(DIRTY) < 0:
                cut_off = min(log.oldest(), end[NUMBER])
            end[CUT_OFF] = max(end[CUT_OFF], cut_off)
            tally = pack(chain.SUMMARY_FORMAT, end[CUT_OFF], self.h, *self.tally[: chain.T_DECIDED_AT], channel)
            if self._append(log, chain.SUMMARY, self._time() + tally):
                return
            log.blank = False  # full of what cuts tore

    def _append(self, log: Log, kind: int, body: bytes) -> bool:
        """A record, then the journal's word of it. Where the journal has no room the record stands all the same."""
        self._save()
        number = self.end[NUMBER] + 1
        h = chain.link(self.h, number, kind, body)
        if not log.append(kind, number, body + self.key.digest(h)[: chain.MAC]):
            return False
        self.end[NUMBER] = number
        self.h = h
        chain.count(self.tally, number, kind, body)
        self.keep()
        return True

    def _time(self) -> bytes:
        clock = self._clock
        return pack(chain.TIME_FORMAT, clock.wall_s(), clock.ticks_ms() // 1000)

    def keep(self) -> None:
        """Something in `end` changed. Where the journal has no room now, the next note brings it."""
        self.owed = True
        try:
            self._save()
        except JournalFull:
            pass

    def _save(self) -> None:
        """The journal is never more than one record behind."""
        if not self.owed:
            return
        journal = self._journal
        while journal.room() < 2 * _SIZE and journal.service():
            pass
        head = pack(_FORMAT, self.h, *self.end)
        journal.put(LEDGER, 0, head + self.key.digest(head)[: chain.MAC])
        self.owed = False

    # -- in idle time, and the head on its way to the cloud ------------------------------------------------------------

    def service(self) -> bool:
        """One step of work ahead; True while there may be more. OSError where the flash is dead."""
        return self.log is not None and not self.dead and self.log.service(self.end[CUT_OFF])

    def due(self) -> bool:
        """Whether the cloud is to get a LEDGER_HEAD: after so many records, a decision, or something wrong. Once for
        each record: one that found no room in the spool is tried again when there is something new to say."""
        end = self.end
        number, told = end[NUMBER], end[TOLD]
        if number == self._tried or self.dead:
            return False
        wanted = end[UNTOLD] != 0 or number - told >= HEAD_EVERY or self.tally[chain.T_DECIDED_AT] > told
        if wanted:
            self._tried = number
        return wanted
