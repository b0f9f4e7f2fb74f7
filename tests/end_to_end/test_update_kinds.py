"""Kinds of update that a cloud gives, with real firmware, engine and TLS: a delta of what runs; base and bundle in one
manifest, which change together, and go back together.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from appliance.update import chooser, otadata
from commands_house import House, house
from sqlalchemy import select
from trivet.release import folder
from trivet.sim.device import read_files
from trivet.store.updates import OfferRow
from trivet.updates import give, publish
from update_kit import Maker, installed

pytestmark = pytest.mark.slow
REST = {"start_s": 1e6}  # nobody bakes
SLOWER = ("DOOR_MS = 2_000", "DOOR_MS = 3_000")
SLOWER_YET = ("DOOR_MS = 2_000", "DOOR_MS = 5_000")
ALL = ["offered", "downloading", "verified", "staged", "on trial"]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


def changed(maker: Maker, words: tuple[str, str]) -> Path:
    return maker.board(change=lambda text: text.replace(*words))


async def offered(home: House, release: folder.Release, board: Path) -> int:
    """Published and offered over the broker."""
    settings = home.cloud.settings
    place = publish.Place(home.cloud.store, settings.data_dir, settings.updates_dir)
    judged = await asyncio.to_thread(publish.judge, place, release.path)
    await publish.publish(place, judged, "maker", board)
    return await give.release(home.cloud.store, settings.updates_dir, home.id, release.index.version, "ada")


async def row_of(home: House, number: int) -> OfferRow:
    async with home.cloud.store.reading() as session:
        return (await session.scalars(select(OfferRow).where(OfferRow.id == number))).one()


async def reached(home: House, number: int, state: str, seconds: float = 240.0) -> OfferRow:
    async def done() -> bool:
        return (await row_of(home, number)).state == state

    await home.serve(done, seconds)
    return await row_of(home, number)


def told(home: House, kind: str = "update") -> list[Any]:
    return [event.data for event in home.world.events if event.kind == kind]


def record(home: House) -> list[Any]:
    """The slot record, as flash has it."""
    found = chooser.read(read_files(home.world.device.image)[chooser.FILE])
    assert found is not None
    return found


def runs(home: House) -> tuple[int, int]:
    """Bundle and base that were confirmed last."""
    entry = record(home)[chooser.CONFIRMED]
    return entry[chooser.BUNDLE], entry[chooser.BASE]


def states(home: House) -> list[int]:
    data = (home.world.device.folder / "otadata.img").read_bytes()
    return [otadata.state(data[at : at + otadata.ENTRY]) for at in (0, otadata.SECTOR)]


async def test_of_a_small_change_only_the_delta_is_fetched(maker: Maker, tmp_path: Path) -> None:
    first = await asyncio.to_thread(lambda: maker.release(changed(maker, SLOWER), "1.1.0", sequence=1))
    board = changed(maker, SLOWER_YET)
    second = await asyncio.to_thread(
        lambda: maker.release(board, "1.2.0", sequence=2, security=True, earlier=(first.path,))
    )
    [delta] = [name for name in second.index.payloads.values() if name.endswith(".patch")]
    whole = second.image("bundle")
    assert whole is not None
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST, flash=installed(first)) as home:
        row = await reached(home, await offered(home, second, board), "on trial")
        assert (row.from_version, row.reason) == ("1.1.0", 0)
        fetched = len(second.read(delta)) + len(second.read(second.index.envelope))
        assert fetched <= (row.served or 0) < len(whole)
        assert [event["state"] for event in told(home)] == ALL
        home.world.close()
        stands = read_files(home.world.device.image)
        assert whole.startswith(stands["b/index"])
        assert stands["b/drivers.mpy"] in whole


async def test_base_and_bundle_start_together_and_are_confirmed_together(maker: Maker, tmp_path: Path) -> None:
    board = changed(maker, SLOWER)
    both = await asyncio.to_thread(lambda: maker.release(board, "2.0.0", sequence=3, security=True, base="sim"))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST) as home:
        number = await offered(home, both, board)
        await reached(home, number, "on trial", 400)
        assert states(home) == [otadata.VALID, otadata.PENDING]
        await baked(home)
        row = await reached(home, number, "confirmed", 120)
        assert row.report_signed
        assert states(home) == [otadata.VALID, otadata.VALID]
        home.world.close()
        assert runs(home) == (1, 1)


async def baked(home: House) -> None:
    """Somebody bakes for a quarter of an hour; virtual time passes fast, the link is served now and then."""
    plant: Any = home.world.plant
    plant.set["start_s"], plant.set["off_s"] = plant.now + 60, plant.now + 960
    end = home.world.now_s + 1100
    while home.world.now_s < end:
        await asyncio.to_thread(home.world.run_until, home.world.now_s + 20)
        await asyncio.to_thread(home.world.idle, 0.05)


async def test_base_and_bundle_go_back_together(maker: Maker, tmp_path: Path) -> None:
    board = maker.board(change=lambda text: text + "\nraise ValueError\n")
    broken = await asyncio.to_thread(lambda: maker.release(board, "2.1.0", sequence=4, security=True, base="sim"))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST) as home:
        row = await reached(home, await offered(home, broken, board), "rolled back", 400)
        assert row.report_signed
        assert [event["state"] for event in told(home)] == [*ALL, "rolled back"]
        await asyncio.to_thread(home.world.run_until, home.world.now_s + 20)
        assert home.world.state.inhibited == []
        assert states(home)[0] == otadata.VALID
        assert states(home)[1] in (otadata.ABORTED, otadata.INVALID)
        home.world.close()
        assert runs(home) == (0, 0)
        assert record(home)[chooser.TRIAL] is None


async def test_a_power_cut_in_the_trial_of_a_base_only_delays_it(maker: Maker, tmp_path: Path) -> None:
    board = changed(maker, SLOWER_YET)
    both = await asyncio.to_thread(lambda: maker.release(board, "2.2.0", sequence=5, security=True, base="sim"))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST) as home:
        number = await offered(home, both, board)
        await reached(home, number, "on trial", 400)
        await asyncio.to_thread(home.world.restart)
        assert states(home) == [otadata.VALID, otadata.ABORTED]
        await home.serve(twice(home), 240)
        assert [event["state"] for event in told(home)] == [*ALL, "verified", "staged", "on trial"]
        assert states(home)[1] == otadata.PENDING or states(home)[0] == otadata.PENDING


def twice(home: House) -> Any:
    async def tried() -> bool:
        return [event["state"] for event in told(home)].count("on trial") == 2

    return tried
