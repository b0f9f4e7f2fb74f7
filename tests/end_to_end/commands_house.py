"""A cloud and one oven of it, both real, for stories that need the two to talk: engine, TLS, database, firmware."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from trivet import boards, catalogues, control
from trivet.config import Settings
from trivet.registry import Identity
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.provision import provision
from trivet.sim.world import HEAP_KIB, World
from trivet.store.tables import CommandRow, DeviceRow
from trivet.updates import keyring


@dataclass
class House:
    """A cloud and one oven of it, which are let run in turn."""

    cloud: Cloud
    identity: Identity
    world: World

    @property
    def id(self) -> str:
        return self.identity.device

    async def serve(self, until: Callable[[], Awaitable[bool]], seconds: float = 40.0) -> None:
        """The link is served in real time, and a tick of virtual time passes now and then."""
        async with asyncio.timeout(seconds):
            while not await until():
                await asyncio.to_thread(self.world.idle, 0.05)
                await asyncio.to_thread(self.world.step)

    async def give(self, command: int, grant: int, *args: object) -> int:
        async with self.cloud.store.writing() as session:
            return await control.queue(session, self.id, command, args, grant)

    async def row(self, counter: int) -> CommandRow:
        async with self.cloud.store.reading() as session:
            return await session.get_one(CommandRow, (self.id, counter))

    async def settled(self, counter: int) -> CommandRow:
        async def done() -> bool:
            return (await self.row(counter)).reason is not None

        await self.serve(done)
        return await self.row(counter)

    async def device(self) -> DeviceRow:
        async with self.cloud.store.reading() as session:
            return await session.get_one(DeviceRow, self.id)


@asynccontextmanager
async def house(
    folder: Path,
    *,
    at_the_line: bool = False,
    roots: bytes = b"",
    settings: Mapping[str, float] | None = None,
    heap_kib: int = HEAP_KIB,
    board: str = "oven",
    flash: Mapping[str, bytes] | None = None,
) -> AsyncIterator[House]:
    """`at_the_line`: the oven makes its own key, as the maker's line lets it. `roots`: release keys that cloud and oven
    believe. `settings`: of the oven's world. `flash`: files that are there besides."""
    its = Settings(data_dir=folder / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    if roots:
        keyring.keep(its.updates_dir, roots)
    async with Cloud(its, http=False) as cloud:
        device = Device(folder / "oven")
        if at_the_line:
            await catalogues.add_board(cloud.store, "oven")
            identity = await provision(cloud.registry, boards.load("oven"), device)
        else:
            identity = await cloud.enrol(boards.load(board).model if roots else board, board)
            device.provision(Provision.of(identity))
        if flash:
            device.put(dict(flash))
        world = await asyncio.to_thread(lambda: World(board, device, settings=settings, heap_kib=heap_kib))
        try:
            yield House(cloud, identity, world)
        finally:
            await asyncio.to_thread(world.close)
