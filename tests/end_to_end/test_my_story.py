"""The owner's story on real parts: MicroPython, broker over TLS, database, a phone's browser. From the sticker to a yes
in the account, a fault, a no, an export, and the erasure of everything.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import browser
import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import func, select
from trivet.api.schemas_export import Export
from trivet.boards import load
from trivet.config import Settings
from trivet.registry import Identity
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet.store.tables import MessageRow, OwnerRow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
MAIL, WORDS = "ada.kowalska@example.com", "a warm kitchen at six"
PATIENCE_S = 30.0


async def serve_until(world: World, kind: str, **data: object) -> None:
    """Let the appliance talk, a tick of virtual time now and then, until it tells of such an event."""
    seen = len(world.events)

    def told() -> bool:
        return any(e.kind == kind and data.items() <= dict(e.data).items() for e in world.events[seen:])

    async with asyncio.timeout(PATIENCE_S):
        while not told():
            await asyncio.to_thread(world.idle, 0.05, told)
            await asyncio.to_thread(world.step)


async def quiet(world: World) -> None:
    """Everything that is queued is receipted."""
    assert await asyncio.to_thread(world.idle, PATIENCE_S)


def purpose(page: Page, name: str) -> tuple[Locator, Locator]:
    """A purpose's switch, and all that stands around it."""
    switch = page.get_by_role("switch", name=name)
    return switch, page.locator("li.purpose", has=switch)


async def open_account(page: Page, url: str, oven: Identity) -> None:
    await page.goto(f"{url}/claim#{oven.device}-{oven.claim_secret}")
    await page.get_by_label("Your name").fill("Ada Kowalska")
    await page.get_by_label("Mail address").fill(MAIL)
    await page.get_by_label("Choose a password").fill(WORDS)
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kitchen oven")


async def test_from_the_sticker_to_the_erasure(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings) as cloud, browser.chromium() as chromium:
        oven = await cloud.enrol(load("oven").model, "oven", name="Kitchen oven")
        page = await browser.new_page(chromium, phone=True)
        await open_account(page, cloud.url, oven)
        await expect(page.locator(".own-head")).to_contain_text("Offline")
        faults = [("element_top_open", 900.0)]
        device = Device(tmp_path / "oven")
        who = Provision.of(oven)
        world = await asyncio.to_thread(World, "oven", device, seed=7, faults=faults, identity=who)
        try:
            await _live(page, world, cloud)
            await _take_along(page, oven)
            await _erase(page, world, cloud)
        finally:
            world.close()


async def _live(page: Page, world: World, cloud: Cloud) -> None:
    await quiet(world)
    await expect(page.locator(".own-head")).to_contain_text("Online")
    service, around = purpose(page, "Service")
    sent = page.locator("section.log").first
    await expect(sent).to_contain_text("It has sent nothing.")
    # a yes in the account: pending, until the appliance says so itself
    await service.click()
    await expect(around).to_contain_text("Pending")
    await serve_until(world, "consent", purpose="service", granted=True)
    await quiet(world)
    await expect(around).to_contain_text("Allowed · Synced: in your account")
    await expect(sent).to_contain_text("Your yes to “Service”")
    # a fault: found by the oven, told to the page
    await asyncio.to_thread(world.run_until, 1500)
    await quiet(world)
    await expect(page.locator(".trouble")).to_contain_text("upper", ignore_case=True)
    await expect(sent.locator("li", has_text="because you allowed “Service”").first).to_contain_text("to support, ")
    await browser.shot(page, "my_story_fault")
    # a no in the account: the queue is empty, and nothing more comes
    before = await _messages(cloud)
    await service.click()
    await expect(around).to_contain_text("We use nothing of this from now on")
    await serve_until(world, "consent", purpose="service", granted=False)
    await quiet(world)
    assert world.state.left == 0
    await expect(around).to_contain_text("Not allowed · Synced: in your account")
    told = await _messages(cloud)
    assert told >= before  # the decision itself, and what it answered
    world.inject("fan_seized")
    await asyncio.to_thread(world.run_until, world.now_s + 900)
    assert world.state.left == 0
    await quiet(world)
    assert await _messages(cloud, purpose=1) == await _messages(cloud, purpose=1, until=told)
    await browser.shot(page, "my_story_no")


async def _messages(cloud: Cloud, *, purpose: int | None = None, until: int | None = None) -> int:
    query = select(func.count()).select_from(MessageRow)
    if purpose is not None:
        query = query.where(MessageRow.purpose == purpose)
    if until is not None:
        newest = select(MessageRow.received_at).order_by(MessageRow.received_at).offset(until - 1).limit(1)
        query = query.where(MessageRow.received_at <= newest.scalar_subquery())
    async with cloud.store.reading() as session:
        return await session.scalar(query) or 0


async def _take_along(page: Page, oven: Identity) -> None:
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download (JSON)").click()
    download = await waiting.value
    assert download.suggested_filename == f"trivet-{oven.device}.json"
    found = Export.model_validate(json.loads(Path(await download.path()).read_text("utf-8")))
    assert {message.kind for message in found.messages} >= {"fault", "evidence", "consent"}
    assert [one.granted for one in found.consents] == [True, False]


async def _erase(page: Page, world: World, cloud: Cloud) -> None:
    await page.get_by_role("link", name="Erase everything").click()
    await page.get_by_label("Erase everything. I know").check()
    await page.get_by_label("Your password, once more").fill(WORDS)
    await page.get_by_role("button", name="Erase everything").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Erased")
    await expect(page.locator(".proof")).to_contain_text("none was found")
    await browser.shot(page, "my_story_erased")
    async with cloud.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OwnerRow)) == 0
        assert await session.scalar(select(func.count()).select_from(MessageRow)) == 0
    await page.goto(f"{cloud.url}/my")
    await expect(page.get_by_label("Mail address")).to_be_visible()  # the account is gone
    await quiet(world)
