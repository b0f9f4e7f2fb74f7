"""Care tips from usage: counted and told only with the owner's yes, rarely, in their language, never at night, and one
press ends them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from receiver_kit import Receiver, receiver
from seeded import OWNER, OWNER_PASSWORD, Vendor
from sqlalchemy import func, select
from trivet import api, boards, desk
from trivet.care.reminder import WHO, Reminder
from trivet.cases import rich
from trivet.consent import requests
from trivet.notify.config import Channel, Config
from trivet.store.care import CareRow
from trivet.store.privacy import UseRow
from trivet.store.tables import CatalogueRow, DeviceRow, MessageRow
from trivet_wire import ids

NOON = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
TIPS = [
    {
        "name": "clean",
        "every": 3,
        "title": {"en": "Clean it", "de": "Reinigen"},
        "now": {"en": "Wipe.", "de": "Wischen."},
    },
    {
        "name": "filter",
        "every": 10,
        "title": {"en": "Filter", "de": "Filter"},
        "now": {"en": "Wash.", "de": "Waschen."},
    },
]


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    device: str
    web: httpx.AsyncClient
    there: Receiver
    now: dt.datetime = NOON
    seq: int = 0
    config: Config = field(init=False)

    def __post_init__(self) -> None:
        host = self.there.url.removeprefix("http://").removesuffix("/hook")
        self.config = Config("UTC", (22, 7), channels={"mail": Channel(f"json://{host}/mail?-to={{address}}")})

    async def allow(self, granted: bool = True) -> None:
        """What ingest writes when the appliance confirms the owner's decision."""
        async with self.vendor.store.writing() as session:
            row = await session.get_one(DeviceRow, self.device)
            row.consent_mask = row.consent_mask | 0b1000 if granted else row.consent_mask & ~0b1000

    async def runs(self, times: int) -> None:
        async with self.vendor.store.writing() as session:
            for started in (1, 0) * times:
                self.seq += 1
                body = {"cycle": self.seq, "started": started}
                kind = {"kind": ids.OPERATION, "purpose": ids.PERSONAL, "uptime_ms": 1, "consent_seq": 1}
                session.add(
                    MessageRow(
                        device=self.device, boot=9, seq=self.seq, raw=b"x", body_json=body, received_at=self.now, **kind
                    )
                )
        self.now += dt.timedelta(minutes=5)

    async def turn(self) -> int:
        seal, base = self.vendor.seal, "https://desk.example.com"
        return await Reminder(self.vendor.store, self.config, seal, base, now=lambda: self.now).turn()

    async def rows(self) -> list[CareRow]:
        async with self.vendor.store.reading() as session:
            return list(await session.scalars(select(CareRow).order_by(CareRow.name)))

    async def mine(self) -> dict[str, Any]:
        return dict((await self.web.get(f"/api/my/devices/{self.device}/care")).json())


pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor, receiver() as there:
        app = api.create(vendor)
        desk.mount(app)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        async with vendor.store.writing() as session:
            row = await session.get_one(CatalogueRow, seeded.CATALOGUE)
            row.rich_json = {**row.rich_json, "care": TIPS}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://my", auth=(OWNER, OWNER_PASSWORD)) as web:
            yield House(vendor, app, oven.device, web, there)


async def test_without_a_yes_nothing_is_counted_and_nothing_told(house: House) -> None:
    await house.runs(20)
    assert await house.turn() == 0
    assert (await house.rows(), house.there.requests) == ([], [])
    found = await house.mine()
    assert (found["allowed"], [tip["cycles"] for tip in found["tips"]]) == (False, [0, 0])


async def test_what_is_due_is_told_once_in_the_owners_language_and_stands_in_their_log(house: House) -> None:
    await house.allow()
    await house.runs(2)
    assert await house.turn() == 0
    await house.runs(1)
    assert await house.turn() == 1
    assert await house.turn() == 0
    [request] = house.there.requests
    told = json.loads(request.body)
    assert told["title"] == "Oven in the kitchen: Reinigen"
    assert "Wischen." in told["message"]
    async with house.vendor.store.reading() as session:
        use = await session.scalar(select(UseRow).where(UseRow.who == WHO))
    assert use is not None
    assert (use.purpose, use.subject) == ("personal", "care")
    assert [tip["due"] for tip in (await house.mine())["tips"]] == [True, False]
    exported = (await house.web.get(f"/api/my/devices/{house.device}/export")).json()["care"]
    assert [(one["name"], one["cycles"], one["told_at"] is None) for one in exported] == [
        ("clean", 3, False),
        ("filter", 3, True),
    ]


async def test_whatever_is_due_there_is_one_reminder_in_fourteen_days(house: House) -> None:
    await house.allow()
    await house.runs(12)
    assert await house.turn() == 1
    house.now += dt.timedelta(days=13)
    assert await house.turn() == 0
    house.now += dt.timedelta(days=1)
    assert await house.turn() == 1
    house.now += dt.timedelta(days=100)
    assert await house.turn() == 0
    titles = [json.loads(request.body)["title"].partition(": ")[2] for request in house.there.requests]
    assert titles == ["Reinigen", "Filter"]


async def test_done_counts_anew_and_does_not_shorten_the_peace(house: House) -> None:
    await house.allow()
    await house.runs(3)
    await house.turn()
    answer = await house.web.post(f"/api/my/devices/{house.device}/care/clean/done")
    assert answer.json()["tips"][0]["cycles"] == 0
    house.now = max(house.now, dt.datetime.now(dt.UTC)) + dt.timedelta(minutes=10)
    house.now = house.now.replace(hour=12) + dt.timedelta(days=1)
    await house.runs(12)
    async with house.vendor.store.writing() as session:
        for row in await session.scalars(select(CareRow)):
            row.told_at = house.now - dt.timedelta(days=2) if row.told_at else None
            row.done_at = house.now - dt.timedelta(days=1) if row.done_at else None
    assert await house.turn() == 0
    house.now += dt.timedelta(days=13)
    assert await house.turn() == 1


async def test_nobody_is_reminded_in_quiet_hours(house: House) -> None:
    await house.allow()
    await house.runs(3)
    house.now = house.now.replace(hour=23)
    assert await house.turn() == 0
    house.now = house.now.replace(hour=8) + dt.timedelta(days=1)
    assert await house.turn() == 1


async def test_a_withdrawn_yes_forgets_what_was_counted_even_before_the_appliance_hears(house: House) -> None:
    await house.allow()
    await house.runs(3)
    async with house.vendor.store.writing() as session:
        await requests.decide(session, house.device, "personal", False, language="en", who="owner 1")
    assert await house.turn() == 0
    assert (await house.rows(), house.there.requests) == ([], [])


async def test_the_link_in_the_message_ends_that_reminder_without_a_login(house: House) -> None:
    await house.allow()
    await house.runs(3)
    await house.turn()
    found = re.search(r"(/my/care/stop)\?t=(\S+)", json.loads(house.there.requests[0].body)["message"])
    assert found is not None
    path, token = found.groups()
    assert house.device not in token
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url="http://my") as anyone:
        assert (await anyone.get(path, params={"t": token})).status_code == 200
        assert [row.off for row in await house.rows()] == [False, False]  # programs open links
        assert (await anyone.post(path, data={"t": token[:-4] + "AAAA"})).status_code == 409
        assert (await anyone.post(path, data={"t": "x"})).status_code == 409
        assert (await anyone.post(path, data={"t": token})).status_code == 200
        assert [row.off for row in await house.rows()] == [True, False]
        await house.vendor.registry.release(house.device)
        assert (await anyone.post(path, data={"t": token})).status_code == 409
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CareRow)) == 0


async def test_a_reminder_can_be_switched_off_and_on_and_an_unknown_one_says_so(house: House) -> None:
    await house.allow()
    await house.runs(3)
    path = f"/api/my/devices/{house.device}/care"
    assert (await house.web.put(f"{path}/clean", json={"on": False})).json()["tips"][0]["off"] is True
    assert await house.turn() == 0
    assert (await house.web.put(f"{path}/clean", json={"on": True})).json()["tips"][0]["off"] is False
    unknown = await house.web.put(f"{path}/polish", json={"on": True})
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:trivet:problem:no-such-reminder")
    assert await house.turn() == 1


@pytest.mark.parametrize("board", ["oven", "dishwasher", "washer"])
def test_every_board_has_tips_in_both_languages_and_its_packed_catalogue_knows_nothing_of_them(board: str) -> None:
    loaded = boards.load(board)
    found = rich.load(boards.rich(loaded)).care
    assert found
    for tip in found:
        assert {*tip.title} == {*tip.now} == {"en", "de"}
        assert tip.name.encode() not in boards.packed_catalogue(loaded)
