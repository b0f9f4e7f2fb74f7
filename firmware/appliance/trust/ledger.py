"""The ledger: what left the house and what was done to this appliance, each bound to all before it, so that nobody can
alter, take away or reorder a record unnoticed. Takes a raw partition, the journal (which knows the ledger's end) and
the ledger's key; gives one method per thing to note. Never forgets by itself but by a summary that says so.

A note is in flash when its method says True. False: it is not, and what it was about must not happen where it would
leave the house. Never raises what the flash does: then `dead` is set until the next start.
"""

from trivet_wire.envelope import Key
from trivet_wire.ids import L_CUT, L_HEAD, L_OLDER

from ..store.binary import calcsize, pack, unpack_from
from ..store.journal import JournalFull
from ..store.log import Log, LogFull
from ..store.records import LEDGER
from . import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Clock, Flash
    from ..store.journal import Journal
    from ..store.ring import Ring

# As the journal keeps it: number and h of the newest record, number up to which records may be gone, number at the
# last LEDGER_HEAD, at the last that was receipted, and of the one under way with its boot and seq; what was found
# wrong: number, why, at how many places, and whether that was told; mac over all of it.
_HEAD = "<I32sIIIIIIIBBB"
_HEAD_SIZE = calcsize(_HEAD)
_LABEL = b"trivet ledger"
_SKIP = 4096  # more records than a partition holds
HEAD_EVERY = 32  # records between two LEDGER_HEADs


def ledger_key(message_key: Key, device: bytes, signing: bytes) -> Key:
    """From the appliance's own signing key (32 bytes), which nobody else has; without one (empty) from its message
    key."""
    own = Key(signing, device, 0) if signing else message_key
    return Key(own.digest(_LABEL), device, 0)


class Ledger:
    """`load()` first. `number` and `h`: of the newest record."""

    def __init__(
        self, flash: "Flash | None", journal: "Journal", key: Key, clock: "Clock", beside: "Ring | None" = None
    ) -> None:
        """`flash` None: this appliance has no such partition."""
        self._journal = journal
        self._key = key
        self._clock = clock
        self._log = Log(flash, beside) if flash is not None else None
        self.dead = flash is None
        self.full = False  # the last note found no room: `service` makes some
        self.number: int = 0
        self.h: bytes = chain.START_H
        self.anchor: int = 0  # number at the last LEDGER_HEAD that was receipted
        self.told: int = 0  # number at the last LEDGER_HEAD that was queued
        self.pending: tuple[int, int, int] = (0, 0, 0)  # number, boot and seq of the one under way
        self.first: int = 0  # what is wrong: number of the first record that is not as it was written, and ids.L_*
        self.why: int = 0
        self._places: int = 0  # where something was found
        self.untold: int = 0  # 1: which the cloud does not know
        self._cut_off: int = 0
        self._owed = False  # the journal does not know the newest record
        self._tally = chain.Tally()

    # -- start ---------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Find the end, and whether all of it is as it was written. What is wrong for the first time is noted."""
        log = self._log
        if log is None:
            return
        try:
            log.mount()
            self._compare(log, self._load_head())
        except OSError:
            self.dead = True

    def walk(self) -> chain.Walk:
        """Over all records from the oldest on; OSError without a partition."""
        if self._log is None:
            raise OSError(19)
        return chain.Walk(self._log, self._key, self._cut_off)

    def verify(self, walk: chain.Walk) -> "tuple[int, int]":
        """(number of the first record that is not as it was written, ids.L_*); (0, 0): all are. Takes the walk to its
        end; OSError where the flash is dead."""
        while walk.step():
            pass
        if walk.first:
            return walk.first, walk.why
        if walk.number < self.number:
            return max(walk.number, self._cut_off) + 1, L_CUT
        if walk.number > self.number + 1 or (walk.h if walk.number == self.number else walk.before) != self.h:
            return self.number + 1, L_OLDER
        return 0, 0

    def _compare(self, log: Log, known: bool) -> None:
        """Ledger and journal tell each other's end. A start that finds them apart begins anew behind both."""
        walk = self.walk()
        first, why = self.verify(walk)
        if not known and why in (0, L_OLDER):
            first, why = (walk.number, L_HEAD) if walk.number > 1 else (0, 0)
        self._tally = walk.tally
        self._cut_off = max(self._cut_off, walk.cut_off)
        apart = not walk.synced or (known and not 0 <= walk.number - self.number <= 1)
        if not apart and not (why == L_OLDER and walk.number == self.number):
            self._owed = walk.number != self.number
            self.number = walk.number
            self.h = walk.h
        elif walk.highest or known:
            if walk.number > self.number or not known:
                self.h = walk.h
                self.number = max(walk.number, min(walk.highest, walk.number + _SKIP))
            self._owed = True
            log.close()  # the next sector's own summary is the new beginning
        while not log.ring.clean and log.service(self._cut_off):
            pass
        places = min(255, max(1, walk.places))
        if first and (first, places) != (self.first, self._places):
            self._places = places
            self.first = first
            self.why = why
            self.untold = 1
            self._note(chain.FOUND, pack("<IB", first, why))

    def _load_head(self) -> bool:
        """What the journal knows; False when it is nothing, or not this appliance's word."""
        buf = bytearray(_HEAD_SIZE + chain.MAC)
        if self._journal.get(LEDGER, 0, buf) != len(buf):
            return False
        if self._key.digest(memoryview(buf)[:_HEAD_SIZE])[: chain.MAC] != bytes(buf[_HEAD_SIZE:]):
            return False
        row = unpack_from(_HEAD, buf)
        self.number, self.h, self._cut_off, self.told, self.anchor = row[:5]
        self.pending = (row[5], row[6], row[7])
        self.first, self.why, self._places, self.untold = row[8:]
        return True

    # -- what is noted -------------------------------------------------------------------------------------------------

    def started(self, boot: int, cause: int) -> bool:
        """A start; `cause` ids.RESET_*."""
        return self._note(chain.STARTED, pack("<IB", boot, cause))

    def sent(self, kind: int, needs: int, size: int, boot: int, seq: int, digest: bytes, code: int) -> bool:
        """A message, before its first byte leaves; `needs`: mask of the purposes without which it may not go; `digest`:
        first 8 bytes of SHA-256 over it; `code`: number of the fault's code, or chain.NO_CODE."""
        return self._note(chain.SENT, pack(chain.FORMATS[chain.SENT], kind, needs, size, boot, seq, code, digest))

    def consent(self, seq: int, purpose: int, granted: int, channel: int, text_hash: int) -> bool:
        """The owner's decision number `seq`."""
        body = pack(chain.FORMATS[chain.DECIDED], seq, purpose, granted, channel, text_hash)
        return self._note(chain.DECIDED, body)

    def command(self, command: int, grant: int, counter: int, reason: int) -> bool:
        """A command from the cloud, done (`reason` 0) or refused (ids.R_*)."""
        return self._note(chain.COMMAND, pack(chain.FORMATS[chain.COMMAND], command, grant, reason, counter))

    def cleared(self, who: int, grant: int) -> bool:
        """The fault memory was cleared, by `who` (channel of consent) under `grant` (ids.G_*)."""
        return self._note(chain.CLEARED, bytes((who, grant)))

    def access(self, who: int, what: int) -> bool:
        """Somebody was at the service port."""
        return self._note(chain.ACCESS, bytes((who, what)))

    def reset(self, channel: int) -> bool:
        """Another owner begins: all records so far are cut off behind a summary that tells nothing of them but their
        number, and leave the flash."""
        log = self._log
        if log is None or self.dead:
            return False
        try:
            self._tally.forget()
            while not log.ring.clean and log.service(self._cut_off):
                pass
            log.close()
            self._open(self.number, channel)
            while log.service(self._cut_off):
                pass
        except (LogFull, JournalFull):
            self.full = True
            return False
        except OSError:
            self.dead = True
            return False
        return True

    @property
    def decision(self) -> int:
        """Number of the last consent decision that was noted."""
        return self._tally.decision

    def _note(self, kind: int, body: bytes) -> bool:
        log = self._log
        if log is None or self.dead:
            return False
        try:
            body = self._time() + body
            if log.blank or not log.fits(len(body) + chain.MAC):
                self._open(0, chain.NO_CHANNEL)
            self._append(kind, body)
            self.full = False
        except (LogFull, JournalFull):
            self.full = True
            return False
        except OSError:
            self.dead = True
            return False
        return True

    def _open(self, cut_off: int, channel: int) -> None:
        """Begin a sector with the summary of all before it; where none is clean behind it, the oldest is cut off."""
        log = self._log
        assert log is not None
        if not log.blank or not log.fits(chain.LONGEST):
            log.open()
        if not cut_off and log.short():
            cut_off = min(log.oldest(), self.number)
        self._cut_off = max(self._cut_off, cut_off)
        self._append(chain.SUMMARY, self._time() + self._tally.pack(self._cut_off, self.h, channel))

    def _append(self, kind: int, body: bytes) -> None:
        """A record, then the journal's word of it. Where the journal has no room the record stands all the same."""
        log = self._log
        assert log is not None
        self._save()
        number = self.number + 1
        h = chain.link(self.h, number, kind, body)
        log.append(kind, number, memoryview(body + chain.mac(self._key, h)))
        self.number = number
        self.h = h
        self._owed = True
        self._tally.count(kind, memoryview(body))
        try:
            self._save()
        except JournalFull:
            pass

    def _time(self) -> bytes:
        clock = self._clock
        return pack(chain.TIME_FORMAT, clock.wall_s(), clock.ticks_ms() // 1000)

    def _save(self) -> None:
        """The journal is never more than one record behind."""
        if not self._owed:
            return
        journal = self._journal
        while journal.room() < 2 * _HEAD_SIZE and journal.service():
            pass
        wrong = (self.first, self.why, self._places, self.untold)
        head = pack(_HEAD, self.number, self.h, self._cut_off, self.told, self.anchor, *self.pending, *wrong)
        journal.put(LEDGER, 0, head + self._key.digest(head)[: chain.MAC])
        self._owed = False

    # -- in idle time, and the head on its way to the cloud ------------------------------------------------------------

    def service(self) -> bool:
        """One step of work ahead; True while there is more."""
        try:
            return self._log is not None and not self.dead and self._log.service(self._cut_off)
        except OSError:
            self.dead = True
            return False

    def due(self) -> bool:
        """Whether the cloud is to get a LEDGER_HEAD."""
        return self.untold != 0 or self.number - self.told >= HEAD_EVERY

    def queued(self, boot: int, seq: int) -> None:
        """A LEDGER_HEAD of now waits in the spool."""
        self.told = self.number
        self.pending = (self.number, boot, seq)
        self.untold = 0
        self._keep()

    def receipted(self) -> None:
        """The cloud has the one that was under way: it will know an older flash."""
        self.anchor = self.pending[0]
        self.pending = (0, 0, 0)
        self._keep()

    def _keep(self) -> None:
        self._owed = True
        try:
            self._save()
        except JournalFull:
            pass  # the next note brings it
        except OSError:
            self.dead = True
