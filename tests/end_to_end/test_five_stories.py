"""The stories this product is for, each from the fault to its end: real firmware, engine over TLS, database, the desk's
page and the owner's page in a real browser, and what is sent to people outside.

The fault that a fix from afar cures has its physics in test_remote_fix.py, and its pages here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import browser
import pytest
from desk_kit import PLAN, form, live, unfold
from playwright.async_api import Browser, Locator, Page, expect
from receiver_kit import Receiver, receiver
from sqlalchemy import select
from trivet import boards
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.config import Settings
from trivet.registry import Identity
from trivet.remote import acts, sessions
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet.store.cases import OutcomeRow, ProposalRow
from trivet.store.pages import TAKEN, PageRow
from trivet.store.remote import OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import CaseEventRow, CaseRecord
from trivet.store.visits import VisitRow
from trivet.visits import areas
from trivet_wire import ids

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
MAIL, WORDS = "ada.kowalska@example.com", "a warm kitchen at six"
PATIENCE_S = 30.0
HEATER = "HTR-2000"
WASH_S = 3600.0  # a programme, and until the person has emptied it
LEARNED_S = 2000.0
FOR_S = 3600


@dataclass
class Story:
    """One appliance, its owner at her phone, an agent at the desk, and whoever is told outside."""

    cloud: Cloud
    world: World
    identity: Identity
    chromium: Browser
    desk: Page
    owner: Page
    outside: Receiver

    async def happens(self, until_s: float) -> CaseRecord:
        """The appliance lives so far (s, virtual), then says all it has to say. Gives the one case that came of it."""
        self.world.say("consent service yes")
        await asyncio.to_thread(self.world.run_until, until_s)
        assert await asyncio.to_thread(self.world.idle, PATIENCE_S)
        async with self.cloud.store.reading() as session:
            [case] = await session.scalars(select(CaseRecord))
        return case

    async def told(self, where: str) -> list[dict[str, Any]]:
        """What came to that channel; waits for the first."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [json.loads(one.body) for one in self.outside.requests if where in one.path]):
                await asyncio.sleep(0.05)
        return found

    async def open(self, case: int) -> None:
        await self.desk.goto(f"{self.cloud.url}/case/{case}")
        await live(self.desk)

    async def propose(self, step: str, why: str, **more: str) -> Locator:
        """At the desk's page; gives the form."""
        await unfold(self.desk, "propose")
        wish = form(self.desk, "propose")
        await wish.locator('[name="step"]').select_option(step)
        for name, value in more.items():
            await wish.locator(f'[name="{name}"]').select_option(value)
        await wish.locator('[name="why"]').fill(why)
        await wish.locator('[data-act="propose"]').click()
        return wish

    async def decide(self, act: str, why: str) -> Locator:
        """About the newest proposal, at the desk's page."""
        newest = self.desk.locator("[data-proposal]").first
        await newest.locator('[name="why"]').fill(why)
        await newest.locator(f'[data-act="{act}"]').click()
        return newest

    async def timeline(self, case: int) -> list[str]:
        async with self.cloud.store.reading() as session:
            query = select(CaseEventRow.kind).where(CaseEventRow.case == case).order_by(CaseEventRow.id)
            return list(await session.scalars(query))

    async def runs(self, seconds: float) -> None:
        """So much virtual time."""
        await asyncio.to_thread(self.world.run_until, self.world.now_s + seconds)

    async def talks(self, true: Callable[[], Awaitable[bool]]) -> None:
        """The link is served in real time, and a tick of virtual time passes now and then."""
        async with asyncio.timeout(PATIENCE_S):
            while not await true():
                await asyncio.to_thread(self.world.idle, 0.05)
                await asyncio.to_thread(self.world.step)

    async def is_now(self, table: Any, state: str) -> bool:
        async with self.cloud.store.reading() as session:
            newest = await session.scalar(select(table).order_by(table.id.desc()).limit(1))
        return newest is not None and newest.state == state

    async def by_hand(self, case: CaseRecord, what: Any, *args: Any) -> Any:
        """An agent's act, as the interface does it."""
        async with self.cloud.store.writing() as session:
            return await what(Hand(session, case.id, DEFAULT, Actor("agent", "admin")), *args)

    async def proposal(self) -> ProposalRow:
        async with self.cloud.store.reading() as session:
            [row] = await session.scalars(select(ProposalRow))
            return row

    async def shot(self, name: str) -> None:
        for page, who in ((self.desk, "desk"), (self.owner, "owner")):
            await browser.shot(page, f"five-{name}-{who}")
            await browser.shot(page, f"five-{name}-{who}-first", whole=False)


@asynccontextmanager
async def story(
    folder: Path, board: str, faults: Sequence[tuple[str, float]] = (), settings: Mapping[str, float] | None = None
) -> AsyncIterator[Story]:
    """A cloud that tells owners and people on call, an appliance that its owner has registered from its sticker, and
    faults to come (at virtual seconds)."""
    async with receiver() as outside, browser.chromium() as chromium:
        host = outside.url.removeprefix("http://").removesuffix("/hook")
        data = folder / "cloud"
        data.mkdir()
        data.joinpath("notify.toml").write_text(
            f'quiet = []\n[channels.mail]\nurl = "json://{host}/mail?-to={{address}}"\n'
            f'[oncall]\n[oncall.urls]\nduty = "json://{host}/duty"\n'
        )
        async with Cloud(Settings(data_dir=data, http_port=0, mqtt_port=0, nats_port=0)) as cloud:
            async with cloud.store.writing() as session:
                await areas.keep(session, "berlin", PLAN)
            identity = await cloud.enrol(boards.load(board).model, board, name=f"Ada's {board}")
            owner = await browser.new_page(chromium, phone=True)
            await register(owner, cloud.url, identity, f"Ada's {board}")
            desk = await browser.new_page(chromium)
            assert cloud.first_login is not None
            await browser.sign_in(desk, cloud.url, *cloud.first_login)
            who = Provision.of(identity)
            make: Callable[[], World] = lambda: World(  # noqa: E731
                board, Device(folder / board), seed=7, faults=faults, identity=who, settings=settings
            )
            world = await asyncio.to_thread(make)
            try:
                yield Story(cloud, world, identity, chromium, desk, owner, outside)
            finally:
                await asyncio.to_thread(world.close)


async def register(page: Page, url: str, one: Identity, name: str) -> None:
    """From the sticker's QR."""
    await page.goto(f"{url}/claim#{one.device}-{one.claim_secret}")
    await page.get_by_label("Your name").fill("Ada Kowalska")
    await page.get_by_label("Mail address").fill(MAIL)
    await page.get_by_label("Choose a password").fill(WORDS)
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def test_the_pizza_oven_the_desk_calls_the_owner(tmp_path: Path) -> None:
    """Nobody had to read a sticker: the desk knows the oven, the cause and the part before Ada calls."""
    async with story(tmp_path, "oven", [("element_top_open", 900)]) as it:
        case = await it.happens(1500)
        [mail] = await it.told("/mail")  # before anybody at the desk has done anything
        assert "Ada's oven" in mail["title"]
        assert "What you can do" in mail["message"]
        row = it.desk.locator(f'.list > a[data-key="{case.id}"]')
        await expect(row).to_contain_text("Ada Kowalska")
        await it.open(case.id)
        await expect(it.desk.locator(".causes > li").first).to_contain_text("upper element has burnt", ignore_case=True)
        await it.desk.get_by_role("button", name="Take it").click()
        await it.propose("visit", "the current says that the element is open", part="EL-1600")
        newest = await it.decide("approve", "as measured")
        await expect(newest).to_contain_text("under warranty")
        await it.owner.get_by_role("button", name="Yes, please").click()
        await expect(newest.locator("[data-state]")).to_have_text("Owner said yes")
        visits = it.desk.locator('[data-card="visits"]')
        await form(visits, "offer").locator("input").fill("10623")
        await it.desk.keyboard.press("Enter")
        await expect(visits.locator("[data-total]")).to_have_text("0.00 EUR")
        book = form(visits, "book")
        await book.locator('[name="address"]').fill("Kantstraße 5, 10623 Berlin")
        await book.locator('[name="agreed"]').check()
        await book.locator('[data-act="book"]').click()
        await expect(visits.locator("[data-visit]")).to_contain_text("Kantstraße 5")
        await expect(it.owner.locator("#main")).to_contain_text("Kantstraße 5")
        await it.shot("pizza")
        async with asyncio.timeout(PATIENCE_S):
            while len(await it.told("/mail")) < 2:  # the visit, too
                await asyncio.sleep(0.05)
        visit = visits.locator("[data-visit]")
        await visit.locator("summary").click()
        await visit.locator('[data-act="done"]').click()
        await unfold(it.desk, "close")
        outcome = form(it.desk, "outcome")
        await outcome.locator('[name="kind"]').select_option("fixed")
        await outcome.locator('[name="visit"]').check()
        await outcome.locator('[data-act="close"]').click()
        await expect(it.desk.locator(".hero .pill").first).to_have_text("Resolved")
        await it.shot("pizza-end")


async def test_the_dishwasher_whose_sensor_lies_no_van_without_the_sensor(tmp_path: Path) -> None:
    """It says that its water stays cold; what stays cold is the reading. Nobody comes for a heater."""
    async with story(tmp_path, "dishwasher", [("ntc_drift", 520)]) as it:
        case = await it.happens(6000)
        assert case.code.startswith("T01")
        await it.open(case.id)
        await expect(it.desk.locator(".doubt")).to_contain_text("sensor", ignore_case=True)
        await expect(it.desk.locator(".causes > li").first).to_contain_text("sensor has aged", ignore_case=True)
        wish = await it.propose("visit", "the water stays cold", part=HEATER)
        await expect(wish.get_by_role("alert")).to_contain_text("Not done")
        await expect(it.desk.locator("[data-proposal]")).to_have_count(0)
        await it.shot("sensor")
        await it.propose("visit", "the sensor has aged", part="NTC-10K")
        await it.decide("approve", "the plausibility says so")
        await expect(it.owner.locator("#main")).to_contain_text("Water temperature sensor")
        assert (await it.proposal()).part == "NTC-10K"


async def test_the_fault_that_a_fix_from_afar_cures(tmp_path: Path) -> None:
    """A workshop put another pump in; the dishwasher takes it for a worn one until it learns what is normal anew. Ada
    sees the desk come and go, and nobody drives anywhere."""
    async with story(tmp_path, "dishwasher", settings={"program": 2}) as it:
        plant: Any = it.world.plant
        it.world.say("consent service yes")
        await it.runs(LEARNED_S)
        plant.set["pump"] = 1
        await it.runs(WASH_S - LEARNED_S)
        plant.set["off_s"] = it.world.now_s
        case = await it.happens(it.world.now_s + 60)
        assert case.code.startswith("C02-5")
        await it.open(case.id)
        await it.propose("remote_fix", "a workshop put a pump in", fix="relearn")
        await it.decide("approve", "it costs nothing and can be taken back")
        proposal = await it.proposal()
        number = (await it.by_hand(case, sessions.begin, FOR_S, "the new pump is not known yet")).id
        await it.talks(lambda: it.is_now(RemoteSessionRow, OPEN))
        await expect(it.owner.get_by_role("button", name="Stop")).to_be_visible()
        await it.shot("remote-fix")
        await it.by_hand(case, acts.fix, number, acts.Wish(acts.FIX, "relearn", "the pump is new", proposal.id))
        await it.talks(lambda: it.is_now(RemoteActRow, acts.VERIFYING))
        await it.by_hand(case, sessions.stop, number, ids.END_DESK, "done")
        await expect(it.owner.get_by_role("button", name="Stop")).to_be_hidden()
        await expect(it.desk.locator(".hero .pill", has_text="Resolved")).to_have_count(0)  # done is not yet mended
        for _ in range(2):
            plant.set |= {"start_s": it.world.now_s + 5, "off_s": it.world.now_s + WASH_S}
            await it.runs(WASH_S + 60)
        await it.talks(lambda: it.is_now(RemoteActRow, acts.HELPED))
        await expect(it.desk.locator(".hero .pill").first).to_have_text("Resolved")
        await expect(it.desk.locator("[data-proposal] [data-state]").first).to_have_text("Done")
        async with it.cloud.store.reading() as session:
            [outcome] = await session.scalars(select(OutcomeRow))
            assert not list(await session.scalars(select(VisitRow)))
        assert (outcome.kind, outcome.visit, outcome.by) == ("fixed", False, "system")
        await it.shot("remote-fix-end")


async def test_the_owner_who_declines_keeps_the_warranty(tmp_path: Path) -> None:
    async with story(tmp_path, "oven", [("element_top_open", 900)]) as it:
        case = await it.happens(1500)
        await it.open(case.id)
        await it.propose("visit", "the element is open", part="EL-1600")
        newest = await it.decide("approve", "as measured")
        await it.owner.get_by_role("button", name="No, thank you").click()
        await expect(it.owner.locator("#main")).to_contain_text("declined, warranty unchanged", ignore_case=True)
        await expect(newest.locator("[data-state]")).to_have_text("Declined, warranty unchanged")
        await expect(it.desk.locator(".timeline")).to_contain_text("declined, warranty unchanged", ignore_case=True)
        await expect(newest).to_contain_text("under warranty")  # the same as before
        await it.shot("declined")
        await it.decide("reopen", "she asks for it after all")
        await expect(newest.locator("[data-state]")).to_have_text("To be decided")
        newest = await it.decide("approve", "as before")
        await expect(it.owner.get_by_role("button", name="Yes, please")).to_be_visible()
        await expect(it.owner.locator("#main")).to_contain_text("your warranty bears it")


async def test_the_hazard_pages_a_human_at_once(tmp_path: Path) -> None:
    """A relay's contact has welded: the oven switches itself off, and somebody on call knows within seconds."""
    async with story(tmp_path, "oven", [("relay_welded", 600)]) as it:
        case = await it.happens(2700)
        assert case.hazard
        [page, *_] = await it.told("/duty")
        assert page["title"].startswith("HAZARD")
        assert f"/case/{case.id}" in page["message"]
        assert "Ada" not in json.dumps(page)
        [mail, *_] = await it.told("/mail")
        assert "Ada's oven" in mail["title"]
        first = it.desk.locator(".list > a").first
        await expect(first).to_have_class(re.compile("hazard"))
        await it.open(case.id)
        await expect(it.desk.locator(".answer")).to_contain_text("person decides now")
        await it.shot("hazard")
        await it.desk.get_by_role("button", name="Take it").click()
        await expect(it.desk.locator('[data-card="work"]')).to_contain_text("You have it")
        async with it.cloud.store.writing() as session:
            [row] = await session.scalars(select(PageRow))
            row.due_at = row.made_at  # the next page would be due now
        async with asyncio.timeout(PATIENCE_S):
            while row.state != TAKEN:
                await asyncio.sleep(0.1)
                async with it.cloud.store.reading() as session:
                    row = await session.get_one(PageRow, row.id)
        assert len(await it.told("/duty")) == 1
