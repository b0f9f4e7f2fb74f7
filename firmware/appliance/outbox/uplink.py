"""Drains the spool towards the cloud: connects, says hello, publishes, deletes what is receipted, backs off. The only
catcher of OSError in the appliance. Each poll does one step and never waits; takes time from the caller.

Each message gets its tag when it goes: what waited while the key epoch changed is sent in the present one.
A message leaves the spool by a receipt alone. What stays without one is sent again after a while and on every
connection. Once `consented` returns, no byte of what is not granted any more is given to the link: a message of which a
part is still to be written is cut off with its connection. Each message is in the ledger before its first byte goes to
the link, once per start; while nothing can be noted, nothing is sent.
"""

from trivet_wire import envelope, ids
from trivet_wire.refuse import WireError

from ..trust.chain import NO_CODE, SENT, T_BOOT
from ..trust.ledger import ANCHOR, UNDER_WAY
from .mqtt import OFF, READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Teller
    from ..trust.identity import Identity
    from ..trust.ledger import Ledger
    from .mqtt import Client
    from .spool import Spool

FIRST_BACKOFF_MS = 2_000
LONGEST_BACKOFF_MS = 300_000
REST_MS = 3_000
SOUND_MS = 60_000  # a connection that held this long begins a new count of failures
RESEND_MS = 30_000  # without any receipt while something was sent
_ACK_TOPIC = b"/d/ack"
_READ_ONLY = 30  # EROFS: the ledger cannot be written
_COMMAND_TOPIC = b"/d/command"
_BLOCK_TOPIC = b"/d/block"
_COMMANDS = 4  # kept until somebody takes them; the cloud sends again what is lost


class Uplink:
    """`room` is the sealer's buffer: free between messages, as large as any. `hello()` gives the sealed hello of now;
    `code(catalogue, event)` the number of a fault's code, -1 where it is not known (None: nobody knows any);
    `random(n)` n random bytes, for the jitter alone."""

    def __init__(
        self,
        identity: "Identity",
        client: "Client",
        spool: "Spool",
        ledger: "Ledger",
        room: bytearray,
        hello: "Callable[[], memoryview]",
        code: "Callable[[int, int], int] | None",
        random: "Callable[[int], bytes]",
        teller: "Teller",
    ) -> None:
        topic = b"t/" + identity.device.encode()
        self._identity = identity
        self._client = client
        self._spool = spool
        self._ledger = ledger
        self._hello = hello
        self._code = code
        self._random = random
        self._teller = teller
        self._up_topic = topic + b"/u/"
        self._ack_topic = topic + _ACK_TOPIC
        self._command_topic = topic + _COMMAND_TOPIC
        self._buf = room
        self._view = memoryview(room)
        self._broker = 0
        self._failures = 0  # connections in a row that neither held nor brought a receipt
        self._wait_until = 0
        self.greeted = False  # the connection stands, and hello was said
        self.was_up = False  # in this start, once
        self._needs = 0  # mask of the purposes under which the last published message may go
        self._greeted_at = 0
        self._receipt_at = 0  # of the last receipt, or of the last start of sending
        self.acked_at = -1  # of the last receipt, ms of the link's clock; -1: none in this start
        self.reconnects = 0
        self.refused = 0  # messages that the cloud refused
        self.forged = 0  # receipts that did not verify
        self.commands: list[bytes] = []  # as they came, unverified
        self.blocks: Callable[[memoryview], object] | None = None  # takes parts of what was asked for
        client.set_callback(self._heard)
        client.set_last_will(topic + b"/u/gone", b"", qos=1)
        client.subscribe(topic + b"/d/+")

    def poll(self, now: int) -> None:
        """One step at `now` (ms of the link's clock)."""
        try:
            self._step(now)
        except OSError as error:
            self._lost(now, error.args[0] if error.args else 0)

    def consented(self, mask: int) -> None:
        """The owner decided; `mask` of the purposes that are allowed from now on."""
        if self._needs & ~mask and self._client.writing():
            self._client.disconnect()
            self.greeted = False
            self._teller.tell({"e": "link", "up": False, "broker": self._broker, "reason": 0})

    def fetch(self, message: memoryview) -> bool:
        """Ask for a part of an update: a sealed FETCH. False: not now."""
        client = self._client
        if not self.greeted or not client.can_publish():
            return False
        if not self._note(ids.FETCH, 1 << ids.SAFETY, self._ledger.tally[T_BOOT], 0, message):
            return False
        try:
            return client.publish(self._up_topic + b"fetch", message, qos=1)
        except OSError as error:
            self._lost(client.now, error.args[0] if error.args else 0)
            return False

    def rest(self, now: int, ms: int = REST_MS) -> None:
        """No connection for the next `ms` (`now`: ms of the link's clock): what it takes of the heap is needed."""
        if self._client.state != OFF:
            self._client.disconnect()
            self.greeted = False
            self._teller.tell({"e": "link", "up": False, "broker": self._broker, "reason": 0})
        self._wait_until = now + ms

    def _step(self, now: int) -> None:
        client = self._client
        if self._ledger.dead:
            if client.state != OFF:
                raise OSError(_READ_ONLY)
            return
        if client.state == OFF:
            if now >= self._wait_until:
                host, port = self._identity.brokers[self._broker]
                client.dial(host, port, now)
            return
        client.poll(now)
        if client.state != READY:
            return
        if not self.greeted:
            self._greet(now)
        else:
            self._drain(now)

    def _greet(self, now: int) -> None:
        """First word on every connection; then everything without a receipt is sent again."""
        if not self._client.can_publish():
            return
        message = self._hello()
        if self._note(ids.HELLO, 1 << ids.SAFETY, self._ledger.tally[T_BOOT], 0, message):
            self._client.publish(self._up_topic + b"hello", message, qos=1)
            self.greeted = self.was_up = True
            self._needs = 0
            self._greeted_at = self._receipt_at = now
            self._spool.rewind()
            self._teller.tell({"e": "link", "up": True, "broker": self._broker})

    def _drain(self, now: int) -> None:
        spool = self._spool
        if not spool.count:
            self._receipt_at = now
            return
        if not spool.unsent():
            if now - self._receipt_at > RESEND_MS:
                self._receipt_at = now
                spool.rewind()
            return
        length = spool.peek(self._buf) if self._client.can_publish() else 0
        if not length:
            return
        envelope.reseal(self._identity.key, self._buf, length)
        kind = spool.slot_kind
        if not spool.slot_noted:
            if not self._note(kind, spool.slot_needs, spool.slot_boot, spool.slot_seq, self._view[:length]):
                return
            spool.mark_noted()
        topic = self._up_topic + ids.kind_name(kind).encode()
        if self._client.publish(topic, self._view[:length], qos=1):
            spool.mark_sent()
            self._needs = spool.slot_needs
            self._receipt_at = now
            self._teller.tell(
                {"e": "sent", "kind": ids.kind_name(kind), "boot": spool.slot_boot, "seq": spool.slot_seq}
            )

    def _note(self, kind: int, needs: int, boot: int, seq: int, message: memoryview) -> bool:
        """Write down that this message leaves the house; False: it must not."""
        code = -1
        if self._code is not None and (kind == ids.FAULT or kind == ids.EVIDENCE):
            start = envelope.structure(message, 0, len(message))
            body = envelope.Head(message, start, len(message) - envelope.TAILROOM).reader
            body.array()
            event = body.unsigned(0xFFFF)
            body.unsigned(0xFF)
            if kind == ids.FAULT:
                body.unsigned(0xFFFFFFFF)
            code = self._code(body.unsigned(0xFFFFFFFF), event)
        digest = envelope.sha256(message).digest()[:8]
        return self._ledger.note(SENT, kind, needs, len(message), boot, seq, code & NO_CODE, digest)

    def _lost(self, now: int, reason: int) -> None:
        """Close, choose the next broker, wait 2, 4, 8 ... s, of which a random half is left out."""
        self._client.disconnect()
        if self.greeted:
            self.reconnects += 1
            if now - self._greeted_at > SOUND_MS:
                self._failures = 0
        self._teller.tell({"e": "link", "up": False, "broker": self._broker, "reason": reason})
        self.greeted = False
        self._broker = (self._broker + 1) % len(self._identity.brokers)
        longest = min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS << min(self._failures, 8))
        self._failures += 1
        random = self._random(2)
        half = longest // 2
        self._wait_until = now + half + half * (random[0] | random[1] << 8) // 65535

    # -- what the cloud says -----------------------------------------------------------------------------------------

    def _heard(self, topic: memoryview, message: memoryview) -> None:
        """A message to this appliance. What does not verify is counted and forgotten; it never breaks the
        connection."""
        name = bytes(topic)
        if self.blocks is not None and name.endswith(_BLOCK_TOPIC):
            self.blocks(message)
        if name == self._command_topic and len(self.commands) < _COMMANDS:
            self.commands.append(bytes(message))
        if name != self._ack_topic:
            return
        try:
            self._receipt(message)
        except WireError:
            self.forged += 1

    def _receipt(self, message: memoryview) -> None:
        """Cumulative for its boot; what the cloud refused for good is in its body and leaves too."""
        identity = self._identity
        try:
            start = envelope.unseal(identity.key, message)
        except WireError:
            if identity.old_key is None:
                raise
            start = envelope.unseal(identity.old_key, message)
        head = envelope.Head(message, start, len(message) - envelope.TAILROOM)
        if head.kind != ids.ACK:
            raise WireError(ids.R_KIND)
        body = head.reader
        refused: list[tuple[int, int]] = []
        for _ in range(min(body.array(), ids.MAX_REFUSED)):
            body.array()
            refused.append((body.unsigned(0xFFFFFFFF), body.unsigned(0xFFFF)))
        ledger = self._ledger
        boot, seq = ledger.end[UNDER_WAY + 1], ledger.end[UNDER_WAY + 2]
        under_way = self._spool.holds(boot, seq)
        count = self._spool.ack(head.boot, head.seq)
        for one, reason in refused:
            self.refused += 1
            count += self._spool.refuse(head.boot, one)
            if (head.boot, one) == (boot, seq):
                under_way = False
            self._teller.tell({"e": "refused", "boot": head.boot, "seq": one, "reason": reason})
        if under_way and not self._spool.holds(boot, seq):
            ledger.end[ANCHOR] = ledger.end[UNDER_WAY]
            ledger.keep()
        self._receipt_at = self.acked_at = self._client.now
        self._failures = 0
        event = {"e": "acked", "boot": head.boot, "seq": head.seq, "count": count, "left": self._spool.count}
        self._teller.tell(event)
