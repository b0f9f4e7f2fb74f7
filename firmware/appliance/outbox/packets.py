"""MQTT 3.1.1 packets: pure functions that write one whole packet into a buffer, and a bounded reader of what the broker
sends. Never touches a socket; what the peer sends wrongly raises MqttError with a number, never an assert.
"""

CONNACK = 0x20
PUBLISH = 0x30
PUBACK = 0x40
SUBACK = 0x90
PINGRESP = 0xD0
PING = b"\xc0\x00"
BYE = b"\xe0\x00"

E_LENGTH = 1001  # remaining length longer than four bytes (section 2.2.3)
E_MALFORMED = 1002  # a packet whose inside does not fit its length
E_REFUSED = 1003  # CONNACK or SUBACK with a refusal code
E_UNEXPECTED = 1004  # a packet that has no place in this state
E_TIMEOUT = 1005  # the broker did not answer in time
E_CLOSED = 1006  # the broker closed the connection


class MqttError(OSError):
    """The connection is of no use any more; `args[0]` is one of E_*, apart from errno's numbers."""


def _head(buf: bytearray, first: int, length: int) -> int:
    """Fixed header (section 2.2); gives the offset behind it. ValueError when the packet would not fit `buf`."""
    buf[0] = first
    at = 1
    left = length
    while True:
        digit = left & 0x7F
        left >>= 7
        buf[at] = digit | (0x80 if left else 0)
        at += 1
        if not left:
            break
    if at + length > len(buf):
        raise ValueError("packet larger than the buffer")
    return at


def _text(buf: bytearray, at: int, text: bytes) -> int:
    n = len(text)
    buf[at] = n >> 8
    buf[at + 1] = n & 0xFF
    buf[at + 2 : at + 2 + n] = text
    return at + 2 + n


def connect(buf: bytearray, client: bytes, keepalive_s: int, will_topic: bytes, will: bytes, will_qos: int) -> int:
    """CONNECT with a clean session and, when `will_topic` is not empty, a last will (section 3.1); gives its length."""
    length = 10 + 2 + len(client)
    flags = 0x02
    if will_topic:
        length += 4 + len(will_topic) + len(will)
        flags |= 0x04 | will_qos << 3
    at = _head(buf, 0x10, length)
    at = _text(buf, at, b"MQTT")
    buf[at] = 4
    buf[at + 1] = flags
    buf[at + 2] = keepalive_s >> 8
    buf[at + 3] = keepalive_s & 0xFF
    at = _text(buf, at + 4, client)
    if will_topic:
        at = _text(buf, at, will_topic)
        at = _text(buf, at, will)
    return at


def publish(buf: bytearray, topic: bytes, body: bytes | bytearray | memoryview, qos: int, pid: int) -> int:
    """PUBLISH (section 3.3); gives its length. ValueError when it does not fit `buf`."""
    length = 2 + len(topic) + len(body) + (2 if qos else 0)
    at = _head(buf, PUBLISH | qos << 1, length)
    at = _text(buf, at, topic)
    if qos:
        buf[at] = pid >> 8
        buf[at + 1] = pid & 0xFF
        at += 2
    buf[at : at + len(body)] = body
    return at + len(body)


def subscribe(buf: bytearray, topic: bytes, qos: int, pid: int) -> int:
    """SUBSCRIBE to one filter (section 3.8); gives its length."""
    at = _head(buf, 0x82, 5 + len(topic))
    buf[at] = pid >> 8
    buf[at + 1] = pid & 0xFF
    at = _text(buf, at + 2, topic)
    buf[at] = qos
    return at + 1


class Reader:
    """Cuts the broker's bytes into packets within one fixed buffer; a packet too large for it is skipped and counted.

    Read into `free()`, say `took(n)`, then call `next()` until it gives 0; the body lies in `buf[at:end]`.
    """

    def __init__(self, size: int) -> None:
        self.buf = bytearray(size)
        self._view = memoryview(self.buf)
        self.at = 0
        self.end = 0
        self.oversized = 0
        self._have: int = 0
        self._used: int = 0
        self._skip: int = 0

    def reset(self) -> None:
        """Forget a connection's rest."""
        self._have = self._used = self._skip = 0

    def free(self) -> memoryview:
        """The part of the buffer to read into; never empty, since a packet that would fill it is skipped."""
        if self._used:
            rest = self._have - self._used
            self.buf[0:rest] = self._view[self._used : self._have]
            self._have = rest
            self._used = 0
        return self._view[self._have :]

    def took(self, n: int) -> None:
        """`n` bytes were read into `free()`."""
        self._have += n
        if self._skip:
            gone = min(self._skip, self._have)
            self._skip -= gone
            self._used = gone

    def next(self) -> int:
        """First byte of the next whole packet, its body between `at` and `end`; 0 when none is complete."""
        have = self._have - self._used
        if self._skip or have < 2:
            return 0
        first = self.buf[self._used]
        if not 0x10 <= first < 0xF0:
            raise MqttError(E_UNEXPECTED)  # reserved packet types (section 2.2.1); the rest would be read as length
        length = 0
        shift = 0
        at = self._used + 1
        while True:
            if at >= self._have:
                return 0
            digit = self.buf[at]
            at += 1
            length |= (digit & 0x7F) << shift
            if not digit & 0x80:
                break
            shift += 7
            if shift > 21:
                raise MqttError(E_LENGTH)
        if at - self._used + length >= len(self.buf):
            self.oversized += 1
            self._skip = max(0, at + length - self._have)
            self._used = self._have
            return 0
        if at + length > self._have:
            return 0
        self.at = at
        self.end = at + length
        self._used = self.end
        return first
