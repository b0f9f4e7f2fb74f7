"""Judges what leaves the house, byte by byte, from what the owner decided alone.

Takes each decision, each tick's number and what was put in front of the sensors, and every byte given to the link.
Knows MQTT, COSE and the contract by itself: of the project it imports nothing, of others `cbor2` and `hmac` alone.
Gives findings under three heads:

    uncovered            bytes that no purpose granted at that moment covers, or that nobody can account for
    sent_after_withdraw  what was recorded under a yes that has been withdrawn since, also if there is a new yes
    recorded_under_no    what was noted, counted or sampled while one of its purposes was not granted

A reading is the number of its tick, so each sample in a message says by itself when it was taken.
"""

import hashlib
import hmac
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import cbor2

SAFETY, SERVICE, IMPROVE, PERSONAL = range(4)
FAULT, EVIDENCE, HEARTBEAT, INVENTORY, CONSENT, LEDGER, UPDATE, RESULT, CRASH = range(1, 10)
OPERATION, HELLO = 12, 15

# What each kind is for, and how many fields its body has had in each release. A fault's purpose is its catalogue row's.
KINDS = {
    FAULT: ("fault", None, (4,)),
    EVIDENCE: ("evidence", SERVICE, (11, 12)),
    HEARTBEAT: ("heartbeat", IMPROVE, (6,)),
    INVENTORY: ("inventory", SERVICE, (5,)),
    CONSENT: ("consent", SAFETY, (6, 7)),
    LEDGER: ("ledger", SAFETY, (5,)),
    RESULT: ("result", SAFETY, (3,)),
    CRASH: ("crash", SERVICE, (4,)),
    OPERATION: ("operation", PERSONAL, (2,)),
    HELLO: ("hello", SAFETY, (6, 9)),
}
HEADS = ("uncovered", "sent_after_withdraw", "recorded_under_no")


@dataclass
class Message:
    """One message as the wire shows it."""

    topic: str
    kind: int
    boot: int
    seq: int
    decision: int  # the appliance's number of the owner's decision under which it was built
    body: list[Any]


@dataclass
class House:
    """What stands outside: who the appliance is, and which purpose covers its events and signals, in their order."""

    device: str
    key: bytes
    epoch: int
    events: list[int]
    signals: list[int]


@dataclass
class Judge:
    """`reads_ticks`: a reading is the number of its tick; else readings are what they are, and not judged."""

    house: House
    reads_ticks: bool = True
    masks: list[int] = field(default_factory=lambda: [1])  # by decision: the purposes granted after it
    captured: int = 0  # bytes
    findings: dict[str, list[str]] = field(default_factory=lambda: {head: [] for head in HEADS})
    kinds: Counter[int] = field(default_factory=Counter)  # of messages of which something was heard
    ticks: list[int] = field(default_factory=lambda: [0])  # by a tick's number: the decision under which it was
    cycles: Counter[int] = field(default_factory=Counter)  # by decision: operation cycles begun under it
    rises: dict[int, Counter[int]] = field(default_factory=dict)  # by event, by decision: how often it came
    _seen: dict[bytes, tuple[Message | None, str]] = field(default_factory=dict)

    # -- what happens in the house --

    @property
    def now(self) -> int:
        """The newest decision's number."""
        return len(self.masks) - 1

    def decided(self, purpose: int, granted: bool) -> None:
        self.masks.append(self.after(purpose, granted))

    def after(self, purpose: int, granted: bool) -> int:
        mask = self.masks[-1]
        return mask | 1 << purpose if granted else mask & ~(1 << purpose)

    def tick(self) -> int:
        """A tick begins; its number is what the sensors read."""
        self.ticks.append(self.now)
        return len(self.ticks) - 1

    def came(self, event: int) -> None:
        self.rises.setdefault(event, Counter())[self.now] += 1

    def began(self) -> None:
        self.cycles[self.now] += 1

    # -- what leaves it --

    def heard(self, packet: bytes, first: int, end: int) -> None:
        """The link took bytes first..end of a packet, now."""
        self.captured += end - first
        if packet not in self._seen:
            self._seen[packet] = self._read(packet)
        message, wrong = self._seen[packet]
        if wrong:
            self._find("uncovered", message, wrong)
        if message is not None:
            self.kinds[message.kind] += not first
            self._judge(message)

    def message(self, packet: bytes) -> Message | None:
        """What a packet that was heard carries."""
        return self._seen[packet][0]

    def queued(self, sealed: bytes) -> str:
        """What is wrong with a message that waits in the appliance now; "" when it may wait."""
        message = self.unseal("", sealed)
        short = [purpose for purpose in self.needs(message) if not self._kept(purpose, message.decision)]
        return f"{message} waits without purposes {short}" if short else ""

    def _find(self, head: str, message: Message | None, what: str) -> None:
        self.findings[head].append(f"{what}: {message}")

    # -- the wire --

    def _read(self, packet: bytes) -> tuple[Message | None, str]:
        device = self.house.device.encode()
        topic = b"t/" + device
        if packet[0] >> 4 == 3:
            return self._publish(packet)
        known = (
            _packet(
                0x10, _text(b"MQTT") + b"\x04\x0e\x00\x3c" + _text(device) + _text(topic + b"/u/gone") + _text(b"")
            ),
            b"\xc0\x00",
        )
        if packet in known or (packet[0] == 0x82 and packet[4:] == _text(topic + b"/d/+") + b"\x00"):
            return None, ""
        return None, f"unaccounted bytes {packet.hex()}"

    def _publish(self, packet: bytes) -> tuple[Message | None, str]:
        size, at = 0, 1
        while True:
            size |= (packet[at] & 0x7F) << 7 * (at - 1)
            at += 1
            if not packet[at - 1] & 0x80:
                break
        if at + size != len(packet) or packet[0] != 0x32:
            return None, f"no whole QoS 1 publish {packet.hex()}"
        length = struct.unpack_from(">H", packet, at)[0]
        topic = packet[at + 2 : at + 2 + length].decode()
        try:
            message = self.unseal(topic, packet[at + 4 + length :])
        except (ValueError, IndexError, TypeError, cbor2.CBORDecodeError) as error:
            return None, f"unreadable on {topic}: {error}"
        name, _, fields = KINDS[message.kind]
        if topic != f"t/{self.house.device}/u/{name}" or len(message.body) not in fields:
            return message, "not what its topic and its kind say"
        return message, ""

    def unseal(self, topic: str, sealed: bytes) -> Message:
        """COSE_Mac0 (RFC 9052, section 6.2) with HMAC 256/64; ValueError where it is not this appliance's."""
        protected, unprotected, payload, tag = cbor2.loads(sealed)
        aad = bytes.fromhex(self.house.device) + bytes([self.house.epoch])
        structure = cbor2.dumps(["MAC0", protected, aad, payload])
        if not hmac.compare_digest(hmac.digest(self.house.key, structure, hashlib.sha256)[:8], tag):
            raise ValueError("the tag does not fit")
        if cbor2.loads(protected) != {1: 4} or unprotected != {}:
            raise ValueError("not the header of the contract")
        version, kind, boot, seq, _, _, decision, body = cbor2.loads(payload)
        if version != 1 or kind not in KINDS:
            raise ValueError(f"kind {kind} of version {version}")
        return Message(topic, kind, boot, seq, decision, body)

    # -- the law --

    def needs(self, message: Message) -> set[int]:
        """Every purpose that something in the message belongs to."""
        own = KINDS[message.kind][1]
        found = set() if own is None else {own}
        if message.kind in {FAULT, EVIDENCE}:
            found.add(self.house.events[message.body[0]])
        if message.kind == EVIDENCE:
            verdicts = message.body[9]
            told = [event for event in range(len(verdicts) * 4) if verdicts[event // 4] >> event % 4 * 2 & 3]
            found |= {self.house.events[event] for event in told}
            found |= {self.house.signals[signal] for signal, _, _ in message.body[10]}
        return found

    def _granted(self, purpose: int, decision: int) -> bool:
        return 0 <= decision <= self.now and bool(self.masks[decision] >> purpose & 1)

    def _kept(self, purpose: int, decision: int) -> bool:
        """Granted at that decision and at every later one until now."""
        return all(self._granted(purpose, one) for one in range(decision, self.now + 1))

    def _since(self, purpose: int) -> int:
        """The decision from which `purpose` has been granted without a break."""
        since = self.now
        while since and self._granted(purpose, since - 1):
            since -= 1
        return since

    def _judge(self, message: Message) -> None:
        for purpose in self.needs(message):
            if not self._granted(purpose, self.now):
                self._find("uncovered", message, f"purpose {purpose} is not granted")
            if not self._granted(purpose, message.decision):
                self._find("recorded_under_no", message, f"purpose {purpose} was not granted when it was built")
            elif not self._kept(purpose, message.decision):
                self._find("sent_after_withdraw", message, f"purpose {purpose} was withdrawn since it was built")
        if self.reads_ticks:
            if message.kind == EVIDENCE:
                self._judge_evidence(message)
            self._judge_counts(message)

    def _judge_evidence(self, message: Message) -> None:
        event = message.body[0]
        for signal, _, samples in message.body[10]:
            for tick in _samples(samples):
                if not 0 <= tick < len(self.ticks):
                    self._find("uncovered", message, f"a sample {tick} that nobody measured")
                    continue
                for purpose in (SERVICE, self.house.events[event], self.house.signals[signal]):
                    if not self._granted(purpose, self.ticks[tick]):
                        self._find("recorded_under_no", message, f"sampled without purpose {purpose} at tick {tick}")
                    elif not self._kept(purpose, self.ticks[tick]):
                        self._find("sent_after_withdraw", message, f"purpose {purpose} withdrawn since tick {tick}")

    def _judge_counts(self, message: Message) -> None:
        """A figure that counts may count what came since the grant, and one thing that was there already."""
        body = message.body
        told: list[tuple[str, int, int, Counter[int]]] = []
        if message.kind == HEARTBEAT:
            told.append(("cycles", IMPROVE, body[4], self.cycles))
        if message.kind == OPERATION:
            told.append(("cycle", PERSONAL, body[0], self.cycles))
        if message.kind == EVIDENCE:
            told.append(("cycle", SERVICE, body[4], self.cycles))
        if message.kind in {FAULT, EVIDENCE}:
            count = body[2] if message.kind == FAULT else body[5]
            here = Counter({self.now: 1})
            rises = self.rises.get(body[0], Counter()) + here
            told.append(("occurrence", self.house.events[body[0]], count, rises))
        for name, purpose, count, counted in told:
            most = sum(counted[one] for one in range(self._since(purpose), self.now + 1))
            if count > most:
                self._find("recorded_under_no", message, f"{name} {count}, of which {most} since the grant")


def _packet(first: int, rest: bytes) -> bytes:
    """Of less than 128 bytes."""
    return bytes([first, len(rest)]) + rest


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def _samples(data: bytes) -> list[int]:
    """Zigzag LEB128: a value, then differences."""
    found: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            found.append((found[-1] if found else 0) + (value >> 1 ^ -(value & 1)))
            value = shift = 0
    return found
