"""Hostile messages against the running cloud: real engine, real TLS, real database. `run(options)` gives how many were
sent, how many reached the store (must be none), crashed the consumer (none), and lie in the dead letters by reason.

The sender holds a valid certificate: the engine keeps everybody else out, so what is tried here is what an owner of
one appliance could try. Authentic but wrong messages are sealed with its true key.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from trivet_wire import cbor, ids

from trivet import catalogues
from trivet.bench import Options, traffic
from trivet.bench.mqtt import MqttClient
from trivet.bench.traffic import Sender
from trivet.config import Settings
from trivet.ingest.consents import CONTENTLESS
from trivet.ingest.nats import DEAD_KEEP
from trivet.mac0 import MessageKey
from trivet.serve import Cloud
from trivet.store.tables import CaseRecord, MessageRow

DEFAULT_N = 400
PATIENCE_S = 60.0
Hostile = tuple[str, bytes]


@dataclass
class Attack:
    """One kind of hostile message: `make(sender, other, chance)` and the reasons it may be refused for."""

    name: str
    reasons: frozenset[int]
    make: Callable[[Sender, Sender, random.Random], Hostile]


UNKNOWN = tuple(kind for kind in range(32) if kind not in ids.KIND_NAMES)
MALFORMED = frozenset(range(ids.R_TOO_LARGE, ids.R_ENVELOPE + 1))


def _garbage(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    return sender.topic(chance.choice(list(ids.KIND_NAMES.values())[:13])), chance.randbytes(chance.randrange(300))


def _truncated(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    topic, data = sender.fault()
    return topic, data[: chance.randrange(len(data))]


def _oversized(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    topic, data = sender.fault()
    return topic, data + chance.randbytes(chance.randrange(ids.MAX_MESSAGE, 60000))


def _forged(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    topic, data = sender.fault()
    at = chance.randrange(8, len(data) - 9)  # inside the payload: structure stays, the tag does not fit
    return topic, data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _stranger(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    key = MessageKey(chance.randbytes(32), sender.device, 1)
    return sender.topic(ids.FAULT), key.seal(
        cbor.encode([1, ids.FAULT, 1, 9, 0, None, 1, [0, 47, 1, traffic.CATALOGUE]])
    )


def _other_device(sender: Sender, other: Sender, _chance: random.Random) -> Hostile:
    return sender.topic(ids.FAULT), other.fault()[1]


def _replayed(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    return sender.fault(event=traffic.GASKET, occurrence=chance.randrange(2, 1 << 30), seq=1)  # seq 1 was the consent


def _future(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    return sender.fault(version=chance.randrange(2, 1000))


def _unknown_kind(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    sender.seq += 1
    payload: list[Any] = [1, chance.choice(UNKNOWN), sender.boot, sender.seq, 0, None, 1, []]
    return sender.topic("novelty"), sender.key.seal(cbor.encode(payload))


def _wrong_topic(sender: Sender, _other: Sender, _chance: random.Random) -> Hostile:
    return sender.topic(ids.HEARTBEAT), sender.fault()[1]


def _bad_field(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    bodies: list[Any] = [[], [0], [0, 300, 1, 1], ["x", 47, 1, 1], [-1, 47, 1, 1], None, 7]
    return sender.message(ids.FAULT, chance.choice(bodies))


def _forbidden_cbor(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    """Authentic, but not the contract's CBOR: a float, a tag, indefinite, too deep, longer than needed."""
    bodies = ["f93c00", "c100", "9fff", "8181818181818100", "1800", "a201000100", "5f4100ff"]
    sender.seq += 1
    head = cbor.encode([1, ids.FAULT, sender.boot, sender.seq, 0, None, 1, 0])[:-1]
    return sender.topic(ids.FAULT), sender.key.seal(head + bytes.fromhex(chance.choice(bodies)))


def _catalogue(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    return sender.fault(catalogue=chance.randrange(1 << 32))


def _event(sender: Sender, _other: Sender, chance: random.Random) -> Hostile:
    return sender.fault(event=chance.randrange(5, 512))


def _no_consent(sender: Sender, _other: Sender, _chance: random.Random) -> Hostile:
    return sender.heartbeat()


def _unknown_consent(sender: Sender, _other: Sender, _chance: random.Random) -> Hostile:
    return sender.fault(consent_seq=99)


ATTACKS = (
    Attack("garbage", MALFORMED, _garbage),
    Attack("truncated", frozenset({ids.R_TRUNCATED}), _truncated),
    Attack("oversized", frozenset({ids.R_TOO_LARGE}), _oversized),
    Attack("forged", frozenset({ids.R_TAG}), _forged),
    Attack("stranger's key", frozenset({ids.R_TAG}), _stranger),
    Attack("other device", frozenset({ids.R_TAG}), _other_device),
    Attack("replayed with other content", frozenset({ids.R_REPLAY}), _replayed),
    Attack("future version", frozenset({ids.R_VERSION}), _future),
    Attack("unknown kind", frozenset({ids.R_KIND}), _unknown_kind),
    Attack("wrong topic", frozenset({ids.R_TOPIC}), _wrong_topic),
    Attack("bad field", frozenset({ids.R_FIELD}), _bad_field),
    Attack("forbidden CBOR", MALFORMED, _forbidden_cbor),
    Attack("unknown catalogue", frozenset({ids.R_CATALOGUE}), _catalogue),
    Attack("unknown event", frozenset({ids.R_CATALOGUE}), _event),
    Attack("no consent", frozenset({ids.R_CONSENT}), _no_consent),
    Attack("unknown consent", frozenset({ids.R_CONSENT_UNKNOWN}), _unknown_consent),
)


class _Crashes(logging.Handler):
    """Counts what ingest logs as an error: an exception of ours, not a refusal."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


async def run(options: Options) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), http_port=0, mqtt_port=0, nats_port=0)
        async with Cloud(settings, http=False) as cloud:
            return await attack(cloud, options)


async def attack(cloud: Cloud, options: Options) -> dict[str, Any]:
    """Against a cloud that runs already; enrols two appliances of its own there."""
    await catalogues.add(cloud.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
    sender, other = [Sender(await cloud.enrol(traffic.MODEL)) for _ in range(2)]
    crashes = _Crashes()
    log = logging.getLogger("trivet.ingest")
    log.addHandler(crashes)
    try:
        before = await cloud.transport.dead_letter_counts()
        async with MqttClient(sender.identity) as client:
            await client.publish(*sender.hello())
            await client.publish(*sender.consent())
            sent: list[tuple[Attack, Hostile]] = []
            for kind, hostile in _all(sender, other, options):
                await client.publish(*hostile)
                sent.append((kind, hostile))
                if len(sent) % 100 == 0:
                    options.say(f"{len(sent)} hostile messages sent")
            await client.publish(*sender.fault(traffic.HAZARD))
        counts = await _settle(cloud, before, len(sent))
        result = await _result(cloud, sender.device, counts)
        misjudged = await _misjudged(cloud, sent)
        return {"messages": len(sent), "crashed": crashes.count, **result, "misjudged": misjudged}
    finally:
        log.removeHandler(crashes)


def _all(sender: Sender, other: Sender, options: Options) -> Iterator[tuple[Attack, Hostile]]:
    chance = random.Random(options.seed)
    other.consent_seq = sender.consent_seq
    for number in range(DEFAULT_N if options.n is None else options.n):
        kind = ATTACKS[number % len(ATTACKS)]
        yield kind, kind.make(sender, other, chance)


async def _settle(cloud: Cloud, before: dict[int, int], sent: int) -> dict[int, int]:
    """Waits until as many are buried as were sent, and the good message after them is a case."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        now = await cloud.transport.dead_letter_counts()
        counts = {reason: count - before.get(reason, 0) for reason, count in now.items()}
        if sum(counts.values()) >= sent or asyncio.get_running_loop().time() > end:
            return {reason: count for reason, count in counts.items() if count}
        await asyncio.sleep(0.1)


async def _result(cloud: Cloud, device: str, counts: dict[int, int]) -> dict[str, Any]:
    async with cloud.store.reading() as session:
        stored = await session.scalar(select(func.count()).where(MessageRow.device == device)) or 0
        events = list(await session.scalars(select(CaseRecord.event).where(CaseRecord.device == device)))
    wrong_cases = sum(event != traffic.HAZARD for event in events)
    return {
        "accepted": stored - 2 + wrong_cases,  # the consent and the good message at the end are ours
        "dead_lettered": sum(counts.values()),
        "by_reason": {ids.REASON_NAMES[reason]: count for reason, count in sorted(counts.items())},
        "went_on": events == [traffic.HAZARD],
    }


async def _misjudged(cloud: Cloud, sent: list[tuple[Attack, Hostile]]) -> dict[str, int]:
    """Attacks whose dead letter bears a reason that is not theirs, or that have none. What no consent covers leaves an
    empty one."""
    letters = await cloud.transport.dead_letters(len(sent))
    buried = {(letter.topic, letter.data): letter.reason for letter in letters if letter.data}
    empty = Counter((letter.topic, letter.reason) for letter in letters if not letter.data)
    wrong: Counter[str] = Counter()
    for kind, (topic, data) in sent:
        if kind.reasons <= CONTENTLESS:
            [reason] = kind.reasons
            wrong[kind.name] += empty[topic, reason] == 0
            empty[topic, reason] -= 1
        else:
            wrong[kind.name] += buried.get((topic, data[:DEAD_KEEP])) not in kind.reasons
    return {name: count for name, count in wrong.items() if count}


def sound(result: dict[str, Any]) -> bool:
    quiet = result["accepted"] == 0 and result["crashed"] == 0 and result["went_on"] and not result["misjudged"]
    return bool(quiet and result["dead_lettered"] == result["messages"])


def show(result: dict[str, Any]) -> None:
    for key in ("messages", "accepted", "crashed", "dead_lettered"):
        print(f"{key.replace('_', ' '):16} {result[key]:6}")
    for reason, count in result["by_reason"].items():
        print(f"  {reason:28} {count:6}")
    for name, count in result["misjudged"].items():
        print(f"  {name}: {count} under another reason than theirs")
    print("the good message after them is a case" if result["went_on"] else "the consumer did not go on")
