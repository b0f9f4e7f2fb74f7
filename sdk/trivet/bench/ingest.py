"""Three ingest workers under siege: real processes on one real engine and one real database, killed with SIGKILL at
random moments and started again, while a house of appliances sends out of order, twice and again.

`run` gives what was lost or doubled against an oracle that never saw the cloud (`ingest_story`): every message stored
once, every case with its substate, counts and the order of its timeline. Then, with nobody killed, how many messages a
second go through, and how long one takes from an appliance's sending to its receipt. `--target sqlite` takes the
database in a file; `--n` is the number of fault events.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.bench import traffic
from trivet.bench.ingest_siege import Worker, cores, crew
from trivet.bench.ingest_story import Life, live, sending
from trivet.bench.ingest_verdict import Verdict, judge, stored
from trivet.bench.mqtt import MqttClient, RefusedByEngine
from trivet.bench.traffic import Sender, read_ack

if TYPE_CHECKING:
    from trivet.serve import Cloud

    from . import Options

DEFAULT_N = 10_000
EVENTS_EACH = 20
WORKERS = 3
SENT_PER_S = 80  # spread over the siege, so that it lasts
PATIENCE_S = 240.0
CONNECTS = 20  # tries: on a busy machine the engine's own patience ends
STEADY_N, STEADY_SENDERS = 3000, 50
CALM_PER_S, CALM_S = 40.0, 15.0
Wire = tuple[str, bytes]


@dataclass
class House:
    """The appliances and what they are about to send."""

    lives: list[Life]
    once: list[list[Wire]] = field(default_factory=list)
    replays: list[list[Wire]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(map(len, self.once)) + sum(map(len, self.replays))


@contextlib.contextmanager
def _database(folder: Path, target: str) -> Iterator[str]:
    if target == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'trivet.sqlite'}"
        return
    from trivet.bench.postgres import server

    with server(folder / "pg") as running:
        yield running.url


async def run(options: Options) -> dict[str, Any]:
    """The keys of the bench, and what was found wrong, by name."""
    from trivet.config import Settings
    from trivet.serve import Cloud

    target = options.target or "postgresql"
    if target not in {"postgresql", "sqlite"}:
        raise SystemExit("--target is postgresql or sqlite")
    count = DEFAULT_N if options.n is None else options.n
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="trivet-ingest-") as place:
        folder = Path(place)
        with _database(folder, target) as url:
            settings = Settings(
                data_dir=folder / "cloud", http_port=0, mqtt_port=0, nats_port=0, workers=0, database_url=url
            )
            async with Cloud(settings, http=False) as cloud:
                house = await _house(cloud, count, chance)
                options.say(f"{len(house.lives)} appliances, {count} fault events, {house.sent} messages; {target}")
                workers = crew(WORKERS, settings.data_dir, url, chance)
                try:
                    verdict, kills = await _siege(options, cloud, house, workers, chance)
                    steady = await _steady(options, cloud)
                finally:  # no process is left behind, whatever went wrong
                    await asyncio.gather(*(worker.stop() for worker in workers))
    return {
        **{"messages": house.sent, "appliances": len(house.lives), "fault_events": count, "kills": kills},
        **steady,
        **{"cores": cores(), "lost": verdict.lost, "doubled": verdict.doubled, "wrong": len(verdict.wrong)},
        **{"cases": verdict.cases, "buried": verdict.buried, "ended_alone": sum(one.ended_alone for one in workers)},
        **{"backend": target, "reasons": verdict.reasons, "examples": verdict.wrong[:5]},
    }


async def _house(cloud: Cloud, count: int, chance: random.Random) -> House:
    from trivet import catalogues

    await catalogues.add(cloud.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
    house = House([])
    for at in range(0, count, EVENTS_EACH):
        sender = Sender(await cloud.enrol(traffic.MODEL))
        life = live(sender, min(EVENTS_EACH, count - at), random.Random(chance.random()))
        once, again = sending(life, chance)
        house.lives.append(life)
        house.once.append(once)
        house.replays.append(again)
    return house


async def _siege(
    options: Options, cloud: Cloud, house: House, workers: Sequence[Worker], chance: random.Random
) -> tuple[Verdict, int]:
    await asyncio.gather(*(worker.start() for worker in workers))
    spared = asyncio.Event()
    torment = [asyncio.create_task(worker.torment(spared)) for worker in workers]
    watch = asyncio.create_task(_tell(options, cloud, house, workers))
    span = sum(map(len, house.once)) / SENT_PER_S
    try:
        await _send(house, house.once, span, chance)
        await _send(house, house.replays, span / 4, chance)
    finally:
        spared.set()
        watch.cancel()
        await asyncio.gather(*torment)
    options.say("all is sent, nobody is killed any more: waiting until the engine has nothing left")
    await _idle(cloud)
    verdict = await judge(cloud.store, cloud.transport, house.lives)
    return verdict, sum(worker.kills for worker in workers)


async def _send(house: House, wires: list[list[Wire]], span_s: float, chance: random.Random) -> None:
    """Each appliance over its own connection, at random moments within the span."""
    door = asyncio.Semaphore(8)  # handshakes at a time

    async def one(life: Life, messages: list[Wire], moments: list[float]) -> None:
        client = MqttClient(life.sender.identity)
        await _connected(client, door)
        try:
            for wire, moment in zip(messages, moments, strict=True):
                await asyncio.sleep(began + moment - time.monotonic())
                await _surely(client, door, wire)
        finally:
            await client.close()

    began = time.monotonic()
    moments = [sorted(chance.uniform(0, span_s) for _ in messages) for messages in wires]
    await asyncio.gather(*(one(*each) for each in zip(house.lives, wires, moments, strict=True)))


async def _connected(client: MqttClient, door: asyncio.Semaphore) -> None:
    """As an appliance does: tried again until it is let in."""
    for last in [False] * (CONNECTS - 1) + [True]:
        try:
            async with door:
                return await client.connect()
        except RefusedByEngine:
            if last:
                raise
            await asyncio.sleep(1.0)


async def _surely(client: MqttClient, door: asyncio.Semaphore, wire: Wire) -> None:
    """As an appliance does: sent again over a new connection when the old one goes before the engine has it."""
    try:
        await client.publish(*wire, 60.0)
    except RefusedByEngine:
        await client.drop()
        await _connected(client, door)
        await client.publish(*wire, 60.0)


async def _tell(options: Options, cloud: Cloud, house: House, workers: Sequence[Worker]) -> None:
    expected = sum(len(life.numbers) for life in house.lives)
    while True:
        await asyncio.sleep(10)
        kills = sum(worker.kills for worker in workers)
        options.say(f"{await stored(cloud.store)} of {expected} stored, {kills} kills")


async def _idle(cloud: Cloud) -> None:
    """Until every message that the engine keeps for ingest is acked."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if await cloud.transport.waiting() == 0:
            return
        await asyncio.sleep(0.2)


async def _steady(options: Options, cloud: Cloud) -> dict[str, Any]:
    """With nobody killed: a burst for how many go through, then a calm stream for how long one takes."""
    senders = [Sender(await cloud.enrol(traffic.MODEL)) for _ in range(STEADY_SENDERS)]
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(MqttClient(sender.identity)) for sender in senders]
        for sender, client in zip(senders, clients, strict=True):
            await client.subscribe(f"t/{sender.device}/d/ack")
            for topic, data in (sender.hello(), sender.consent()):
                await client.publish(topic, data)
        await _idle(cloud)
        before, began = await stored(cloud.store), time.monotonic()
        await asyncio.gather(
            *(_burst(*pair, STEADY_N // STEADY_SENDERS) for pair in zip(senders, clients, strict=True))
        )
        await _idle(cloud)
        took = time.monotonic() - began
        options.say(f"{STEADY_N} messages in {took:.1f} s; now one at a time")
        count = await stored(cloud.store) - before
        delays = await _calm(senders, clients)
    delays.sort()
    rank = max(len(delays) * 99 // 100 - 1, 0)
    return {"per_s": round(count / took, 1), "p50_ms": round(delays[len(delays) // 2]), "p99_ms": round(delays[rank])}


async def _burst(sender: Sender, client: MqttClient, count: int) -> None:
    for number in range(count):
        await client.publish(*sender.fault(occurrence=number + 1), 60.0)


async def _calm(senders: list[Sender], clients: list[MqttClient]) -> list[float]:
    """Milliseconds from sending to the receipt, one message at a time of each appliance."""
    delays: list[float] = []
    count = int(CALM_PER_S * CALM_S) // len(senders)

    async def one(at: int) -> None:
        sender, client = senders[at], clients[at]
        await asyncio.sleep(at / CALM_PER_S)
        for number in range(count):
            began = time.monotonic()
            await client.publish(*sender.fault(occurrence=1000 + number), 60.0)
            await _receipt(sender, client)
            delays.append(1000 * (time.monotonic() - began))
            await asyncio.sleep(max(len(senders) / CALM_PER_S - (time.monotonic() - began), 0))

    await asyncio.gather(*(one(at) for at in range(len(senders))))
    return delays


async def _receipt(sender: Sender, client: MqttClient) -> None:
    async with asyncio.timeout(60):
        while True:
            _, data = await client.down.get()
            boot, floor, _ = read_ack(sender.key, data)
            if (boot, floor) >= (sender.boot, sender.seq):
                return


def sound(result: dict[str, Any]) -> bool:
    wrong = result["lost"] + result["doubled"] + result["wrong"] + result["buried"] + result["ended_alone"]
    return bool(not wrong and result["kills"] > 0 and result["cases"] > 0)


def show(result: dict[str, Any]) -> None:
    for key, value in result.items():
        if key != "examples":
            print(f"{key.replace('_', ' '):14} {value}")
    for line in result["examples"]:
        print(f"  {line}")
