"""What the cloud's tests share: a store, an enrolled sender, an ingest over the memory transport, a real cloud."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import databases
from sqlalchemy import select
from trivet import catalogues
from trivet.bench import traffic
from trivet.bench.traffic import Sender, read_ack
from trivet.config import Settings
from trivet.ingest.known import Known
from trivet.ingest.memory import MemoryTransport
from trivet.ingest.worker import Worker
from trivet.registry import Registry
from trivet.serve import Cloud
from trivet.store import Store
from trivet.store.tables import CaseRecord, MessageRow
from trivet.vault import Vault


@dataclass
class Bench:
    """Ingest without an engine: `send` what an appliance sends, `drain` what is waiting."""

    store: Store
    vault: Vault
    registry: Registry
    transport: MemoryTransport
    worker: Worker
    sender: Sender

    def send(self, *messages: tuple[str, bytes]) -> None:
        for topic, data in messages:
            self.transport.publish(topic, data)

    async def drain(self) -> None:
        while batch := await self.transport.fetch(100, 0.01):
            await self.worker.process(batch)

    async def take(self, *messages: tuple[str, bytes]) -> None:
        self.send(*messages)
        await self.drain()

    @property
    def reasons(self) -> list[int]:
        return [letter.reason for letter in self.transport.dead]

    def last_ack(self) -> tuple[int, int, dict[int, int]]:
        _, kind, data = self.transport.sent[-1]
        assert kind == "ack"
        return read_ack(self.sender.key, data)

    async def cases(self) -> list[CaseRecord]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(CaseRecord).order_by(CaseRecord.id)))

    async def messages(self) -> list[tuple[int, int]]:
        query = select(MessageRow.boot, MessageRow.seq).order_by(MessageRow.boot, MessageRow.seq)
        async with self.store.reading() as session:
            return [(boot, seq) for boot, seq in await session.execute(query)]


@asynccontextmanager
async def bench(folder: Path, url: str | None = None) -> AsyncIterator[Bench]:
    vault = Vault(folder / "secrets")
    async with Store(url or databases.settings(folder).url) as store:
        await catalogues.add(store, traffic.MODEL, traffic.packed(), traffic.rich_json())
        registry = Registry(store, vault, [("127.0.0.1", 8883)])
        sender = Sender(await registry.enrol(traffic.MODEL))
        transport = MemoryTransport()
        worker = Worker(store, transport, Known(vault.master))
        yield Bench(store, vault, registry, transport, worker, sender)


@asynccontextmanager
async def cloud(folder: Path) -> AsyncIterator[tuple[Cloud, Sender]]:
    """A real engine on free ports, no HTTP, and one enrolled appliance."""
    async with Cloud(settings(folder), http=False) as running:
        await catalogues.add(running.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
        yield running, Sender(await running.enrol(traffic.MODEL))


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, http_port=0, mqtt_port=0, nats_port=0)


async def until(true: Callable[[], Awaitable[bool]], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await true():
            await asyncio.sleep(0.02)
