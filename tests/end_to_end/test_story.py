"""The story this product is for, on real parts: MicroPython, broker over TLS, database, desk page in a real browser.

Each test is one way in which the world treats that story: told straight, with the engine, the ingest or the appliance
killed in the middle.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import browser
import pytest
from playwright.async_api import expect
from sqlalchemy import select
from trivet.bench import Options, kill
from trivet.boards import load
from trivet.cases import queries
from trivet.config import Settings
from trivet.consent.access import Access, reading
from trivet.demo.story import STORIES, Teller
from trivet.registry import Identity
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet.store.tables import CaseRecord, MessageRow

pytestmark = pytest.mark.slow
PATIENCE_S = 60.0
CAN_TELL = {"element": ("upper element has burnt", "Top heat"), "sensor": ("sensor", "Heating")}


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, http_port=0, mqtt_port=0, nats_port=0)


async def oven(cloud: Cloud) -> Identity:
    """An enrolled oven that Ada has claimed."""
    identity = await cloud.enrol(load("oven").model, "oven", name="Kitchen oven")
    await cloud.claim(identity.device, identity.claim_secret, "Ada Kowalska", phone="+49 30 5550142")
    return identity


@pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine")
async def test_the_oven_calls_the_desk_and_the_desk_knows_whom_to_blame(tmp_path: Path) -> None:
    async with Cloud(settings(tmp_path)) as cloud, browser.chromium() as chromium:
        identity = await oven(cloud)
        page = await browser.new_page(chromium)
        assert cloud.first_login is not None
        await browser.sign_in(page, cloud.url, *cloud.first_login)
        flash = Device(tmp_path / "oven")
        flash.provision(Provision.of(identity))
        teller = Teller(cloud, flash, identity.device, print)
        for story in STORIES:
            outcome = await teller.tell(story)
            assert outcome.first_cause == story.expected_cause
            assert outcome.case_after_s is not None
            assert outcome.case_after_s < 1
            assert (outcome.bytes["fault"] or 99) <= 48
            assert (outcome.bytes["heartbeat"] or 99) <= 48
            row = page.locator(f'.list > a[data-key="{outcome.case}"]')
            await expect(row).to_contain_text(outcome.code)  # without a reload
            await expect(row).to_contain_text("Ada Kowalska")
            await browser.shot(page, f"story-{story.name}-queue")
            case = await page.context.new_page()
            await case.goto(f"{cloud.url}/case/{outcome.case}")
            cause, function = CAN_TELL[story.name]
            await expect(case.locator(".causes > li").first).to_contain_text(cause, ignore_case=True)
            await expect(case.locator(".functions.off")).to_contain_text(function)
            await expect(case.locator(".nicegui-echart svg").first).to_be_visible()
            await browser.shot(case, f"story-{story.name}-case")
            await case.close()


@pytest.mark.parametrize("part", ["engine", "ingest"])
async def test_a_part_killed_in_mid_story_loses_and_doubles_nothing(tmp_path: Path, part: str) -> None:
    async with Cloud(settings(tmp_path), http=False) as cloud:
        identity = await oven(cloud)
        who = Provision.of(identity)
        faults = [("element_top_open", 300.0), ("fan_seized", 600.0)]
        world = await asyncio.to_thread(World, "oven", Device(tmp_path / "oven"), seed=5, faults=faults, identity=who)
        try:
            world.say("consent service yes")
            await asyncio.to_thread(world.run_until, 320)
            victim = getattr(cloud, part)
            await victim.kill()
            await asyncio.to_thread(world.run_until, 1500)
            await victim.start()
            assert await asyncio.to_thread(world.idle, PATIENCE_S)
            queued = [(e.data["boot"], e.data["seq"]) for e in world.events if e.kind == "queued"]
        finally:
            world.close()
        async with cloud.store.reading() as session:
            stored = (await session.execute(select(MessageRow.boot, MessageRow.seq))).all()
            codes = list(await session.scalars(select(CaseRecord.code)))
        async with reading(cloud.store, Access("service", "desk", "test")) as read:
            [case] = [row for row in await queries.queue(read) if row.code.startswith("H01")]
            timeline = (await queries.case(read, case.id)).timeline  # type: ignore[union-attr]
        assert sorted(tuple(row) for row in stored) == sorted(queued)
        assert len(codes) == len(set(codes)) == 2
        assert [entry.at for entry in timeline] == sorted(entry.at for entry in timeline)


async def test_an_appliance_killed_again_and_again_forgets_nothing() -> None:
    result = await kill.run(Options(n=6, seed=3, say=print))
    assert kill.sound(result), result
