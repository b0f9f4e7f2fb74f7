"""A closer look at the ledger: which record is the first that is not as it was written, and why; going on behind
something wrong; leaving an owner's records behind. Takes the ledger, gives a verdict. Not imported while all is well.
"""

from array import array

from trivet_wire.ids import L_ALTERED, L_CUT, L_HEAD, L_MISSING, L_OLDER, L_PLACE

from ..store.binary import unpack_from
from ..store.journal import JournalFull
from . import chain
from .ledger import CUT_OFF, FIRST, NUMBER, PLACES, UNTOLD, WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from .ledger import Ledger

_GOES = 3
_PIECE = 4  # records until a pause
_SKIP = 4096  # more records than a partition holds
END, SOUND, BAD = 0, 1, 2  # what a step of the walk came to


class Walk:
    """Over all records from the oldest on: `step()` until it gives END. Then `first` is the number of the first record
    that is not as it was written (0: all are) and `why` (ids.L_*) says what is wrong there; `number` and `h` are those
    of the last sound one. OSError without a partition."""

    def __init__(self, ledger: "Ledger") -> None:
        log = ledger.log
        if log is None:
            raise OSError(19)
        self.log = log
        self._key = ledger.key
        self._view = memoryview(bytearray(chain.ROOM))
        self.begin(ledger)

    def begin(self, ledger: "Ledger") -> None:
        """From the oldest record on, as if nothing had been read."""
        self.first: int = 0
        self.why: int = 0
        self.places: int = 0  # where something is wrong
        self._last: int = 0
        self.number: int = 0
        self.h = chain.START_H
        self.before = chain.START_H  # the h before `h`
        self.highest: int = 0  # number read anywhere, sound or not
        self.synced = False  # what comes next can be judged
        self.cut_off: int = ledger.end[CUT_OFF]  # number up to which records may be gone
        self.oldest: int = 0  # number of the first sound record
        self.tally = array("I", [0] * chain.TALLY)
        self.kind: int = 0  # of the record just read; its time and body are `body`
        self.body = self._view
        self.log.rewind()

    def step(self) -> int:
        """Read one record: SOUND, BAD (or behind something bad, where nothing tells), or END."""
        at = self.log.next()
        if at < 0:
            if self.oldest > self.cut_off + 1:
                self._bad(self.cut_off + 1, L_MISSING)
            return END
        ring = self.log.ring
        number = ring.seq
        self.kind = ring.kind
        self.highest = max(self.highest, number)
        why = L_MISSING
        if self.synced or self.kind == chain.SUMMARY:
            why = self._judge(at, number)
            if not why:
                return SOUND
        if self.synced:
            self._bad(self.number + 1, why)
            self.synced = number <= self.number
        elif not self.first:
            self._front(at, number)
        return BAD

    def _judge(self, at: int, number: int) -> int:
        """What is wrong with a record (ids.L_*); takes it when nothing is."""
        summary = self.kind == chain.SUMMARY
        if self.synced and (number <= self.number or (number > self.number + 1 and not summary)):
            return L_MISSING if number > self.number else L_PLACE
        ring = self.log.ring
        if self.log.first and not chain.spare(ring, at, self._view):
            return L_ALTERED
        now = chain.take(ring, at, self._key, self.h, self._view)
        if now is None:
            return L_ALTERED
        self.body = self._view[: ring.length - chain.MAC]
        h = self.h
        if summary:
            h = bytes(self.body[12:44])
            if self.oldest and number <= self.number:
                return L_PLACE
            if self.oldest and (h != self.h or number != self.number + 1):
                self._bad(self.number + 1, L_MISSING)
            self.cut_off = max(self.cut_off, unpack_from("<I", self.body, chain.TIME)[0])
        self.before = h
        self.h = now
        self.number = number
        self.synced = True
        self.oldest = self.oldest or number
        chain.count(self.tally, number, self.kind, self.body)
        return 0

    def _front(self, at: int, number: int) -> None:
        """No sound summary begins the log: it is gone, or it stands there altered, in its number or elsewhere."""
        ring = self.log.ring
        ring.flash.read(at + 16, self._view[: chain.LONGEST])
        if self.kind != chain.SUMMARY:
            mistyped = self._seals(number)
            gone = max(self.cut_off + 1, number - 1)
            self._bad(number if mistyped else gone, L_ALTERED if mistyped else L_MISSING)
            return
        kept = bytes(self._view[: chain.LONGEST])
        behind = ring.seq - 1 if self.log.next() >= 0 else 0
        self._view[: chain.LONGEST] = kept
        for meant in (behind, self.cut_off + 1):
            if meant > 0 and self._seals(meant):
                number = meant
        self._bad(number, L_ALTERED)

    def _seals(self, number: int) -> bool:
        """Whether what was read is a sound summary with this number."""
        body = self._view[: chain.LONGEST - chain.MAC]
        h = chain.link(body[12:44], number, chain.SUMMARY, body)
        return self._key.digest(h)[: chain.MAC] == bytes(self._view[chain.LONGEST - chain.MAC : chain.LONGEST])

    def _bad(self, number: int, why: int) -> None:
        if number != self._last:
            self._last = number
            self.places += 1
        if not self.first or number < self.first:
            self.first = number
            self.why = why


def verify(ledger: "Ledger", walk: Walk | None = None) -> "tuple[int, int]":
    """(number of the first record that is not as it was written, ids.L_*); (0, 0): all are. Takes the walk to its end;
    OSError where the flash is dead."""
    walk = walk or Walk(ledger)
    while walk.step():
        pass
    if walk.first:
        return walk.first, walk.why
    known = ledger.end[NUMBER]
    if walk.number < known:
        return max(walk.number, walk.cut_off) + 1, L_CUT
    if walk.number > known + 1 or (walk.h if walk.number == known else walk.before) != ledger.h:
        return known + 1, L_OLDER
    return 0, 0


def stroll(ledger: "Ledger", walk: Walk) -> "Generator[bool, None, None]":
    """Take a walk to its end, with a pause after some records in which others may write: True for each sound record,
    False for a pause. What was written meanwhile, or erased, makes it begin anew, the third time without a pause."""
    log = walk.log
    for go in range(_GOES):
        place = log.place()
        mark = (ledger.end[NUMBER], ledger.end[CUT_OFF])
        steps = 0
        came = BAD
        while came:
            came = walk.step()
            if came == SOUND:
                yield True
            steps += 1
            if go == _GOES - 1 or steps % _PIECE:
                continue
            place = log.place()
            yield False
            if not log.back(place) or mark != (ledger.end[NUMBER], ledger.end[CUT_OFF]):
                break
        else:
            return
        walk.begin(ledger)


def mend(ledger: "Ledger", known: bool) -> None:
    """At a start that found something wrong: what and where; then the ledger goes on, behind the journal's end and its
    own, and notes what is found for the first time. `known`: the journal has an end."""
    walk = Walk(ledger)
    end = ledger.end
    first, why = verify(ledger, walk)
    if not known and why in (0, L_OLDER):
        first, why = walk.number, L_HEAD
    ledger.tally = walk.tally
    end[CUT_OFF] = max(end[CUT_OFF], walk.cut_off)
    apart = not walk.synced or (known and not 0 <= walk.number - end[NUMBER] <= 1)
    if not apart and not (why == L_OLDER and walk.number == end[NUMBER]):
        end[NUMBER] = walk.number
        ledger.h = walk.h
    else:
        if walk.number > end[NUMBER] or not known:
            ledger.h = walk.h
            end[NUMBER] = max(walk.number, min(walk.highest, walk.number + _SKIP))
        _begin_anew(ledger)
    ledger.owed = True
    places = max(1, walk.places)
    if first and (first, places) != (end[FIRST], end[PLACES]):
        end[FIRST] = first
        end[WHY] = why
        end[PLACES] = places
        end[UNTOLD] = 1
        ledger.note(chain.FOUND, first, why)


def _begin_anew(ledger: "Ledger") -> None:
    """What comes next stands in a sector of its own, whose summary needs nothing before it. OSError without room."""
    log = ledger.log
    assert log is not None
    if log.blank:
        return
    while not log.ring.clean and ledger.service():
        pass
    if not log.ring.clean:
        ledger.end[CUT_OFF] = max(ledger.end[CUT_OFF], min(log.oldest(), ledger.end[NUMBER]))
        if not ledger.service():
            raise OSError(28)
    log.open()


def reset(ledger: "Ledger", channel: int) -> bool:
    """Another owner begins: all records so far are cut off behind a summary that tells nothing of them but their
    number, and leave the flash. False: the flash is dead, or has no room."""
    log = ledger.log
    if log is None or ledger.dead:
        return False
    tally = ledger.tally
    for i in range(chain.TALLY):
        if i != chain.T_BOOT and i != chain.T_DECISION:
            tally[i] = 0
    try:
        while not log.ring.clean and ledger.service():
            pass
        if not log.blank:
            log.open()
        ledger.open(log, ledger.end[NUMBER], channel)
        while ledger.service():
            pass
    except JournalFull:
        return False
    except OSError:
        ledger.dead = True
        return False
    return True
