"""The line out of the house, and what listens at its end: a broker and a cloud in a few lines.

Takes the appliance's packets as the firmware's MQTT client offers them, tells the judge each byte in the moment in
which it is taken, answers as a broker does, and receipts as the cloud does, or fails in every way a line can.
Knows nothing of the firmware.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

import cbor2

from .judge import FAULT, Judge, Message

DOWN, UP, SLOW, STALLED = range(4)
SLOW_BYTES = 4  # taken of one write
ACK = 32


@dataclass
class Cloud:
    """What arrived whole, and the receipts for it. `receipts`: 0 lost, 1 at once, 2 held back until `deliver`."""

    judge: Judge
    receipts: int = 1
    pubacks: bool = True
    told: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # by event: boot, seq, status of the newest
    held: list[bytes] = field(default_factory=list)

    def took(self, message: Message) -> bytes:
        """The receipt to send at once, or nothing."""
        if message.kind == FAULT:
            newest = (message.boot, message.seq, message.body[1])
            self.told[message.body[0]] = max(self.told.get(message.body[0], (0, 0, 0)), newest)
        if not message.seq or not self.receipts:
            return b""
        receipt = self._receipt(message.boot, message.seq)
        if self.receipts == 1:
            return receipt
        self.held.append(receipt)
        return b""

    def _receipt(self, boot: int, seq: int) -> bytes:
        house = self.judge.house
        protected, payload = cbor2.dumps({1: 4}), cbor2.dumps([1, ACK, boot, seq, 0, None, 0, []])
        aad = bytes.fromhex(house.device) + bytes([house.epoch])
        structure = cbor2.dumps(["MAC0", protected, aad, payload])
        tag = hmac.digest(house.key, structure, hashlib.sha256)[:8]
        body = cbor2.dumps([protected, {}, payload, tag])
        topic = f"t/{house.device}/d/ack".encode()
        size = 2 + len(topic) + len(body)
        return bytes([0x30, size & 0x7F | 0x80, size >> 7]) + len(topic).to_bytes(2, "big") + topic + body


class Stream:
    """One connection (`ports.Stream`)."""

    def __init__(self, line: "Line") -> None:
        self._line = line
        self._packet = b""
        self._taken = 0
        self.inbox = bytearray()
        self.open = True

    def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
        mode = self._line.mode
        if mode == DOWN or not self.open:
            raise OSError(104)
        if mode == STALLED:
            return None
        if not self._taken:
            self._packet = bytes(buf[off : off + n])
        took = min(n, SLOW_BYTES) if mode == SLOW else n
        if bytes(buf[off : off + n]) != self._packet[self._taken :]:
            raise AssertionError("the rest of a packet is not the rest of it")
        self._line.cloud.judge.heard(self._packet, self._taken, self._taken + took)
        self._taken += took
        if self._taken == len(self._packet):
            self._whole(self._packet)
            self._taken = 0
        return took

    def _whole(self, packet: bytes) -> None:
        cloud, kind = self._line.cloud, packet[0] & 0xF0
        if kind == 0x10:
            self.inbox += b"\x20\x02\0\0"
        elif kind == 0x80:
            self.inbox += b"\x90\x03" + packet[2:4] + b"\0"
        elif kind == 0xC0:
            self.inbox += b"\xd0\0"
        elif kind == 0x30:
            at = 2 if packet[1] < 128 else 3
            at += 2 + int.from_bytes(packet[at : at + 2], "big")
            if cloud.pubacks:
                self.inbox += b"\x40\x02" + packet[at : at + 2]
            message = cloud.judge.message(packet)
            if message is not None:
                self.inbox += cloud.took(message)

    def readinto(self, buf: bytearray | memoryview) -> int | None:
        if self._line.mode == DOWN or not self.open:
            raise OSError(104)
        n = min(len(buf), len(self.inbox))
        buf[:n] = self.inbox[:n]
        del self.inbox[:n]
        return n or None

    def close(self) -> None:
        self.open = False
        self._line.closed()


class Line:
    """`ports.Link`: one connection at a time."""

    def __init__(self, cloud: Cloud, mode: Callable[[], int]) -> None:
        self.cloud = cloud
        self._mode = mode
        self.stream: Stream | None = None

    @property
    def mode(self) -> int:
        return self._mode()

    def open(self, host: str, port: int) -> Stream:
        if self.mode == DOWN:
            raise OSError(111)
        self.stream = Stream(self)
        return self.stream

    def closed(self) -> None:
        self.stream = None

    def deliver(self) -> None:
        """Receipts that were held back arrive now."""
        if self.stream is not None:
            for receipt in self.cloud.held:
                self.stream.inbox += receipt
            self.cloud.held.clear()
