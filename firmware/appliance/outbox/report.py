"""From what happened to message bytes: takes status bytes, freeze frames, the owner's consent, puts sealed messages
into the spool. Nothing is built for a purpose without consent. Runs between ticks, never in one; sends nothing.

What was told of each event is kept in the journal, in one group with its messages, so a cut between a fault and its
message loses neither: at start whatever differs from what was told is told, after a grant everything it covers. That
is a statement of now. What is one of then begins with the grant: occurrences and operation cycles are counted from it,
and of a freeze frame nothing is sent that was captured before it. Evidence holds the signals of granted
purposes alone, and the verdicts of its own.
"""

from trivet_wire import ids

from ..store import records
from ..store.binary import pack_into, unpack_from
from ..store.journal import JournalFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from trivet_wire.catalogue import Catalogue
    from trivet_wire.cbor import Writer

    from ..faults.inhibit import Inhibit
    from ..faults.manager import Manager
    from ..store.journal import Journal
    from .consent import Consent
    from .sealer import Sealer
    from .speak import Speaker

# Bits whose change is worth a message; the others follow from tests and cycles.
TOLD = ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED | ids.WARNING_INDICATOR
_FAILING = ids.TEST_FAILED | ids.CONFIRMED
_MAX_FRAME = 640
_HEAD = 4  # bytes of the record before its first event
# Beside an event's told bits, and none of them: it was told once; it was so under an earlier grant, whose queue was
# emptied, so that nobody knows what arrived.
_ONCE = 0x20
_AGAIN = 0x40

# The record of grants: the catalogue's id; by purpose, `safety` first, the number of the decision that granted it and
# the operation cycles until then; by event the occurrences until then.
_GRANTS = 1
_PURPOSES = len(ids.PURPOSE_NAMES)
_COUNTED = _HEAD + 8 * _PURPOSES


class Reporter:
    """One per appliance. `poll(now)` after the fault memory was saved."""

    def __init__(
        self,
        speaker: "Speaker",
        manager: "Manager",
        inhibit: "Inhibit",
        catalogue: "Catalogue",
        purposes: "array[int]",
        journal: "Journal",
        consent: "Consent",
        sealer: "Sealer",
    ) -> None:
        """`purposes`: of each signal."""
        self._speaker = speaker
        self._consent = consent
        self._sealer = sealer
        self._about = speaker.about
        self._manager = manager
        self._inhibit = inhibit
        self._catalogue = catalogue
        self._journal = journal
        self._purposes = purposes
        # what the journal keeps: the catalogue's id, then the told bits of each event
        self._record = bytearray(_HEAD + manager.events)
        pack_into("<I", self._record, 0, speaker.about.catalogue)
        self._change = bytearray(4)
        self._frame = journal.scratch  # until the message that tells it goes into the spool
        self._frame_view = memoryview(self._frame)
        self._verdicts = bytearray((manager.events + 3) // 4)
        self._dropped: int = 0
        self._grants = bytearray(_COUNTED + manager.events)
        pack_into("<I", self._grants, 0, speaker.about.catalogue)
        self._seen = -1  # decision under which everything was looked at; -1: look now
        self._load()

    def _load(self) -> None:
        """Under another catalogue event numbers mean other things: then nothing was told, and every grant is new."""
        for key, record in ((0, self._record), (_GRANTS, self._grants)):
            kept = bytearray(len(record))
            if self._journal.get(records.REPORTED, key, kept) == len(kept) and kept[:_HEAD] == record[:_HEAD]:
                record[:] = kept

    def consented(self) -> None:
        """The owner decided: what is counted from a grant on is counted from now on."""
        for purpose in range(ids.SAFETY + 1, _PURPOSES):
            since, _ = self._grant(purpose)
            if self._consent.allows(purpose) and since != self._consent.since(purpose):
                self._granted(purpose)

    def cycles(self, purpose: int, count: int) -> int:
        """How many of `count` operation cycles came after the grant of `purpose`."""
        since, before = self._grant(purpose)
        return max(0, count - before) if since == self._consent.since(purpose) else 0

    def _grant(self, purpose: int) -> "tuple[int, int]":
        """Its decision, and the operation cycles until then."""
        return unpack_from("<II", self._grants, _HEAD + 8 * purpose)

    def _granted(self, purpose: int) -> None:
        """Begin from nothing: what was counted is subtracted, what was told is told again."""
        state = self._manager.state
        pack_into("<II", self._grants, _HEAD + 8 * purpose, self._consent.since(purpose), state.cycles)
        for event in range(self._manager.events):
            if self._catalogue.purpose(event) == purpose:
                failing = self._manager.status[event] & ids.TEST_FAILED
                self._grants[_COUNTED + event] = max(0, state.occurrence[event] - failing)
                if self._record[_HEAD + event]:
                    self._record[_HEAD + event] |= _AGAIN

    def _occurrence(self, event: int) -> int:
        """How often since the grant of its purpose; after a clear from the start."""
        count = self._manager.state.occurrence[event]
        before = self._grants[_COUNTED + event]
        return count - before if count >= before else count

    def poll(self, now: int, saved: bool = True) -> None:
        """Tell what is new. Consent first: what is told after it stands under it. `saved`: the fault memory is; else a
        cut would bring counters back that a new grant does not know."""
        self._speaker.poll(now)
        changes = self._manager.changes
        look = self._seen != self._consent.seq or changes.dropped != self._dropped
        while changes.take(self._change):
            look = True
        if look:
            self._seen = -1  # until all is told: what breaks off is looked at again
            if self._keep_grants(saved) and self._faults():
                self._seen = self._consent.seq
            self._dropped = changes.dropped

    def _faults(self) -> bool:
        """Tell every event whose told bits moved; False when the journal was not ready: again at the next turn."""
        for event in range(self._manager.events):
            new = self._manager.status[event] & TOLD
            old = self._record[_HEAD + event]
            if (new == old & TOLD and not old & _AGAIN) or not self._consent.allows(self._catalogue.purpose(event)):
                continue
            if not self._journal.begin():
                return False
            try:
                self._record[_HEAD + event] = new | _ONCE
                self._fault(event)
                if new & _FAILING == _FAILING and (old & _FAILING != _FAILING or old & _AGAIN):
                    self._evidence(event)
                self._journal.put(records.REPORTED, 0, self._record)
                self._journal.commit()
            except JournalFull:
                self._undo(event, old)
                return False
            except:  # whatever it was: half a group never lives, and nothing of it counts as told
                self._undo(event, old)
                raise
        return True

    def _undo(self, event: int, old: int) -> None:
        self._record[_HEAD + event] = old
        self._journal.abort()

    def _keep_grants(self, saved: bool) -> bool:
        """Both records, where the grants moved; False when fault memory or journal was not ready."""
        self.consented()  # those of a decision that a cut came after
        kept = bytearray(len(self._grants))
        if self._journal.get(records.REPORTED, _GRANTS, kept) == len(kept) and kept == self._grants:
            return True
        if not saved or not self._journal.begin():
            return False
        try:
            self._journal.put(records.REPORTED, 0, self._record)
            self._journal.put(records.REPORTED, _GRANTS, self._grants)
            self._journal.commit()
        except JournalFull:
            self._journal.abort()
            return False
        except:
            self._journal.abort()
            raise
        return True

    def _fault(self, event: int) -> None:
        purpose = self._catalogue.purpose(event)
        writer = self._sealer.open(ids.FAULT)
        writer.array(4)
        writer.integer(event)
        writer.integer(self._manager.status[event])
        writer.integer(self._occurrence(event))
        writer.integer(self._about.catalogue)
        if not self._sealer.queue(ids.FAULT, purpose, writer, self._is_confirmed(event)) and self._sealer.full:
            raise JournalFull

    def _is_confirmed(self, event: int) -> bool:
        return self._manager.status[event] & ids.CONFIRMED != 0

    def _evidence(self, event: int) -> None:
        """The freeze frame as the fault memory keeps it; its samples are already in the message's form."""
        length = self._journal.get(records.FRAME, event, self._frame)
        if length < records.FRAME_HEAD or length > _MAX_FRAME:
            return
        own = self._catalogue.purpose(event)
        trigger, _, signals, mask, _, _, cycle, period_ms = unpack_from(records.FRAME_FORMAT, self._frame)
        ends = self._ends(signals, length)
        decision = unpack_from("<I", self._frame, ends)[0] if ends + records.FRAME_TAIL <= length else 0
        if not self._covers(ids.SERVICE, mask, decision) or not self._covers(own, mask, decision):
            return
        self._verdicts_for(own)
        writer = self._sealer.open(ids.EVIDENCE)
        writer.array(11)
        writer.integer(event)
        writer.integer(self._manager.status[event])
        writer.integer(self._about.catalogue)
        writer.integer(trigger)
        writer.integer(self.cycles(ids.SERVICE, cycle))
        writer.integer(self._occurrence(event))
        writer.integer(self._manager.state.fdc_max[event])
        writer.integer(self._inhibit.mask)
        writer.integer(period_ms)
        writer.bstr(self._verdicts)
        needs = self._frames(writer, signals, mask, decision) | 1 << own
        self._sealer.sign(writer)
        self._sealer.queue(ids.EVIDENCE, ids.SERVICE, writer, True, needs)

    def _covers(self, purpose: int, mask: int, decision: int) -> bool:
        """Whether `purpose` is granted, and was without a break since `decision`, under which `mask` was allowed."""
        consent = self._consent
        return bool(consent.mask & mask & 1 << purpose) and decision >= consent.since(purpose)

    def _verdicts_for(self, own: int) -> None:
        """Two bits an event; those of another purpose than evidence of an event of purpose `own` has say "not
        tested"."""
        self._manager.verdicts(self._verdicts)
        for event in range(self._manager.events):
            purpose = self._catalogue.purpose(event)
            if purpose > ids.SERVICE and purpose != own:
                self._verdicts[event >> 2] &= ~(3 << (event & 3) * 2)

    def _ends(self, count: int, length: int) -> int:
        """Offset behind a frame's signals."""
        at = records.FRAME_HEAD
        for _ in range(count):
            at += 3 + self._frame[at + 2]
            if at > length:
                raise ValueError("a freeze frame ends within a signal")
        return at

    def _frames(self, writer: "Writer", count: int, mask: int, decision: int) -> int:
        """Write the signals whose purpose covers them; gives the mask of those purposes."""
        spans: "list[tuple[int, int]]" = []
        needs = 0
        at = records.FRAME_HEAD
        for _ in range(count):
            signal = self._frame[at]
            end = at + 3 + self._frame[at + 2]
            purpose = self._purposes[signal] if signal < len(self._purposes) else ids.SERVICE  # outputs have none
            if self._covers(purpose, mask, decision):
                needs |= 1 << purpose
                spans.append((at, end))
            at = end
        writer.array(len(spans))
        for at, end in spans:
            writer.array(3)
            writer.integer(self._frame[at])
            writer.integer(self._frame[at + 1])
            writer.bstr(self._frame_view[at + 3 : end])
        return needs
