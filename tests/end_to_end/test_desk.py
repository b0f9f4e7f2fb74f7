"""The desk in a real browser: what an agent sees in five seconds, and that it stays true without a reload."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import browser
import httpx
import pytest
import pytest_asyncio
import seeded
from playwright.async_api import Browser, BrowserContext, Page, expect
from seeded import PASSWORD, USER, Vendor
from trivet import api, desk
from trivet.consent import requests, security, uses
from trivet.store.tables import CaseEventRow, CaseRecord, utcnow
from trivet_wire import ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]


@dataclass
class Desk:
    """A served desk, its cloud, a browser, and the numbers of the cases in it. Agents share one browser's cache."""

    vendor: Vendor
    url: str
    chromium: Browser
    desktop: BrowserContext
    phone: BrowserContext
    cases: dict[str, int]

    @asynccontextmanager
    async def agent(self, path: str = "/", *, phone: bool = False, dark: bool = False) -> AsyncIterator[Page]:
        """A page of somebody who has logged in and sees `path`."""
        context = self.phone if phone else self.desktop
        await context.clear_cookies(name=re.compile("trivet_(theme|language)"))
        page = await context.new_page()
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await self.look(page, path)
        yield page
        await page.close()

    async def a_device(self) -> str:
        """The path of one appliance's page."""
        async with self.vendor.store.reading() as session:
            record = await session.get_one(CaseRecord, self.cases["element"])
        return f"/device/{record.device}"

    async def look(self, page: Page, path: str) -> None:
        """Go to `path` and wait until it is drawn and live."""
        await page.goto(self.url + path)
        await page.wait_for_selector(".list > a, .hero, .empty h2, .case-head h1")
        await page.wait_for_function("() => window.socket?.connected")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with seeded.open_vendor(tmp_path_factory.mktemp("cloud")) as vendor:
        cases = await seeded.seed(vendor)
        app = api.create(vendor)
        desk.mount(app)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            desktop, phone = await browser.new_context(chromium), await browser.new_context(chromium, phone=True)
            for context in (desktop, phone):
                page = await context.new_page()
                await browser.sign_in(page, url, USER, PASSWORD)
                await page.close()
            yield Desk(vendor, url, chromium, desktop, phone, cases)


async def test_nobody_sees_anything_without_a_login(served: Desk) -> None:
    async with httpx.AsyncClient(base_url=served.url) as web:
        for path in ("/", f"/case/{served.cases['door']}", "/devices", "/no/such/page"):
            answer = await web.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=")
        for path in ("/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/api/cases"):
            assert (await web.get(path)).status_code == 401
        elsewhere = await web.post(
            "/login", data={"user": USER, "password": PASSWORD, "next": "https://elsewhere.example/"}
        )
        assert elsewhere.headers["location"] == "/"
        assert "HttpOnly" in elsewhere.headers["set-cookie"]
        assert "samesite=lax" in elsewhere.headers["set-cookie"].lower()


async def test_login_says_what_is_wrong_and_returns_to_the_page_asked_for(served: Desk) -> None:
    page = await browser.new_page(served.chromium)
    await page.goto(f"{served.url}/devices")
    await page.get_by_label("Login").fill(USER)
    await page.get_by_label("Password").fill("guess")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("not right")
    assert await page.evaluate("document.activeElement.id") == "password"
    await browser.shot(page, "login_wrong")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Appliances")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    await page.goto(f"{served.url}/devices")
    await expect(page.get_by_label("Password")).to_be_visible()
    await page.context.close()


async def test_queue_shows_hazards_first_and_what_to_do(served: Desk) -> None:
    async with served.agent() as page:
        lines = page.locator(".list > a")
        await expect(lines).to_have_count(4)
        await expect(lines.first).to_contain_text("The door may open while the oven is hot")
        await expect(lines.first).to_contain_text("Hazard")
        await expect(lines.first).to_contain_text("A person decides")
        line = page.locator(f'a[data-key="{served.cases["element"]}"]')
        for text in (
            "The upper element does not heat",
            seeded.CODES[seeded.ELEMENT],
            "Ada Feldmann",
            "Oven in the kitchen",
            "Upper element is open",
            "91 %",
            "Part and visit",
            "Serious",
        ):
            await expect(line).to_contain_text(text)
        await browser.shot(page, "queue_light")


async def test_a_new_case_appears_without_reload_and_leaves_the_other_lines_alone(served: Desk) -> None:
    async with served.agent() as page:
        await expect(page.locator(".list > a")).to_have_count(4)
        await page.evaluate("document.querySelectorAll('.list > a').forEach((line) => line.mark = line.firstChild)")
        oven = await seeded.add_oven(served.vendor, "Oven 4th floor", "Mara Lind")
        number = await seeded.add_case(served.vendor, oven.device, seeded.ELEMENT, ago=dt.timedelta())
        started = time.perf_counter()
        line = page.locator(f'a[data-key="{number}"]')
        await expect(line).to_contain_text("Mara Lind")
        seconds = time.perf_counter() - started
        assert seconds < 3, f"took {seconds:.1f} s"
        await browser.shot(page, "queue_arrived")
        untouched = (
            "[...document.querySelectorAll('.list > a')].filter((line) => line.mark && line.mark === line.firstChild)"
        )
        assert await page.evaluate(f"{untouched}.length") == 4
        assert await page.evaluate("[...document.querySelectorAll('.list > a')].map((line) => line.dataset.key)") == [
            str(n)
            for n in (
                served.cases["door"],
                number,
                served.cases["element"],
                served.cases["sensor"],
                served.cases["fan"],
            )
        ]
        async with served.vendor.store.writing() as session:
            record = await session.get(CaseRecord, number)
            assert record is not None
            record.state, record.updated_at = "resolved", utcnow()
            session.add(CaseEventRow(case=number, actor="agent", kind="resolved", text="Fixed"))
        await expect(line).to_have_count(0)
        await page.get_by_role("button", name="Resolved").click()
        await expect(line).to_have_count(1)


async def test_search_and_tabs_narrow_the_queue(served: Desk) -> None:
    async with served.agent() as page:
        await page.keyboard.press("/")
        await page.keyboard.type("bakery drifts")
        await expect(page.locator(".list > a")).to_have_count(1)
        await expect(page.locator(".list > a")).to_contain_text(seeded.CODES[seeded.SENSOR])
        await page.keyboard.type(" nobody")
        await expect(page.get_by_role("searchbox")).to_have_value("bakery drifts nobody")
        await expect(page.get_by_role("status")).to_contain_text("No case matches")
        await expect(page.locator(".list")).to_be_hidden()
        await browser.shot(page, "queue_no_match")


async def test_case_says_who_what_why_and_what_next(served: Desk) -> None:
    async with served.agent(f"/case/{served.cases['element']}") as page:
        main = page.get_by_role("main")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The upper element does not heat")
        await expect(page.locator(".hero")).to_contain_text(seeded.CODES[seeded.ELEMENT])
        await expect(page.get_by_label("NE 107: Failure")).to_be_visible()
        await expect(page.locator(".do")).to_contain_text("Part and visit")
        await expect(page.locator(".functions.off")).to_contain_text("Top heat")
        await expect(page.locator(".functions.off")).to_contain_text("Self-cleaning")
        await expect(page.locator(".functions.on")).to_contain_text("Bottom heat")
        causes = page.locator(".causes > li")
        await expect(causes).to_have_count(4)
        await expect(causes.first).to_contain_text("Upper element is open")
        await expect(causes.first).to_contain_text("91 %")
        await expect(causes.first).to_contain_text("one element carries nothing")
        for text in ("Ada Feldmann", "HE-2217-03", "64.90 EUR", "Found it by itself", "Measure the element"):
            await expect(main).to_contain_text(text)
        await expect(main.get_by_role("link", name="ada.feldmann@example.com")).to_be_visible()
        assert await page.locator(".banner.warn").count() == 0


async def test_evidence_is_plotted_with_units_limits_and_the_moment_of_the_fault(served: Desk) -> None:
    async with served.agent(f"/case/{served.cases['element']}") as page:
        plot = page.locator(".nicegui-echart svg")
        for text in ("Cavity temperature (°C)", "Heater current (A)", "280 °C  Too cold while heating", "fault"):
            await expect(plot.get_by_text(text, exact=True)).to_be_visible()
        await expect(plot.get_by_text("seconds before and after the fault was found")).to_be_visible()
        label = await page.locator(".nicegui-echart").get_attribute("aria-label")
        assert label is not None
        assert "limit 280 °C" in label
        await browser.shot(page, "case_element_light")


async def test_a_lying_sensor_is_named_before_anything_else(served: Desk) -> None:
    async with served.agent(f"/case/{served.cases['sensor']}", dark=True) as page:
        notice = page.locator(".banner.warn")
        await expect(notice).to_contain_text("The sensor may be lying")
        await expect(notice).to_contain_text("78 %")
        assert (await notice.bounding_box() or {})["y"] < (await page.locator(".answer").bounding_box() or {})["y"]
        await expect(page.locator(".nicegui-echart svg").get_by_text("not believed")).to_be_visible()
        await browser.shot(page, "case_sensor_dark")


async def test_a_case_follows_its_appliance_live(served: Desk) -> None:
    number = served.cases["fan"]
    async with served.agent(f"/case/{number}") as page:
        await expect(page.get_by_role("main")).to_contain_text("No evidence was sent")
        async with served.vendor.store.writing() as session:
            record = await session.get(CaseRecord, number)
            assert record is not None
            record.evidence_json, record.state = seeded.evidence(seeded.FAN, utcnow()), "escalating"
            record.inhibited, record.updated_at = 1 << seeded.FAN_FUNCTION, utcnow()
            session.add(CaseEventRow(case=number, actor="appliance", kind="evidence", text="Sent evidence late"))
        await expect(page.locator(".nicegui-echart svg").get_by_text("Core probe (°C)")).to_be_visible()
        await expect(page.locator(".hero")).to_contain_text("Escalating")
        await expect(page.locator(".functions.off")).to_contain_text("Hot air")
        await expect(page.locator(".timeline li").first).to_contain_text("Sent evidence late")
        await served.look(page, "/case/999999")
        await expect(page.get_by_role("main")).to_contain_text("There is no case 999999")


async def test_appliances_are_listed_with_owner_consent_and_cases(served: Desk) -> None:
    async with served.agent("/devices") as page:
        line = page.locator(".list > a", has_text="Oven in the kitchen")
        for text in ("Ada Feldmann", "1.4.2", "Safety", "Service"):
            await expect(line).to_contain_text(text)
        await expect(line.get_by_label("Online")).to_be_visible()
        await browser.shot(page, "devices_light")
        await line.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Oven in the kitchen")
        await expect(page.get_by_text("Nothing was refused, nothing disagrees.")).to_be_visible()
        await browser.shot(page, "device_light")
        await page.get_by_role("link", name="The upper element does not heat").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The upper element does not heat")


async def test_a_withdrawal_closes_the_case_page_and_says_so(served: Desk) -> None:
    """Live: the page that is open says it within seconds; everything else of that owner is gone from the desk too."""
    oven = await seeded.add_oven(served.vendor, "Oven that says no", "Nora Nein", "en")
    case = await seeded.add_case(served.vendor, oven.device, seeded.FAN)
    async with served.agent(f"/case/{case}") as page:
        await expect(page.get_by_role("heading", level=1)).to_contain_text("fan")
        async with served.vendor.store.writing() as session:
            await requests.decide(session, oven.device, "service", False)
            words = "It sent a heartbeat message that its owner's decision does not cover."
            await security.record(session, oven.device, security.CONSENT, words, reason=ids.R_CONSENT)
        await expect(page.get_by_text("The owner withdrew the consent to Service")).to_be_visible()
        await expect(page.get_by_text("fan")).to_have_count(0)
        await browser.shot(page, "case_withheld")
        await page.get_by_role("link", name="Everything on this appliance").click()
        await expect(page.get_by_text("No in the account, holds already")).to_be_visible()
        await expect(page.get_by_text("One open case is not shown")).to_be_visible()
        await expect(page.get_by_text("Sent without consent")).to_be_visible()
        await browser.shot(page, "device_withheld")
        await served.look(page, "/devices")
        await served.look(page, "/")
        await expect(page.locator(f'a[data-key="{case}"]')).to_have_count(0)
    async with served.vendor.store.reading() as session:
        lines = {(line.who, line.subject, line.purpose) for line in await uses.of(session, oven.device)}
    assert {(USER, name, "service") for name in (f"case {case}", "appliance", "list of appliances", "contact")} <= lines


async def test_a_phone_never_scrolls_sideways(served: Desk) -> None:
    async with served.agent(phone=True) as page:
        sensor, door = (f"/case/{served.cases[name]}" for name in ("sensor", "door"))
        oven = await served.a_device()
        for language, paths in (("de", ("/", "/devices", sensor, door, oven)), ("en", ("/", sensor))):
            await served.phone.add_cookies([{"name": "trivet_language", "value": language, "url": served.url}])
            for path in paths:
                await served.look(page, path)
                await browser.shot(page, f"phone_{language}{path.replace('/', '_')}")
                assert await page.evaluate(browser.OVERFLOW) == [0, []], path


async def test_every_text_has_contrast_in_light_and_dark(served: Desk) -> None:
    oven = await served.a_device()
    async with served.agent() as page:
        for path in ("/", "/devices", f"/case/{served.cases['sensor']}", f"/case/{served.cases['door']}", oven):
            await served.look(page, path)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                assert await page.evaluate(browser.FAINT) == [], f"{path} {scheme}"


async def test_colours_follow_the_system_until_one_chooses(served: Desk) -> None:
    async with served.agent(dark=True) as page:
        background = "getComputedStyle(document.body).backgroundColor"
        dark = await page.evaluate(background)
        await page.get_by_role("button", name="Light or dark").click()
        light = await page.evaluate(background)
        assert (dark, light) == ("rgb(14, 17, 21)", "rgb(245, 246, 248)")
        await page.reload()
        assert await page.evaluate(background) == light


async def test_keyboard_alone_is_enough(served: Desk) -> None:
    async with served.agent() as page:
        await expect(page.locator(".list > a").first).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("j")
        await expect(page.locator(".list > a").nth(0)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        second = page.locator(".list > a").nth(1)
        await expect(second).to_be_focused()
        assert await second.evaluate("(line) => getComputedStyle(line).outlineStyle") == "solid"
        address = await second.get_attribute("href")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{address}")
        await expect(page.locator(".hero")).to_be_visible()


async def test_german_is_one_key_away_and_stays(served: Desk) -> None:
    async with served.agent(f"/case/{served.cases['element']}") as page:
        await page.get_by_role("button", name="DE", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Das obere Heizelement heizt nicht")
        await expect(page.locator(".functions.off")).to_contain_text("Oberhitze")
        assert await page.evaluate("document.documentElement.lang") == "de"
        await page.goto(served.url)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Fälle")


async def test_pages_ask_no_other_server_and_run_clean(served: Desk) -> None:
    page = await browser.new_page(served.chromium)
    hosts: set[str] = set()
    trouble: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    await browser.sign_in(page, served.url, USER, PASSWORD, f"/case/{served.cases['element']}")
    await expect(page.locator(".nicegui-echart svg")).to_be_visible()
    await page.goto(f"{served.url}/devices")
    await expect(page.locator(".list > a").first).to_be_visible()
    assert hosts - {""} == {urlsplit(served.url).netloc}
    assert trouble == []
    await page.context.close()


async def test_what_people_type_is_text_never_markup(served: Desk) -> None:
    nasty = "<img src=x onerror=\"document.title='owned'\"> {{ 7 * 7 }}"
    oven = await seeded.add_oven(served.vendor, nasty, None)
    async with served.agent("/devices") as page:
        await expect(page.locator(".list > a", has_text="<img src=x")).to_contain_text("{{ 7 * 7 }}")
        assert "owned" not in await page.title()
        assert await page.locator("main img").count() == 0
        await served.vendor.registry.revoke(oven.device)
        await expect(page.locator(f'a[data-key="{oven.device}"]')).to_contain_text("Revoked")


async def test_a_desk_that_was_restarted_picks_the_page_up_again(tmp_path: Path, served: Desk) -> None:
    """Last: one process serves one desk at a time, and this one ends the desk of the other tests."""
    async with seeded.open_vendor(tmp_path) as vendor:
        oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
        for event in (seeded.ELEMENT, seeded.SENSOR):
            await seeded.add_case(vendor, oven.device, event)
            app = api.create(vendor)
            desk.mount(app)
            async with browser.serving(app) as url:
                page = await browser.new_page(served.chromium)
                await browser.sign_in(page, url, USER, PASSWORD)
                await expect(page.locator(".list > a")).to_have_count(event + 1)
                await page.context.close()
