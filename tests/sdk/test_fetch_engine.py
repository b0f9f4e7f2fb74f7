"""Fetching over the real engine: real nats-server, TLS and MQTT. A lossy link gets there, a flood is held back and
holds up nobody, and what is not offered never comes."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import cbor2
import pytest
from cloud_kit import cloud, until
from sqlalchemy import func, select
from trivet.bench.mqtt import MqttClient, RefusedByEngine
from trivet.bench.traffic import MODEL, Sender
from trivet.serve import Cloud
from trivet.store.tables import MessageRow
from trivet.store.updates import ReleaseRow
from trivet.updates import offers
from trivet.updates.payloads import Payloads
from trivet_wire import ids
from updates_kit import BUNDLE, bundle_of, published


@dataclass
class Downloading:
    """An appliance that knows of an update, and loses `loss` of what comes down."""

    made: Cloud
    sender: Sender
    client: MqttClient
    release: ReleaseRow
    loss: float = 0.0
    asked: int = 0

    async def ask(self, sha256: str, offset: int, length: int) -> None:
        self.asked += 1
        await self.client.publish(*self.sender.message(ids.FETCH, [bytes.fromhex(sha256)[:8], offset, length], seq=0))

    async def block(self, patience_s: float) -> tuple[bytes, int, bytes] | None:
        """The next block that is not lost; None when none comes."""
        try:
            while True:
                topic, data = await asyncio.wait_for(self.client.down.get(), patience_s)
                if topic.endswith("/d/block") and chance.random() >= self.loss:
                    digest, offset, part = cbor2.loads(data)
                    return digest, offset, part
        except TimeoutError:
            return None

    async def whole(self, sha256: str, size: int) -> bytes:
        """As an appliance does: in order, what did not come is asked for again."""
        got = bytearray()
        async with asyncio.timeout(60):
            while len(got) < size:
                await self.ask(sha256, len(got), min(ids.MAX_FETCH, size - len(got)))
                end = min(size, len(got) + ids.MAX_FETCH)
                while len(got) < end and (found := await self.block(0.3)) is not None:
                    if found[:2] == (bytes.fromhex(sha256)[:8], len(got)):
                        got += found[2]
        return bytes(got)


chance = random.Random(5)


@pytest.fixture
async def oven(tmp_path: Path) -> AsyncIterator[Downloading]:
    async with cloud(tmp_path) as (made, sender):
        release = await published(made.store, Payloads(made.settings.updates_dir), "1.2.0", 2)
        async with connected(sender) as client:
            yield Downloading(made, sender, client, release)


def connected(sender: Sender) -> "Connection":
    return Connection(sender)


class Connection:
    """As the appliance does: again until the door is open, then it hears what comes down."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    async def __aenter__(self) -> MqttClient:
        async with asyncio.timeout(20):
            while True:
                self.client = MqttClient(self.sender.identity)
                try:
                    await self.client.connect()
                except RefusedByEngine:
                    await asyncio.sleep(0.1)
                    continue
                await self.client.subscribe(f"t/{self.sender.device}/d/+")
                await self.client.publish(*self.sender.hello())
                return self.client

    async def __aexit__(self, *_exc: object) -> None:
        await self.client.close()


async def offered(oven: Downloading) -> None:
    async with oven.made.store.writing() as session:
        await offers.offer(session, oven.sender.device, oven.release, "ada")


@pytest.mark.parametrize("loss", [0.0, 0.3])
async def test_a_bundle_arrives_whole_whatever_the_link_loses(oven: Downloading, loss: float) -> None:
    await offered(oven)
    oven.loss = loss
    content = BUNDLE + b"1.2.0"
    assert await oven.whole(bundle_of(oven.release), len(content)) == content
    assert hashlib.sha256(content).hexdigest() == bundle_of(oven.release)
    lossless = -(-len(content) // ids.MAX_FETCH)
    assert oven.asked == lossless if not loss else lossless < oven.asked <= 10 * lossless
    assert await oven.made.transport.dead_letter_counts() == {}


async def test_a_flood_is_held_back_and_holds_up_nobody(oven: Downloading) -> None:
    """300 questions at once: a few are answered, and a fault of another appliance is stored meanwhile."""
    await offered(oven)
    other = Sender(await oven.made.enrol(MODEL))
    bundle = bundle_of(oven.release)
    async with connected(other) as beside:
        await asyncio.gather(*(oven.ask(bundle, 8 * n, ids.MAX_FETCH) for n in range(300)))
        await beside.publish(*other.consent())
        await beside.publish(*other.fault())

        async def told() -> bool:
            query = select(func.count()).select_from(MessageRow).where(MessageRow.device == other.device)
            async with oven.made.store.reading() as session:
                return await session.scalar(query) == 2

        await until(told, 10)
    blocks = oven.made.ingest.blocks
    assert blocks is not None
    refused = (await oven.made.transport.dead_letter_counts()).get(ids.R_BUSY, 0)
    assert refused + blocks.dropped > 200
    async with asyncio.timeout(30):
        while blocks._tasks:
            await asyncio.sleep(0.05)
    assert blocks.sent < 1000, "300 questions of ten blocks each would be 3000"


async def test_what_is_not_offered_never_comes_and_is_counted(oven: Downloading) -> None:
    for _ in range(3):
        await oven.ask(bundle_of(oven.release), 0, ids.MAX_FETCH)

    async def counted() -> bool:
        return (await oven.made.transport.dead_letter_counts()).get(ids.R_WITHDRAWN) == 3

    await until(counted)
    assert await oven.block(0.3) is None


async def test_the_offer_itself_comes_as_a_signed_command(oven: Downloading) -> None:
    from trivet import sign1
    from trivet_wire import cbor

    await offered(oven)
    while True:
        topic, data = await asyncio.wait_for(oven.client.down.get(), 10)
        if topic.endswith("/d/command"):
            break
    public = oven.sender.identity.command_key
    signed = sign1.opened(data, public, sign1.key_id(public))
    _, device, counter, expires, command, grant, args = cbor.decode(signed.payload)
    assert (device.hex(), counter, expires, command, grant) == (
        oven.sender.device, 1, None, ids.C_UPDATE, ids.G_VENDOR
    )  # fmt: skip
    assert args[2].hex() == oven.release.envelope
