"""From what happened to message bytes: takes status bytes, freeze frames, the owner's consent, puts sealed messages
into the spool. Nothing is built for a purpose without consent. Runs between ticks, never in one; sends nothing.

What was told of each event is kept in the journal, in one group with its messages, so a cut between a fault and its
message loses neither: at start, and after a grant, whatever differs from what was told is told. That is a statement
of now; a freeze frame is one of then, and is never sent when it was captured while `service` was not allowed.
"""

from trivet_wire import ids

from ..store import records
from ..store.binary import pack_into, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
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


class Reporter:
    """One per appliance. `poll(now)` after the fault memory was saved."""

    def __init__(
        self,
        speaker: "Speaker",
        manager: "Manager",
        inhibit: "Inhibit",
        catalogue: "Catalogue",
        journal: "Journal",
        consent: "Consent",
        sealer: "Sealer",
    ) -> None:
        self._speaker = speaker
        self._consent = consent
        self._sealer = sealer
        self._about = speaker.about
        self._manager = manager
        self._inhibit = inhibit
        self._catalogue = catalogue
        self._journal = journal
        # what the journal keeps: the catalogue's id, then the told bits of each event
        self._record = bytearray(_HEAD + manager.events)
        pack_into("<I", self._record, 0, speaker.about.catalogue)
        self._change = bytearray(4)
        self._frame = bytearray(_MAX_FRAME)
        self._frame_view = memoryview(self._frame)
        self._verdicts = bytearray((manager.events + 3) // 4)
        self._dropped: int = 0
        self._mask = -1  # consent under which everything was looked at; -1: look now
        self._load()

    def _load(self) -> None:
        """Under another catalogue event numbers mean other things: then nothing was told."""
        kept = bytearray(len(self._record))
        if self._journal.get(records.REPORTED, 0, kept) == len(kept) and kept[:_HEAD] == self._record[:_HEAD]:
            self._record[:] = kept

    def poll(self, now: int) -> None:
        """Tell what is new. Consent first: what is told after it stands under it."""
        self._speaker.poll(now)
        changes = self._manager.changes
        look = self._mask != self._consent.mask or changes.dropped != self._dropped
        while changes.take(self._change):
            look = True
        if look:
            self._mask = self._consent.mask if self._faults() else -1  # -1: the journal was not ready, look again
            self._dropped = changes.dropped

    def _faults(self) -> bool:
        """Tell every event whose told bits moved; False when the journal was not ready: again at the next turn."""
        for event in range(self._manager.events):
            new = self._manager.status[event] & TOLD
            old = self._record[_HEAD + event]
            if new == old or not self._consent.allows(self._catalogue.purpose(event)):
                continue
            if not self._journal.begin():
                return False
            try:
                self._record[_HEAD + event] = new
                self._fault(event)
                if new & _FAILING == _FAILING and old & _FAILING != _FAILING and self._consent.allows(ids.SERVICE):
                    self._evidence(event)
                self._journal.put(records.REPORTED, 0, self._record)
                self._journal.commit()
            except:  # whatever it was: half a group never lives, and nothing of it counts as told
                self._record[_HEAD + event] = old
                self._journal.abort()
                raise
        return True

    def _fault(self, event: int) -> None:
        purpose = self._catalogue.purpose(event)
        writer = self._sealer.open(ids.FAULT)
        writer.array(4)
        writer.integer(event)
        writer.integer(self._manager.status[event])
        writer.integer(self._manager.state.occurrence[event])
        writer.integer(self._about.catalogue)
        self._sealer.queue(ids.FAULT, purpose, writer, self._is_confirmed(event))

    def _is_confirmed(self, event: int) -> bool:
        return self._manager.status[event] & ids.CONFIRMED != 0

    def _evidence(self, event: int) -> None:
        """The freeze frame as the fault memory keeps it; its samples are already in the message's form."""
        length = self._journal.get(records.FRAME, event, self._frame)
        if length < records.FRAME_HEAD or length > len(self._frame):
            return
        trigger, _, signals, consent, _, _, cycle, period_ms = unpack_from(records.FRAME_FORMAT, self._frame)
        if not consent >> ids.SERVICE & 1:
            return
        state = self._manager.state
        self._manager.verdicts(self._verdicts)
        writer = self._sealer.open(ids.EVIDENCE)
        writer.array(11)
        writer.integer(event)
        writer.integer(self._manager.status[event])
        writer.integer(self._about.catalogue)
        writer.integer(trigger)
        writer.integer(cycle)
        writer.integer(state.occurrence[event])
        writer.integer(state.fdc_max[event])
        writer.integer(self._inhibit.mask)
        writer.integer(period_ms)
        writer.bstr(self._verdicts)
        self._frames(writer, signals, length)
        self._sealer.sign(writer)
        self._sealer.queue(ids.EVIDENCE, ids.SERVICE, writer, True)

    def _frames(self, writer: "Writer", count: int, length: int) -> None:
        at = records.FRAME_HEAD
        writer.array(count)
        for _ in range(count):
            end = at + 3 + self._frame[at + 2]
            if end > length:
                raise ValueError("a freeze frame ends within a signal")
            writer.array(3)
            writer.integer(self._frame[at])
            writer.integer(self._frame[at + 1])
            writer.bstr(self._frame_view[at + 3 : end])
            at = end
