"""The default engine behind `Transport`: NATS with MQTT and JetStream. The only place that knows the engine's
internal names (`$MQTT_msgs`), held by a contract test.

It consumes the very stream behind PUBACK: a stream of our own over the same subjects loses acknowledged messages
when a leader dies. That stream must exist, with our durable consumer, before the first appliance connects, because
its retention is by interest.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from trivet.engine.callout import connect
from trivet.ingest.pull import Pull
from trivet.ingest.transport import DeadLetter, TransportError

STREAM = "$MQTT_msgs"
SUBJECTS = "$MQTT.msgs.>"
PREFIX = "$MQTT.msgs."
FILTER = "$MQTT.msgs.t.>"
DURABLE = "ingest"
DEAD_STREAM = "TRIVET_DEAD"
DEAD_PREFIX = "trivet.dead."
DEAD_BYTES = 256 * 1024 * 1024  # the oldest go first
DEAD_KEEP = 16384  # bytes of an oversized message that are kept
ACK_WAIT_S = 5.0  # after this a message whose worker died comes again
MAX_ACK_PENDING = 10000
_CALL_S = 5.0
_DEVICE = re.compile("[0-9a-f]{16}")


class NatsIncoming:
    def __init__(self, message: Msg, home: NatsTransport) -> None:
        self._message = message
        self._home = home
        self.topic = message.subject.removeprefix(PREFIX).replace(".", "/")
        self.data = message.data
        self.deliveries = message.metadata.num_delivered
        self.at = message.metadata.timestamp
        self.key = str(message.metadata.sequence.stream)

    async def ack(self) -> None:
        with _translated():
            await self._message.ack()

    async def follows(self, *names: str) -> bool:
        mine, device = self._message.metadata.sequence.stream, self.topic.split("/")[1]
        first = [await self._home.first(f"{PREFIX}t.{device}.u.{name}") for name in names]
        return any(number is not None and number < mine for number in first)

    async def nak(self, delay_s: float) -> None:
        with _translated():
            await self._message.nak(delay=delay_s)


class NatsTransport:
    def __init__(self, url: str, password: str, replicas: int = 1, ca: Path | None = None) -> None:
        """`ca`: vouches for an engine that is reached over TLS."""
        self._ca = ca
        self._url = url
        self._password = password
        self._replicas = replicas
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._pull: Pull | None = None

    async def start(self) -> None:
        with _translated():
            self._client = await connect(self._url, "sdk", self._password, self._on_back, self._ca)
            self._js = self._client.jetstream(timeout=_CALL_S)
            await self._make(
                StreamConfig(
                    name=STREAM,
                    subjects=[SUBJECTS],
                    retention=RetentionPolicy.INTEREST,
                    storage=StorageType.FILE,
                    num_replicas=self._replicas,
                )
            )
            dead = StreamConfig(
                name=DEAD_STREAM,
                subjects=[DEAD_PREFIX + ">"],
                storage=StorageType.FILE,
                max_bytes=DEAD_BYTES,
                num_replicas=self._replicas,
            )
            await self._make(dead)
            await self._js.add_consumer(
                STREAM,
                ConsumerConfig(
                    durable_name=DURABLE,
                    filter_subject=FILTER,
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=ACK_WAIT_S,
                    max_ack_pending=MAX_ACK_PENDING,
                ),
            )
            self._pull = Pull(self._client, STREAM, DURABLE)
            await self._pull.start()

    def _on_back(self) -> None:
        if self._pull is not None:
            self._pull.forget()

    async def _make(self, config: StreamConfig) -> None:
        assert self._js is not None
        assert config.name is not None
        try:
            await self._js.stream_info(config.name)
        except NotFoundError:
            await self._js.add_stream(config)

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.close()
        self._client = self._js = self._pull = None

    async def fetch(self, limit: int, timeout_s: float) -> Sequence[NatsIncoming]:
        if self._pull is None:
            raise TransportError("the transport is not started")
        with _translated():
            return [NatsIncoming(message, self) for message in await self._pull.fetch(limit, timeout_s)]

    async def waiting(self) -> int:
        """Messages that no worker is through with."""
        with _translated():
            info = await self._stream.consumer_info(STREAM, DURABLE)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def first(self, subject: str) -> int | None:
        """Number of the oldest message that is kept: retention by interest lets go of what was acked."""
        with _translated():
            try:
                return (await self._stream.get_msg(STREAM, 1, subject=subject, next=True)).seq
            except NotFoundError:
                return None

    async def send(self, device: str, kind: str, data: bytes) -> None:
        if self._client is None:
            raise TransportError("the transport is not started")
        with _translated():
            await self._client.publish(f"t.{device}.d.{kind}", data)

    async def dead_letter(self, reason: int, device: str, topic: str, data: bytes, key: str = "") -> None:
        headers = {"Trivet-Device": quote(device), "Trivet-Topic": quote(topic), "Trivet-Size": str(len(data))}
        if key:
            headers["Nats-Msg-Id"] = f"{key}.{reason}"  # a redelivery is not buried twice
        with _translated():
            subject = f"{DEAD_PREFIX}{reason}.{_whose(topic)}"
            await self._stream.publish(subject, data[:DEAD_KEEP], headers=headers, timeout=_CALL_S)

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        with _translated():
            last = (await self._stream.stream_info(DEAD_STREAM)).state
            found: list[DeadLetter] = []
            number = last.last_seq
            while number >= max(last.first_seq, 1) and len(found) < limit:
                with contextlib.suppress(NotFoundError):
                    found.append(_read(await self._stream.get_msg(DEAD_STREAM, number)))
                number -= 1
            return found[::-1]

    async def expire_dead_letters(self, days: int) -> None:
        with _translated():
            config = (await self._stream.stream_info(DEAD_STREAM)).config
            if config.max_age != days * 86400:
                config.max_age = days * 86400
                await self._stream.update_stream(config)

    async def dead_letter_counts(self) -> dict[int, int]:
        with _translated():
            info = await self._stream.stream_info(DEAD_STREAM, subjects_filter=DEAD_PREFIX + ">")
        counts: Counter[int] = Counter()
        for subject, count in (info.state.subjects or {}).items():
            counts[_reason(subject)] += count
        return dict(sorted(counts.items()))

    async def erase(self, device: str) -> int:
        """What waits goes, dead letters are written over, and the blocks of what was taken before are given up."""
        mine = f"{PREFIX}t.{device}.>"
        with _translated():
            js = self._stream
            counts = (await js.stream_info(STREAM, subjects_filter=mine)).state.subjects or {}
            await js.purge_stream(STREAM, subject=mine)
            dead = await self._overwrite(f"{DEAD_PREFIX}*.{device}")
            done = (await js.consumer_info(STREAM, DURABLE)).ack_floor
            if done is not None and done.stream_seq:  # what no worker is through with stays
                await js.purge_stream(STREAM, seq=done.stream_seq + 1)
        return sum(counts.values()) + dead

    async def _overwrite(self, subject: str) -> int:
        """The engine's delete writes over a message's bytes; its purge only forgets where they were."""
        count, number = 0, 1
        while True:
            try:
                found = await self._stream.get_msg(DEAD_STREAM, number, subject=subject, next=True)
            except NotFoundError:
                return count
            assert found.seq is not None
            await self._stream.delete_msg(DEAD_STREAM, found.seq)
            count, number = count + 1, found.seq + 1

    async def scan(self, markers: Sequence[bytes]) -> dict[str, int]:
        with _translated():
            found = {}
            for info in await self._stream.streams_info():
                assert info.config.name is not None
                found[info.config.name] = await self._scan(info.config.name, info.state, markers)
        return found

    async def _scan(self, stream: str, state: Any, markers: Sequence[bytes]) -> int:
        hits, number = 0, max(state.first_seq, 1)
        while number <= state.last_seq:
            try:
                message = await self._stream.get_msg(stream, number, subject=">", next=True)
            except NotFoundError:
                break
            headers = " ".join(f"{name}: {unquote(value)}" for name, value in (message.headers or {}).items())
            content = (message.data or b"") + headers.encode() + (message.subject or "").encode()
            hits += any(marker in content for marker in markers)
            assert message.seq is not None
            number = message.seq + 1
        return hits

    @property
    def _stream(self) -> JetStreamContext:
        if self._js is None:
            raise TransportError("the transport is not started")
        return self._js


def _read(message: Any) -> DeadLetter:
    headers = message.headers or {}
    return DeadLetter(
        reason=_reason(message.subject),
        device=unquote(headers.get("Trivet-Device", "")),
        topic=unquote(headers.get("Trivet-Topic", "")),
        data=message.data or b"",
        at=message.time or dt.datetime.now(dt.UTC),
    )


def _reason(subject: str) -> int:
    return int(subject.removeprefix(DEAD_PREFIX).split(".")[0])


def _whose(topic: str) -> str:
    """The appliance that a dead letter belongs to, as a subject's token: whatever stands where its id belongs."""
    parts = topic.split("/")
    return parts[1] if len(parts) > 1 and _DEVICE.fullmatch(parts[1]) else "none"


@contextlib.contextmanager
def _translated() -> Any:
    """The engine's errors, as the one kind of error that the worker waits out."""
    try:
        yield
    except (errors.Error, NotFoundError, TimeoutError) as error:
        raise TransportError(f"the engine does not answer: {error!r}") from error
