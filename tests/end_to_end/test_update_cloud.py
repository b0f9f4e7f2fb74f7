"""An update by signed command and over MQTT: real cloud, real engine, TLS, real firmware."""

import asyncio
from pathlib import Path

import pytest
from commands_house import House, house
from sqlalchemy import select
from trivet.store.updates import OfferRow
from trivet.updates import give, publish
from update_kit import Maker

REST = {"start_s": 1e6}


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


async def offered(home: House, maker: Maker, path: Path, board: Path) -> int:
    """Publish what lies there, and offer it to the house's oven."""
    settings = home.cloud.settings
    place = publish.Place(home.cloud.store, settings.data_dir, settings.updates_dir)
    judged = await asyncio.to_thread(publish.judge, place, path)
    row = await publish.publish(place, judged, "maker", board)
    return await give.release(home.cloud.store, settings.updates_dir, home.id, row.version, "ada")


async def offer_row(home: House, number: int) -> OfferRow:
    async with home.cloud.store.reading() as session:
        return (await session.scalars(select(OfferRow).where(OfferRow.id == number))).one()


async def test_a_security_update_installs_by_itself_and_the_cloud_sees_every_step(maker: Maker, tmp_path: Path) -> None:
    board = maker.board(change=lambda text: text.replace("DOOR_MS = 2_000", "DOOR_MS = 3_000"))
    release = await asyncio.to_thread(lambda: maker.release(board, "1.2.0", security=True))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST) as home:
        number = await offered(home, maker, release.path, board)

        async def on_trial() -> bool:
            return (await offer_row(home, number)).state == "on trial"

        await home.serve(on_trial, 120)
        row = await offer_row(home, number)
        assert (row.report_signed, row.reason, row.from_version) == (True, 0, "0.1.0")
        states = [event.data["state"] for event in home.world.events if event.kind == "update"]
        assert states == ["offered", "downloading", "verified", "staged", "on trial"]
        kinds = {event.kind for event in home.world.events}
        assert not kinds & {"crash", "no_heap", "reduced", "unheard"}
