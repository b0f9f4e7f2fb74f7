"""The owner's page in a real browser: from the sticker to a decision, live, on a phone, in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import browser
import httpx
import pytest
import pytest_asyncio
import seeded
from my_kit import OwnPages, signed_in
from playwright.async_api import Browser, Page, expect
from seeded import OWNER, OWNER_PASSWORD, Vendor
from trivet import api, desk
from trivet.consent import requests, security, state
from trivet.registry import Identity
from trivet.store.privacy import RequestRow
from trivet.store.tables import ConsentRow, DeviceRow, utcnow
from trivet_wire import ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]


@dataclass(kw_only=True)
class House(OwnPages):
    """A served cloud, Ada with an oven that has lived a week, a browser and a phone of hers."""

    vendor: Vendor
    chromium: Browser
    oven: Identity


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path_factory.mktemp("cloud")) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        await seeded.add_past(vendor, oven.device)
        await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            desktop, phone = await signed_in(chromium, url), await signed_in(chromium, url, phone=True)
            yield House(vendor=vendor, url=url, chromium=chromium, oven=oven, desktop=desktop, phone=phone)


def card(page: Page, heading: str) -> object:
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=heading, exact=True))


async def confirm(house: House, purpose: int, granted: bool) -> None:
    """What ingest writes when the appliance confirms a decision."""
    async with house.vendor.store.writing() as session:
        row = await session.get_one(DeviceRow, house.oven.device)
        row.consent_seq += 1
        row.consent_mask = row.consent_mask | 1 << purpose if granted else row.consent_mask & ~(1 << purpose)
        made = ConsentRow(
            device=row.id,
            consent_seq=row.consent_seq,
            purpose=purpose,
            granted=granted,
            mask=row.consent_mask,
            text_hash=0,
            language="en",
            channel=2,
            at=utcnow(),
        )
        session.add(made)
        await session.flush()
        await requests.confirmed(session, row.id, state.decision(made))


async def test_the_sticker_opens_an_account_and_the_page_says_what_is_allowed(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven at Bea's", None)
    page = await browser.new_page(house.chromium, phone=True, language="de")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{house.url}/claim#{oven.device}-{oven.claim_secret}")
    await expect(page.get_by_label("Gerätenummer")).to_have_value(oven.device)
    await expect(page.get_by_label("Anmeldegeheimnis")).to_have_value(oven.claim_secret)
    assert oven.claim_secret not in page.url
    assert not any(oven.claim_secret in url for url in asked)
    await page.get_by_label("Ihr Name").fill("Bea Lind")
    await page.get_by_label("E-Mail-Adresse").fill("bea@example.com")
    await page.get_by_label("Passwort wählen").fill("ein warmer Ofen")
    await browser.shot(page, "claim_phone_de")
    await page.get_by_role("button", name="Anmelden").click()
    await page.wait_for_url(f"**/my/{oven.device}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Oven at Bea's")
    await expect(page.get_by_role("switch", name="Kundendienst")).to_be_visible()
    await expect(page.locator(".log").first).to_contain_text("Es hat nichts gesendet.")
    await page.goto(f"{house.url}/my/{house.oven.device}")  # Ada's
    await expect(page.get_by_role("heading", name="Das ist keines Ihrer Geräte")).to_be_visible()
    await expect(page.get_by_role("switch")).to_have_count(0)
    await page.context.close()


async def test_somebody_with_an_account_signs_in_first_and_the_sticker_is_not_forgotten(house: House) -> None:
    second = await seeded.add_oven(house.vendor, "Oven in the garden house", None)
    page = await browser.new_page(house.chromium)
    await page.goto(f"{house.url}/claim#{second.device}-{second.claim_secret}")
    await page.get_by_role("link", name="I have an account").click()
    await page.get_by_label("Mail address").fill(OWNER)
    await page.get_by_label("Password").fill(OWNER_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Device id")).to_have_value(second.device)
    await expect(page.locator(".into")).to_contain_text(OWNER)
    await page.get_by_role("button", name="Register").click()
    await page.wait_for_url(f"**/my/{second.device}")
    await page.goto(f"{house.url}/my")
    await expect(page.locator(".list.own a")).to_have_count(2)
    await expect(page.locator(".list.own a").first).to_contain_text("The upper element does not heat")
    await browser.shot(page, "my_list")
    await house.vendor.registry.release(second.device)
    await expect(page.locator(".list.own a")).to_have_count(1)  # without a reload
    await page.context.close()


async def test_the_page_says_what_is_wrong_what_was_sent_and_why_and_who_looked(house: House) -> None:
    async with house.page() as page:
        for text in ("The upper element does not heat", seeded.CODES[seeded.ELEMENT], "Switched off: Top heat"):
            await expect(page.locator(".trouble")).to_contain_text(text)
        sent, looked, happened = (page.locator("section.log").nth(n) for n in range(3))
        line = sent.locator("li").filter(has=page.get_by_text(f"Fault {seeded.CODES[seeded.ELEMENT]}", exact=True))
        await expect(line).to_contain_text("to support, 49 bytes, because you allowed “Service”")
        await expect(sent).to_contain_text("1 message was thrown away unread: you had not agreed.")
        await expect(sent.locator("li")).to_have_count(5)
        await sent.get_by_role("button", name=f"Show all {len(seeded.MESSAGES)}").click()
        await expect(sent.locator("li")).to_have_count(len(seeded.MESSAGES))
        await expect(sent.locator("li").last).to_contain_text("so that your decision holds here too")
        await expect(looked).to_contain_text("desk looked at case 1")
        await expect(happened).to_contain_text("Thrown away: you had not agreed")
        await expect(page.locator(".rows")).to_contain_text("10 years")
        await browser.shot(page, "my_desktop_light")


async def test_a_decision_is_pending_then_synced_without_a_reload(house: House) -> None:
    async with house.page(dark=True) as page:
        improve = page.get_by_role("switch", name="Better products")
        item = page.locator("li.purpose", has=improve)
        await expect(improve).to_have_attribute("aria-checked", "false")
        await expect(item).to_contain_text("Now and then a few figures")  # the text stands there before the yes
        await improve.click()
        await expect(item).to_contain_text("Pending")
        await expect(item).to_contain_text("Until it does, nothing more is sent")
        await expect(improve).to_have_attribute("aria-checked", "true")
        await expect(page.locator("section.log").nth(2)).to_contain_text("Your yes to “Better products” was sent to it")
        await browser.shot(page, "my_pending_dark")
        await confirm(house, ids.IMPROVE, True)
        await expect(item).to_contain_text("Synced: in your account")
        await improve.click()  # withdrawing is the same one press
        await expect(item).to_contain_text("We use nothing of this from now on")
        await confirm(house, ids.IMPROVE, False)
        await expect(item).to_contain_text("Not allowed · Synced")


async def test_a_refused_decision_says_so(house: House) -> None:
    async with house.page() as page:
        personal = page.get_by_role("switch", name="For you")
        await personal.click()
        item = page.locator("li.purpose", has=personal)
        await expect(item).to_contain_text("Pending")
        async with house.vendor.store.writing() as session:
            [open_] = [one for one in await requests.of(session, house.oven.device) if one.state == "pending"]
            counter = (await session.get_one(RequestRow, open_.id)).counter
            assert counter is not None
            await requests.answered(session, house.oven.device, counter, ids.R_FULL)
        await expect(item).to_contain_text("did not take your decision: no room in its memory")
        await expect(personal).to_have_attribute("aria-checked", "false")


async def test_an_old_flash_put_back_is_said_in_plain_words(house: House) -> None:
    async with house.vendor.store.writing() as session:
        await security.record(session, house.oven.device, security.LEDGER, "An old flash was put back: its count fell.")
    for language, words in (("en", "Its memory was changed or put back"), ("de", "Sein Speicher wurde verändert")):
        async with house.page(language=language) as page:
            await expect(page.locator("section.log li.security").first).to_contain_text(words)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_phone_never_scrolls_sideways_and_every_text_has_contrast(house: House, language: str) -> None:
    for path in ("/my", "/my/0000000000000000"):
        async with house.page(path, phone=True, language=language) as page:
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                await page.wait_for_timeout(250)  # colours move
                assert await page.evaluate(browser.FAINT) == [], f"{path} {scheme}"
            assert await page.evaluate(browser.OVERFLOW) == [0, []], path
            await browser.shot(page, f"my_phone_{language}_{path.count('0')}")


async def test_fingers_find_every_control(house: House) -> None:
    """At least 24 by 24 px with air, as WCAG 2.2 asks (2.5.8); switches and buttons 44 high with their margin."""
    small = """() => [...document.querySelectorAll("main a, main button, main summary")].filter((e) => e.offsetParent)
      .map((e) => [e.textContent.trim() || e.ariaLabel, e.getBoundingClientRect()])
      .filter(([, box]) => box.height < 24 || box.width < 24)
      .map(([name, box]) => `${name} ${box.width}×${box.height}`)"""
    async with house.page(phone=True) as page:
        assert await page.evaluate(small) == []


async def test_keyboard_alone_is_enough_and_the_focus_stays(house: House) -> None:
    async with house.page() as page:
        offers = page.get_by_role("switch", name="Offers")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await offers.evaluate("(one) => one === document.activeElement"):
                break
        await expect(offers).to_be_focused()
        assert await offers.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        await page.keyboard.press("Space")
        await expect(offers).to_have_attribute("aria-checked", "true")
        await expect(offers).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(offers).to_have_attribute("aria-checked", "false")
        await confirm(house, ids.OFFERS, False)


async def test_pages_ask_no_other_server_and_run_clean(house: House) -> None:
    hosts: set[str] = set()
    trouble: list[str] = []
    page = await house.desktop.new_page()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    for path in ("/my", "/claim", "/my/password"):
        await page.goto(house.url + path)
        await page.wait_for_timeout(300)
    assert hosts - {""} == {urlsplit(house.url).netloc}
    assert trouble == []
    await page.close()


async def test_what_people_type_is_text_never_markup(house: House) -> None:
    nasty = "<img src=x onerror=\"document.title='owned'\"> {{ 7 * 7 }}"
    async with house.vendor.store.writing() as session:
        (await session.get_one(DeviceRow, house.oven.device)).name = nasty
        await security.record(session, house.oven.device, nasty[:24], nasty)
    async with house.page() as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text(nasty)
        assert await page.title() != "owned"
        assert await page.locator("main img").count() == 0
    async with httpx.AsyncClient(base_url=house.url) as web:
        form = {"device": nasty, "secret": nasty, "name": nasty, "mail": nasty, "password": "x"}
        answer = await web.post("/claim", data=form)
        assert "<img" not in answer.text
    async with house.vendor.store.writing() as session:
        (await session.get_one(DeviceRow, house.oven.device)).name = "Oven in the kitchen"
