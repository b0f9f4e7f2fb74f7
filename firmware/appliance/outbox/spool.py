"""Sealed messages that wait for their receipt: a bounded queue on the journal.

Takes message bytes that the consent gate has already let pass, gives them back oldest first until the cloud has
receipted them. A record leaves only by receipt, by withdrawal of a purpose it needs, or displaced by one worth more;
displaced ones are counted. Survives a kill at any moment: a record is there whole, or its number is a gap. Never
opens, sends or judges a message.
"""

from array import array

from trivet_wire.ids import (
    COMMAND_RESULT,
    CONSENT,
    CRASH,
    EVIDENCE,
    FAULT,
    FEEDBACK,
    HEARTBEAT,
    INVENTORY,
    LEDGER_HEAD,
    OPERATION,
    SETUP_STEP,
    UPDATE_REPORT,
)

from ..store.binary import pack_into, unpack_from
from ..store.records import SPOOL, SPOOL_FORMAT, SPOOL_HEAD
from ..store.ring import MAX_PAYLOAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal

MAX_SPOOLED = MAX_PAYLOAD - SPOOL_HEAD  # bytes of one message
CONFIRMED = 8  # value of a message about a confirmed fault; the highest but consent

# What a message is worth when the spool is full: the lowest goes first, the oldest among equals.
VALUE = {
    HEARTBEAT: 0,
    OPERATION: 1,
    SETUP_STEP: 2,
    FEEDBACK: 2,
    INVENTORY: 3,
    COMMAND_RESULT: 4,
    UPDATE_REPORT: 4,
    CRASH: 5,
    FAULT: 6,
    EVIDENCE: 7,
    LEDGER_HEAD: 7,
    CONSENT: 9,
}

_FREE = 255  # kind of an empty slot
_DROPPED = 254  # of one that is withdrawn, while its record is still to be deleted from flash
_SENT = 1  # on its way since the last rewind
_NOTED = 2  # in the ledger since this start


class Spool:
    """`boot` is this start's number; at most `slots` messages and `limit` bytes wait."""

    def __init__(self, journal: "Journal", boot: int, slots: int = 48, limit: int = 16384) -> None:
        self._journal = journal
        self._boot = boot
        self._slots = slots
        self._limit = limit
        self._boots = array("I", [0] * slots)
        self._seqs = array("I", [0] * slots)
        self._sizes = array("H", [0] * slots)
        self._kinds = bytearray(bytes([_FREE]) * slots)
        self._needs = bytearray(slots)  # mask of the purposes without which a message may not go
        self._values = bytearray(slots)
        self._sent = bytearray(slots)
        self._buf = journal.scratch
        self._next = 1
        self.count = 0
        self.bytes = 0
        self.dropped = 0  # withdrawn messages whose records are still in flash
        self.displaced = 0  # messages lost to others since start, refused ones included

    def load(self) -> None:
        """Find what earlier starts left. Once, after the journal is mounted."""
        key = self._journal.next_key(SPOOL)
        while key >= 0:
            length = self._journal.get(SPOOL, key, self._buf)
            if length < SPOOL_HEAD or key >= self._slots:
                self._journal.delete(SPOOL, key)
            else:
                boot, seq, kind, purpose, value, needs = unpack_from(SPOOL_FORMAT, self._buf, 0)
                self._enter(key, boot, seq, kind, needs | _bit(purpose), value, length - SPOOL_HEAD)
                if boot == self._boot and seq >= self._next:
                    self._next = seq + 1
            key = self._journal.next_key(SPOOL, key)

    def next_seq(self) -> int:
        """The number the next `append` will use: seal the message with it first."""
        return self._next

    def append(
        self,
        kind: int,
        purpose: int,
        message: "bytes | bytearray | memoryview",
        confirmed: bool = False,
        needs: int = 0,
    ) -> int:
        """Keep a sealed message; gives its seq, or 0 when everything that waits is worth more (the seq is a gap then).

        `confirmed` marks what is about a confirmed fault; `needs` is a mask of further purposes whose withdrawal takes
        it out too. Raises ValueError over MAX_SPOOLED, JournalFull when the journal was not serviced: then nothing
        happened and the seq is still free.
        """
        length = len(message)
        if length > MAX_SPOOLED:
            raise ValueError("a spooled message has at most %d bytes" % MAX_SPOOLED)
        value = VALUE.get(kind, 3)
        if confirmed and value < CONFIRMED:
            value = CONFIRMED
        if self.dropped:
            self.sweep()
            self.swept()
        if not self._displace_for(length, value):
            self.displaced += 1
            self._next += 1
            return 0
        slot = self._kinds.find(bytes([_FREE]))
        seq = self._next
        pack_into(SPOOL_FORMAT, self._buf, 0, self._boot, seq, kind, purpose, value, needs)
        self._buf[SPOOL_HEAD : SPOOL_HEAD + length] = message
        self._journal.put(SPOOL, slot, self._buf, SPOOL_HEAD + length)
        self._enter(slot, self._boot, seq, kind, needs | _bit(purpose), value, length)
        self._next = seq + 1
        return seq

    def peek(self, buf: "bytearray | memoryview") -> int:
        """Copy the oldest message not sent since the last `rewind` into `buf`; gives its length, 0 when there is none.
        `slot_kind`, `slot_seq` and `slot_boot` tell what it is, `slot_needs` under which purposes it may go;
        `mark_sent` moves on."""
        while True:
            slot = self._oldest(unsent=True)
            self._peeked = slot
            if slot < 0:
                return 0
            length = self._journal.get(SPOOL, slot, self._buf)
            if length >= SPOOL_HEAD and length - SPOOL_HEAD <= len(buf):
                self.slot_kind = self._kinds[slot]
                self.slot_boot = self._boots[slot]
                self.slot_seq = self._seqs[slot]
                self.slot_needs = self._needs[slot]
                self.slot_noted = self._sent[slot] & _NOTED
                buf[: length - SPOOL_HEAD] = self._buf[SPOOL_HEAD:length]
                return length - SPOOL_HEAD
            self.displaced += 1  # rotten in flash: a gap, not a stop
            self._remove(slot)

    def mark_sent(self) -> None:
        """What `peek` gave is on its way; it stays until its receipt. Only in RAM."""
        if self._peeked >= 0:
            self._sent[self._peeked] |= _SENT

    def mark_noted(self) -> None:
        """What `peek` gave is in the ledger: once per start, however often it is sent."""
        if self._peeked >= 0:
            self._sent[self._peeked] |= _NOTED

    def rewind(self) -> None:
        """Send everything again: after a reconnect, or when receipts fail to come."""
        for slot in range(self._slots):
            self._sent[slot] &= _NOTED

    def holds(self, boot: int, seq: int) -> bool:
        """Whether this message still waits for its receipt."""
        for slot in range(self._slots):
            if self._kinds[slot] < _DROPPED and self._boots[slot] == boot and self._seqs[slot] == seq:
                return True
        return False

    def ack(self, boot: int, seq: int) -> int:
        """A receipt: everything of `boot` up to `seq` is in the cloud. Gives how many records left."""
        return self._remove_where(boot, 0, seq)

    def refuse(self, boot: int, seq: int) -> int:
        """The cloud refused exactly this record for good: it leaves too."""
        return self._remove_where(boot, seq, seq)

    def withdraw(self, mask: int) -> int:
        """Only the purposes of `mask` are still granted: whatever needs another one is no message from now on, whether
        the flash can be written or not. Gives how many. Then `sweep` inside the journal group that records the
        decision, `swept` after it."""
        gone = 0
        for slot in range(self._slots):
            if self._kinds[slot] < _DROPPED and (self._needs[slot] & ~mask or not self._needs[slot]):
                self._vacate(slot, _DROPPED)
                gone += 1
        self.dropped += gone
        return gone

    def sweep(self) -> None:
        """Delete the records of what was withdrawn. Raises what the journal raises: call it again."""
        for slot in range(self._slots):
            if self._kinds[slot] == _DROPPED:
                self._journal.delete(SPOOL, slot)

    def swept(self) -> None:
        """The deletion is committed: the slots are free."""
        for slot in range(self._slots):
            if self._kinds[slot] == _DROPPED:
                self._kinds[slot] = _FREE
        self.dropped = 0

    def tail(self) -> "tuple[int, int]":
        """(boot, seq) of the oldest record still held; with none, what the next one will be."""
        slot = self._oldest(unsent=False)
        if slot < 0:
            return self._boot, self._next
        return self._boots[slot], self._seqs[slot]

    def unsent(self) -> int:
        """How many wait to be sent."""
        waiting = 0
        for slot in range(self._slots):
            if self._kinds[slot] < _DROPPED and not self._sent[slot] & _SENT:
                waiting += 1
        return waiting

    _peeked = -1
    slot_kind = 0
    slot_needs = 0
    slot_boot = 0
    slot_seq = 0
    slot_noted = 0

    def _before(self, a: int, b: int) -> bool:
        if self._boots[a] != self._boots[b]:
            return self._boots[a] < self._boots[b]
        return self._seqs[a] < self._seqs[b]

    def _oldest(self, unsent: bool) -> int:
        best = -1
        for slot in range(self._slots):
            if self._kinds[slot] < _DROPPED and not (unsent and self._sent[slot] & _SENT):
                if best < 0 or self._before(slot, best):
                    best = slot
        return best

    def _enter(self, slot: int, boot: int, seq: int, kind: int, needs: int, value: int, size: int) -> None:
        self._boots[slot] = boot
        self._seqs[slot] = seq
        self._kinds[slot] = kind
        self._needs[slot] = needs
        self._values[slot] = value
        self._sizes[slot] = size
        self._sent[slot] = 0
        self.count += 1
        self.bytes += size

    def _remove(self, slot: int) -> None:
        self._journal.delete(SPOOL, slot)
        self._vacate(slot, _FREE)

    def _vacate(self, slot: int, kind: int) -> None:
        self._kinds[slot] = kind
        self.count -= 1
        self.bytes -= self._sizes[slot]
        if self._peeked == slot:
            self._peeked = -1

    def _remove_where(self, boot: int, first: int, last: int) -> int:
        """Remove, oldest first, what is of `boot` and first..last."""
        removed = 0
        while True:
            best = -1
            for slot in range(self._slots):
                if self._kinds[slot] < _DROPPED and self._boots[slot] == boot and first <= self._seqs[slot] <= last:
                    if best < 0 or self._before(slot, best):
                        best = slot
            if best < 0:
                return removed
            self._remove(best)
            removed += 1

    def _displace_for(self, length: int, value: int) -> bool:
        """Make room by removing what is worth less than `value`, or as much and older; False when that is not
        enough."""
        if length > self._limit:
            return False
        while self.count == self._slots or self.bytes + length > self._limit:
            worst = -1
            for slot in range(self._slots):
                if self._kinds[slot] < _DROPPED and (worst < 0 or self._worse(slot, worst)):
                    worst = slot
            if worst < 0 or self._values[worst] > value:
                return False
            self.displaced += 1
            self._remove(worst)
        return True

    def _worse(self, a: int, b: int) -> bool:
        if self._values[a] != self._values[b]:
            return self._values[a] < self._values[b]
        return self._before(a, b)


def _bit(purpose: int) -> int:
    """Mask of one purpose; 0, which nothing ever grants, for one that this firmware does not know."""
    return 1 << purpose if purpose < 8 else 0
