"""Builds and seals one message at a time in one buffer: `open()`, the caller writes the body, then `queue()` puts it
into the spool or `hello()` gives its bytes; `sign()` adds the appliance's own signature as the body's last field. Takes
the device's identity; never sends.
"""

from trivet_wire import envelope, ids
from trivet_wire.cbor import Writer

from ..store.journal import JournalFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Clock, Teller
    from ..trust.identity import Identity
    from .consent import Consent
    from .spool import Spool

MAX_BODY = 836  # bytes of payload that fit


class Sealer:
    """One buffer: a message lives until the next `open`."""

    def __init__(
        self, identity: "Identity", boot: int, clock: "Clock", consent: "Consent", spool: "Spool", teller: "Teller"
    ) -> None:
        self.boot = boot
        self._identity = identity
        self._clock = clock
        self._consent = consent
        self._spool = spool
        self._teller = teller
        self.room = bytearray(MAX_BODY + envelope.OVERHEAD)
        self._view = memoryview(self.room)
        self._body = 0  # where the present message's body begins
        self.refused = 0  # messages that found no room in the spool
        self.full = False  # the last one found none in the journal: the same may be tried again

    def open(self, kind: int, spooled: bool = True) -> Writer:
        """A writer behind the head's seven fields; `seq` is the spool's next, or 0 for what is never spooled."""
        clock = self._clock
        spool = self._spool
        writer = Writer(self.room, envelope.HEADROOM, len(self.room) - envelope.TAILROOM)
        seq = spool.next_seq() if spooled else 0
        envelope.put_head(writer, kind, self.boot, seq, clock.ticks_ms(), clock.wall_s(), self._consent.seq)
        self._body = writer.pos
        return writer

    def sign(self, writer: Writer, later: bool = False) -> None:
        """Close a body with the signature over the payload as it stands without that field, or with null when this
        appliance has no key of its own, or no heap to sign (`later`: then a MemoryError). Takes as long as a signature
        does: between ticks, never in one."""
        signature = self._identity.sign(self._view[envelope.HEADROOM : writer.pos], later)
        self.room[self._body] += 1  # the array has one field more (still below 24: one byte says so)
        if signature is None:
            writer.null()
        else:
            writer.bstr(signature)

    def seal(self, writer: Writer) -> memoryview:
        """The finished message."""
        start = envelope.seal(self._identity.key, self.room, envelope.HEADROOM, writer.pos)
        return self._view[start : writer.pos + envelope.TAILROOM]

    def queue(self, kind: int, purpose: int, writer: Writer, confirmed: bool = False, needs: int = 0) -> bool:
        """Seal and put into the spool; False when it has no room. `confirmed`: about a confirmed fault, worth more;
        `needs`: mask of further purposes that it may not go without."""
        message = self.seal(writer)
        try:
            seq = self._spool.append(kind, purpose, message, confirmed, needs)
            self.full = False
        except JournalFull:
            seq = 0
            self.full = True
        if not seq:
            self.refused += 1
            self._teller.tell({"e": "crowded", "kind": ids.kind_name(kind), "left": self._spool.count})
            return False
        self._teller.tell(
            {
                "e": "queued",
                "kind": ids.kind_name(kind),
                "bytes": len(message),
                "boot": self.boot,
                "seq": seq,
                "left": self._spool.count,
            }
        )
        return True
