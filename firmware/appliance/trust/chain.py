"""The ledger's chain: what its records hold, how each is bound to the one before, and the walk that finds the first
that is not as it was written. Takes a log and the ledger's key; never writes.

    record   type u8 and number u32 in the log's record head; payload: time, body, mac (8 bytes)
    h        SHA-256(h of the record before, number u32, type u8, time, body)
    mac      first 8 bytes of HMAC-SHA256 over h, with a key that only this appliance has

Every sector begins with a SUMMARY of all before it. It carries the h before it, so it stands by itself, and the number
up to which records may be gone.
"""

from array import array

from trivet_wire.envelope import sha256
from trivet_wire.ids import L_ALTERED, L_MISSING, L_PLACE

from ..store.binary import calcsize, pack, unpack_from
from ..store.log import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.envelope import Key

    from ..store.log import Log

# Record types. A released layout never changes; new types stand beside.
STARTED = 1  # boot, cause (ids.RESET_*)
SENT = 2  # kind, mask of the purposes it needed, bytes, boot, seq, number of its code, SHA-256 of it (first 8 bytes)
DECIDED = 3  # number of the decision, purpose, granted, channel, hash of the text
COMMAND = 4  # command (ids.C_*), grant (ids.G_*), reason (ids.R_*, 0: done), its counter
CLEARED = 5  # who (ids of consent channels), grant
ACCESS = 6  # who, what
FOUND = 7  # a look at the ledger found this wrong first: number, why (ids.L_*)
SUMMARY = 8  # see SUMMARY_FORMAT

NO_CODE = 65535
TIME_FORMAT = "<II"  # Unix time (0: unknown), seconds since the start
FORMATS = ("", "<IB", "<BBHIIH8s", "<IBBBI", "<BBHI", "<BB", "<BB", "<IB")
# Number up to which records may be gone, h before this record; of what lies before it: first and last Unix time, the
# last start's number, the last decision's, records of each type; the channel when an owner's records were cut off
SUMMARY_FORMAT = "<I32sIIII8IB"
NO_CHANNEL = 255  # none: old records gave way to new ones
TIME = 8  # bytes
MAC = 8
SUMMARY_BODY = calcsize(SUMMARY_FORMAT)
LONGEST = TIME + SUMMARY_BODY + MAC
_ROOM = LONGEST + 16  # and its padding

_TYPES = 8
START_H = bytes(32)
END, SOUND, BAD = 0, 1, 2  # what a step of the walk came to


def link(h: "bytes | bytearray", number: int, kind: int, body: "bytes | bytearray | memoryview") -> bytes:
    """The h of a record behind one with `h`; `body` begins with its time."""
    digest = sha256(h)
    digest.update(pack("<IB", number, kind))
    digest.update(body)
    return digest.digest()


def mac(key: "Key", h: bytes) -> bytes:
    return key.digest(h)[:MAC]


class Walk:
    """`step()` until it gives END; then `first` is the number of the first record that is not as it was written (0: all
    are) and `why` (ids.L_*) says what is wrong there; `number` and `h` are those of the last sound one."""

    def __init__(self, log: "Log", key: "Key", cut_off: int = 0) -> None:
        """`cut_off`: number up to which records may be gone, as far as it is known otherwise."""
        self._log = log
        self._key = key
        self._reader = Reader(log)
        self._view = memoryview(bytearray(_ROOM))
        self.first: int = 0
        self.why: int = 0
        self.places: int = 0  # where something is wrong
        self._last: int = 0
        self.number: int = 0
        self.h: bytes = START_H
        self.before: bytes = START_H  # the h before `h`
        self.highest = 0  # number read anywhere, sound or not
        self.synced = False  # what comes next can be judged
        self.cut_off: int = cut_off
        self.oldest: int = 0  # number of the first sound record
        self.tally = Tally()
        self.kind: int = 0  # of the record just read; its time and body are `body`
        self.body = self._view

    def step(self) -> int:
        """Read one record: SOUND, BAD (or behind something bad, where nothing tells), or END."""
        at = self._reader.next()
        if at < 0:
            if self.oldest > self.cut_off + 1:
                self._bad(self.cut_off + 1, L_MISSING)
            return END
        ring = self._log.ring
        number = ring.seq
        self.kind = ring.kind
        self.highest = max(self.highest, number)
        if not self.synced and self.kind != SUMMARY:
            if not self.first:
                self._front(at, number)
            return BAD
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
        ring = self._log.ring
        length = ring.length
        odd = ring.flags or ring.key or not TIME + MAC < length <= LONGEST
        if self.synced and (number <= self.number or (number > self.number + 1 and self.kind != SUMMARY)):
            return L_MISSING if number > self.number else L_PLACE
        if odd or (self.kind == SUMMARY) != (length == LONGEST) or not self._padded(at, length):
            return L_ALTERED
        self.body = self._view[: length - MAC]
        h = self.h
        if self.kind == SUMMARY:
            h = bytes(self._view[TIME + 4 : TIME + 36])
        now = link(h, number, self.kind, self.body)
        if mac(self._key, now) != bytes(self._view[length - MAC : length]):
            return L_ALTERED
        if self.kind == SUMMARY:
            if self.oldest and number <= self.number:
                return L_PLACE
            if self.oldest and (h != self.h or number != self.number + 1):
                self._bad(self.number + 1, L_MISSING)
            self.cut_off = max(self.cut_off, unpack_from("<I", self.body, TIME)[0])
        self.before = h
        self.h = now
        self.number = number
        self.synced = True
        self.oldest = self.oldest or number
        self.tally.count(self.kind, self.body)
        return 0

    def _padded(self, at: int, length: int) -> bool:
        """Read the payload; whether nothing but zeros fills it up, and the spare bytes at its sector's head."""
        ring = self._log.ring
        if self._reader.first:
            ring.flash.read(at - at % ring.size, self._view[:32])
            if any(self._view[12:16]) or any(self._view[28:32]):
                return False
        whole = self._view[: ring.padded(length)]
        ring.flash.read(at + 16, whole)
        return not any(whole[length:])

    def _front(self, at: int, number: int) -> None:
        """No sound summary begins the log: it is gone, or it stands there altered, in its number or elsewhere."""
        ring = self._log.ring
        ring.flash.read(at + 16, self._view[:LONGEST])
        if self.kind != SUMMARY:
            mistyped = self._seals(number)
            self._bad(number if mistyped else max(1, number - 1), L_ALTERED if mistyped else L_MISSING)
            return
        kept = bytes(self._view[:LONGEST])
        if self._reader.next() >= 0 and ring.seq - 1 != number:
            self._view[:LONGEST] = kept
            if self._seals(ring.seq - 1):
                number = ring.seq - 1
        self._bad(number, L_ALTERED)

    def _seals(self, number: int) -> bool:
        """Whether what was read is a sound summary with this number."""
        body = self._view[: LONGEST - MAC]
        h = link(bytes(self._view[TIME + 4 : TIME + 36]), number, SUMMARY, body)
        return mac(self._key, h) == bytes(self._view[LONGEST - MAC : LONGEST])

    def _bad(self, number: int, why: int) -> None:
        if number != self._last:
            self._last = number
            self.places += 1
        if not self.first or number < self.first:
            self.first = number
            self.why = why


class Tally:
    """What a summary says of all records before it."""

    def __init__(self) -> None:
        self.first = 0  # Unix time of the oldest record that had one
        self.last = 0
        self.boot = 0
        self.counts = array("I", [0] * _TYPES)
        self.decision = 0  # number of the last consent decision

    def forget(self) -> None:
        """Of another owner nothing stays but how far the numbers went."""
        self.first = self.last = 0
        for i in range(_TYPES):
            self.counts[i] = 0

    def count(self, kind: int, body: memoryview) -> None:
        """One more record; a summary brings what it says."""
        if kind == SUMMARY:
            row = unpack_from(SUMMARY_FORMAT, body, TIME)
            self.first, self.last, self.boot, self.decision = row[2:6]
            for i in range(_TYPES):
                self.counts[i] = row[6 + i]
        wall = unpack_from("<I", body)[0]
        if wall:
            self.first = self.first or wall
            self.last = wall
        if kind == STARTED:
            self.boot = unpack_from("<I", body, TIME)[0]
        elif kind == DECIDED:
            self.decision = unpack_from("<I", body, TIME)[0]
        if 0 < kind <= _TYPES:
            self.counts[kind - 1] += 1

    def pack(self, cut_off: int, h: bytes, channel: int) -> bytes:
        """The body of a summary."""
        return pack(SUMMARY_FORMAT, cut_off, h, self.first, self.last, self.boot, self.decision, *self.counts, channel)
