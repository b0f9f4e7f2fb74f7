"""Our subclass of `umqtt.simple.MQTTClient`: takes a Link that never blocks, gives connect, publish and receive as
steps of a state machine. No call waits; a broken connection raises OSError (MqttError with a number), which the
uplink catches.

Differs from its parent on purpose: one write per packet, packet ids wrap at 65535, QoS 1 is a small window instead of a
wait, answers have deadlines, keepalive pings by itself, and nothing that a broker sends can exhaust the heap.
"""

from . import packets
from .packets import CONNACK, PINGRESP, PUBACK, PUBLISH, SUBACK, MqttError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Link, Stream

    class MQTTClient:
        """What we use of the parent: its stubs are untyped."""

        sock: Stream | None
        server: str
        port: int
        keepalive: int
        pid: int
        cb: Callable[[memoryview, memoryview], None]
        lw_topic: bytes | None
        lw_msg: bytes | None
        lw_qos: int

        def __init__(self, client_id: str, server: str, port: int = 0, *, keepalive: int = 0) -> None: ...
        def set_callback(self, f: Callable[[memoryview, memoryview], None]) -> None: ...
        def set_last_will(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None: ...

else:
    from umqtt.simple import MQTTClient

OFF = 0
DIALLING = 1  # TCP and TLS; CONNECT not yet taken
GREETING = 2  # CONNECT sent
SUBSCRIBING = 3  # SUBSCRIBE sent
READY = 4

# state, what ends it, next state, milliseconds until it counts as failed (0: no limit)
TABLE = (
    (OFF, "connect()", DIALLING, 0),
    (DIALLING, "CONNECT taken", GREETING, 5000),
    (GREETING, "CONNACK", SUBSCRIBING, 5000),
    (SUBSCRIBING, "SUBACK", READY, 5000),
    (READY, "error or disconnect()", OFF, 0),
)
ACK_MS = 5000  # a PUBACK or PINGRESP later than this means a dead connection
WINDOW = 4  # QoS 1 packets without PUBACK
READS = 4  # reads from the socket in one poll, so that a flood cannot hold the appliance

_TX = 896  # the largest message we build, its topic and the packet's head
_RX = 512  # a receipt with 32 refusals; larger packets are skipped


class Client(MQTTClient):
    """One connection to one broker; `cb(topic, msg)` gets memoryviews that live only until it returns."""

    def __init__(self, device: str, link: "Link", keepalive: int = 60) -> None:
        """`device` is the client id (ASCII); `keepalive` in seconds, 10 to 65535. Opens nothing."""
        if not 10 <= keepalive <= 65535:
            raise ValueError("keepalive is 10 to 65535 seconds")
        super().__init__(device, "", 1, keepalive=keepalive)
        self.state = OFF
        self.pongs = 0
        self._client = device.encode()
        self._link = link
        self._filter = b""
        self._tx = bytearray(_TX)
        self._tx_off = 0
        self._tx_len = 0
        self._reader = packets.Reader(_RX)
        self.now = 0
        self._since = 0  # when the present state began
        self._wrote = 0  # when a packet last went out
        self._pinged = -1  # when the open ping went out
        self._pids = [0] * WINDOW
        self._sent = [0] * WINDOW

    # -- the parent's words, none of which waits -------------------------------------------------------------------

    def dial(self, host: str, port: int, now: int) -> None:
        """Start connecting to a broker at `now`; poll() carries on."""
        self.server = host
        self.port = port
        self.now = now
        self.connect()

    def connect(self, clean_session: bool = True) -> bool:
        """The parent's word for `dial` to the same broker again. Sessions are always clean (QoS 0 down, receipts
        up)."""
        self.disconnect()
        self.sock = self._link.open(self.server, self.port)
        self._reader.reset()
        self._tx_len = self._tx_off = 0
        self._pinged = -1
        for i in range(WINDOW):
            self._pids[i] = 0
        self._enter(DIALLING)
        return False

    def disconnect(self) -> None:
        """Close without ceremony; the broker then publishes the last will. Safe in every state."""
        sock = self.sock
        self.sock = None
        self._enter(OFF)
        if sock is not None:
            sock.close()

    def subscribe(self, topic: bytes, qos: int = 0) -> None:
        """Remember the one filter that every connection subscribes to."""
        self._filter = topic

    def publish(self, topic: bytes, msg: "bytes | memoryview", retain: bool = False, qos: int = 0) -> bool:
        """Send one message if that can be done now; False means "not now": not connected, or the window is full."""
        if self.state != READY or self._tx_len:
            return False
        pid = 0
        slot = -1
        if qos:
            slot = self._slot(0)
            if slot < 0:
                return False
            pid = self._next_pid()
        n = packets.publish(self._tx, topic, msg, qos, pid)
        if qos:
            self._pids[slot] = pid
            self._sent[slot] = self.now
        self._send(n)
        return True

    def ping(self) -> None:
        if not self._tx_len:
            self._tx[0:2] = packets.PING
            self._send(2)
            self._pinged = self.now

    def check_msg(self) -> None:
        self.poll(self.now)

    def wait_msg(self) -> None:
        self.poll(self.now)

    # -- the machine -----------------------------------------------------------------------------------------------

    def writing(self) -> bool:
        """Whether a part of the last packet is still to be given to the link."""
        return self._tx_len != 0

    def can_publish(self) -> bool:
        """Whether `publish` with QoS 1 would be taken now."""
        return self.state == READY and not self._tx_len and self._slot(0) >= 0

    def unacked(self) -> int:
        """QoS 1 packets that wait for their PUBACK."""
        return sum(1 for pid in self._pids if pid)

    def poll(self, now: int) -> None:
        """One step at `now` (ms of the link's clock): finish writing, read what is there, watch the deadlines."""
        self.now = now
        if self.state == OFF:
            return
        if self.state == DIALLING:
            self._dial()
        if self._tx_len:
            self._flush()
        if self.state >= GREETING:
            self._receive()
            self._watch()
        limit = TABLE[self.state][3]
        if limit and now - self._since > limit:
            raise MqttError(packets.E_TIMEOUT)

    def _dial(self) -> None:
        if not self._tx_len:
            self._tx_len = packets.connect(
                self._tx, self._client, self.keepalive, self.lw_topic or b"", self.lw_msg or b"", self.lw_qos
            )
        self._flush()
        if not self._tx_len:
            self._enter(GREETING)

    def _enter(self, state: int) -> None:
        self.state = state
        self._since = self.now

    def _send(self, n: int) -> None:
        self._tx_len = n
        self._tx_off = 0
        self._flush()

    def _flush(self) -> None:
        sock = self.sock
        if sock is None:
            return
        n = sock.write(self._tx, self._tx_off, self._tx_len - self._tx_off)
        if n:
            self._tx_off += n
            self._wrote = self.now
            if self._tx_off >= self._tx_len:
                self._tx_len = self._tx_off = 0

    def _receive(self) -> None:
        sock = self.sock
        if sock is None:
            return
        for _ in range(READS):
            n = sock.readinto(self._reader.free())
            if n is None:
                return
            if n == 0:
                raise MqttError(packets.E_CLOSED)
            self._reader.took(n)
            while True:
                first = self._reader.next()
                if not first:
                    break
                self._handle(first)

    def _handle(self, first: int) -> None:
        reader = self._reader
        kind = first & 0xF0
        size = reader.end - reader.at
        if kind == CONNACK and self.state == GREETING:
            self._expect(size == 2)
            if reader.buf[reader.at + 1]:
                raise MqttError(packets.E_REFUSED)
            self._enter(SUBSCRIBING)
            self._send(packets.subscribe(self._tx, self._filter, 0, self._next_pid()))
        elif kind == SUBACK and self.state == SUBSCRIBING:
            self._expect(size == 3)
            if reader.buf[reader.at + 2] & 0x80:
                raise MqttError(packets.E_REFUSED)
            self._enter(READY)
        elif kind == PUBACK and self.state == READY:
            self._expect(size == 2)
            slot = self._slot(reader.buf[reader.at] << 8 | reader.buf[reader.at + 1])
            if slot >= 0:
                self._pids[slot] = 0
        elif kind == PUBLISH and self.state >= SUBSCRIBING:
            self._deliver(first, size)
        elif kind == PINGRESP and self.state >= SUBSCRIBING:
            self._expect(size == 0)
            self._pinged = -1
            self.pongs += 1
        else:
            raise MqttError(packets.E_UNEXPECTED)

    def _deliver(self, first: int, size: int) -> None:
        """Hand a message over. We subscribe with QoS 0, so another QoS (or its packet id) has no place here."""
        reader = self._reader
        self._expect(size >= 2 and not first & 0x06)
        at = reader.at + 2
        end = at + (reader.buf[at - 2] << 8 | reader.buf[at - 1])
        self._expect(end <= reader.end)
        view = memoryview(reader.buf)
        self.cb(view[at:end], view[end : reader.end])

    def _watch(self) -> None:
        now = self.now
        for i in range(WINDOW):
            if self._pids[i] and now - self._sent[i] > ACK_MS:
                raise MqttError(packets.E_TIMEOUT)
        if self._pinged >= 0:
            if now - self._pinged > ACK_MS:
                raise MqttError(packets.E_TIMEOUT)
        elif now - self._wrote > self.keepalive * 500:
            self.ping()

    def _slot(self, pid: int) -> int:
        for i in range(WINDOW):
            if self._pids[i] == pid:
                return i
        return -1

    def _next_pid(self) -> int:
        """1 to 65535, then 1 again, never one that is still open (section 2.3.1)."""
        while True:
            self.pid = self.pid % 65535 + 1
            if self._slot(self.pid) < 0:
                return self.pid

    @staticmethod
    def _expect(sound: bool) -> None:
        if not sound:
            raise MqttError(packets.E_MALFORMED)
