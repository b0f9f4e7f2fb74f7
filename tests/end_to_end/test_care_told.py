"""An oven that bakes, and the reminder that its bakes are due for: the firmware counts, and only after a yes."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest
from commands_house import House, house
from receiver_kit import receiver
from sqlalchemy import select
from trivet.care import tips
from trivet.care.reminder import Reminder
from trivet.notify.config import Channel, Config
from trivet.store.care import CareRow
from trivet.store.tables import CatalogueRow
from trivet_wire import ids

pytestmark = pytest.mark.slow
EVERY = 2  # bakes, where a real catalogue says 25


async def test_bakes_are_counted_from_the_yes_and_told_once_when_they_are_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tips, "SETTLED", dt.timedelta(0))  # nothing is in a transaction when it was receipted
    async with house(tmp_path, settings={"start_s": 1e6}) as home, receiver() as there:
        await home.cloud.claim(home.id, home.identity.claim_secret, "Ada", email="ada@example.org", language="de")
        await often(home)
        host = there.url.removeprefix("http://").removesuffix("/hook")
        config = Config("UTC", (0, 0), channels={"mail": Channel(f"json://{host}/mail?-to={{address}}")})
        reminder = Reminder(home.cloud.store, config, home.cloud.seal, home.cloud.base)
        await bake(home)
        home.world.say("consent personal yes")
        await home.serve(lambda: agreed(home))
        told = []
        for _ in range(3):
            await bake(home)
            told.append(await reminder.turn())
        async with home.cloud.store.reading() as session:
            bakes = {row.name: row.cycles for row in await session.scalars(select(CareRow))}
    assert (told, bakes) == ([0, 1, 0], {"clean_cavity": 3, "check_fan_filter": 3})
    [request] = there.requests
    assert json.loads(request.body)["title"].endswith("Garraum und Türdichtung reinigen")


async def often(home: House) -> None:
    async with home.cloud.store.writing() as session:
        for row in await session.scalars(select(CatalogueRow)):
            first, *others = row.rich_json["care"]
            row.rich_json = {**row.rich_json, "care": [{**first, "every": EVERY}, *others]}


async def bake(home: House) -> None:
    """A minute of it; until everything that the oven had to say was receipted."""
    now = home.world.now_s
    home.world.plant.set |= {"start_s": now + 5, "off_s": now + 65}
    await asyncio.to_thread(home.world.run_until, now + 80)
    assert await asyncio.to_thread(home.world.idle, 30.0)


async def agreed(home: House) -> bool:
    return bool((await home.device()).consent_mask >> ids.PERSONAL & 1)
