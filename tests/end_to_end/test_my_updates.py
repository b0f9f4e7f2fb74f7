"""Updates on the owner's page in a real browser: what is offered and why, their word on it, hours without updates, and
what came of earlier ones; by keyboard, on a phone, in both languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import browser
import pytest
import pytest_asyncio
import seeded
import updates_seed as seed
from my_kit import OwnPages, signed_in
from playwright.async_api import Locator, Page, expect
from seeded import Vendor
from trivet import api, desk
from trivet.registry import Identity
from trivet.store.tables import CommandRow
from trivet.store.updates import CONFIRMED, DOWNLOADING, ROLLED_BACK, TRIAL, OfferRow, ReleaseRow, UpdateHoursRow
from trivet_wire import cbor, ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]


@dataclass(kw_only=True)
class House(OwnPages):
    """Ada's browsers, and three ovens of hers: a feature offered, a security update offered, nothing offered."""

    vendor: Vendor
    feature: Identity
    security: Identity
    calm: Identity
    offers: dict[str, int]

    @asynccontextmanager
    async def updates(self, oven: Identity, **how: Any) -> AsyncIterator[Page]:
        """The page of one oven, as `OwnPages.page`."""
        async with self.page(f"/my/{oven.device}", drawn=".updates-card h2", **how) as page:
            yield page

    async def command(self, oven: Identity, counter: int) -> CommandRow:
        async with self.vendor.store.reading() as session:
            return await session.get_one(CommandRow, (oven.device, counter))

    async def bundle(self, name: str) -> str:
        """SHA-256 of what an offer brings."""
        async with self.vendor.store.reading() as session:
            release = await session.get_one(ReleaseRow, (await session.get_one(OfferRow, self.offers[name])).release)
        return str(release.components_json[0]["digest"])

    async def offer(self, name: str) -> OfferRow:
        async with self.vendor.store.reading() as session:
            return await session.get_one(OfferRow, self.offers[name])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path_factory.mktemp("cloud")) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        feature, security, calm = [await seeded.add_oven(vendor, f"Oven {n}", None) for n in "ABC"]
        await seeded.add_owner(vendor, app.state.accounts, feature, security, calm)
        old, older = await seed.add_release(vendor, "1.5.0", 5), await seed.add_release(vendor, "1.4.9", 4)
        await seed.ended(vendor, feature.device, older, CONFIRMED, days=40)
        what = {"event": seeded.ELEMENT, "trial_s": 5400, "trial_cycles": 1}
        await seed.ended(vendor, feature.device, old, ROLLED_BACK, ids.R_FAULT, days=9, **what)
        new, fix = await seed.add_release(vendor, "1.6.0", 6), await seed.add_release(vendor, "1.6.1", 7, days=12)
        numbers = {
            "feature": await seed.offered(vendor, feature.device, new),
            "security": await seed.offered(vendor, security.device, fix),
        }
        async with browser.serving(app) as url, browser.chromium() as chromium:
            desktop = await signed_in(chromium, url)
            phone = await signed_in(chromium, url, phone=True)
            yield House(
                vendor=vendor,
                url=url,
                feature=feature,
                security=security,
                calm=calm,
                desktop=desktop,
                phone=phone,
                offers=numbers,
            )


def card(page: Page) -> Locator:
    return page.locator(".updates-card")


async def test_an_offered_feature_says_what_it_is_and_waits_for_a_yes(house: House) -> None:
    async with house.updates(house.feature) as page:
        shown = card(page)
        for text in ("Version 1.6.0", "New features", "more evenly", "at most", "It waits for your yes", "restarts"):
            await expect(shown).to_contain_text(text)
        for before in ("Version 1.4.9 · Installed", "Version 1.5.0 · Tried and taken back", "not there before"):
            await expect(shown).to_contain_text(before)
        await expect(shown).to_contain_text(seeded.CODES[seeded.ELEMENT])
        await browser.shot(page, "updates_feature_light")


async def test_a_yes_is_pending_until_the_appliance_confirms_it(house: House) -> None:
    async with house.updates(house.feature, dark=True) as page:
        await card(page).get_by_role("button", name="Install it").click()
        await expect(card(page)).to_contain_text("Pending · You said yes")
        await browser.shot(page, "updates_pending_dark")
        row = await house.offer("feature")
        assert row.answer_counter is not None
        command = await house.command(house.feature, row.answer_counter)
        assert (command.command, command.grant) == (ids.C_ANSWER, ids.G_ACCOUNT)
        assert cbor.decode(command.args) == [bytes.fromhex(row.payload or "")[:8], ids.A_YES, 0]
        await seed.answer(house.vendor, house.feature.device, row.answer_counter)
        await expect(card(page)).to_contain_text("Your appliance knows.")
        await seed.change(house.vendor, row.id, state=DOWNLOADING, fetched_json={}, served=1)
        await expect(card(page)).to_contain_text("It is being fetched.")
        release = await house.bundle("feature")
        await seed.change(house.vendor, row.id, fetched_json={release: 5000}, served=5000)
        await expect(card(page)).to_contain_text("It is being fetched: 25 %")
        await seed.change(house.vendor, row.id, state=TRIAL)
        await expect(card(page)).to_contain_text("on trial")
        await expect(card(page).get_by_role("button", name="No, thank you")).to_have_count(0)


async def test_a_security_update_can_be_put_off_and_not_declined(house: House) -> None:
    async with house.updates(house.security) as page:
        shown = card(page)
        await expect(shown).to_contain_text("Security update")
        await expect(shown).to_contain_text("on it installs at the first safe moment")
        await expect(shown.get_by_role("button", name="No, thank you")).to_have_count(0)
        await shown.get_by_label("Wait for").select_option("three days")
        await shown.get_by_role("button", name="Not now").click()
        await expect(shown).to_contain_text("You want it to wait until")
        row = await house.offer("security")
        assert row.answer == ids.A_LATER
        assert row.answer_at is not None
        assert 2.9 < (row.answer_until - row.answer_at.timestamp()) / 86400 < 3.1
        assert row.answer_counter is not None
        await seed.answer(house.vendor, house.security.device, row.answer_counter)
        await browser.shot(page, "updates_security_light")
        await shown.get_by_role("button", name="Do not wait").click()
        await expect(shown).to_contain_text("You said yes")


async def test_hours_are_marked_saved_and_confirmed_by_keyboard_alone(house: House) -> None:
    async with house.updates(house.calm) as page:
        shown = card(page)
        await expect(shown).to_contain_text("No update is offered now.")
        summary = shown.locator("summary")
        await summary.focus()
        await page.keyboard.press("Enter")
        for hour in (22, 23, 0):
            button = shown.get_by_role("button", name=f"{hour} to {hour + 1} o'clock")
            await button.focus()
            await page.keyboard.press("Space")
            await expect(button).to_have_attribute("aria-pressed", "true")
            await expect(button).to_be_focused()
        await shown.get_by_role("button", name="Save these hours").focus()
        await page.keyboard.press("Enter")
        await expect(summary).to_contain_text("22–1 h")
        await expect(shown).to_contain_text("Until then it keeps to: none.")
        async with house.vendor.store.reading() as session:
            row = await session.get_one(UpdateHoursRow, house.calm.device)
        east = await page.evaluate("() => -new Date().getTimezoneOffset()")
        zone = await page.evaluate("() => Intl.DateTimeFormat().resolvedOptions().timeZone")
        assert (row.mask, row.minutes, row.zone) == (1 << 22 | 1 << 23 | 1, east, zone)
        assert row.counter is not None
        command = await house.command(house.calm, row.counter)
        assert (command.command, cbor.decode(command.args)) == (ids.C_HOURS, [row.mask, east])
        await browser.shot(page, "updates_hours_pending")
        await seed.answer(house.vendor, house.calm.device, row.counter)
        await page.reload()
        await expect(card(page)).to_contain_text("Your appliance keeps to them.")


async def test_four_hours_must_stay_free(house: House) -> None:
    async with house.updates(house.calm) as page:
        shown = card(page)
        await shown.locator("summary").click()
        for hour in range(24):
            button = shown.get_by_role("button", name=re.compile(rf"^{hour} to "))
            if (await button.get_attribute("aria-pressed") == "true") != (hour < 21):
                await button.click()
        await expect(shown.get_by_role("alert").first).to_contain_text("At least four hours must stay free")
        await expect(shown.get_by_role("button", name="Save these hours")).to_have_count(0)
        await shown.get_by_role("button", name="Mark none").click()
        await expect(shown.get_by_role("button", name="Save these hours")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_phone_never_scrolls_sideways_and_every_text_has_contrast(house: House, language: str) -> None:
    for name, oven in (("feature", house.feature), ("security", house.security), ("calm", house.calm)):
        async with house.updates(oven, phone=True, language=language) as page:
            await card(page).locator("summary").click()
            for dark in (False, True):
                await page.emulate_media(color_scheme="dark" if dark else "light")
                await page.wait_for_timeout(250)  # colours move
                assert await page.evaluate(browser.FAINT) == [], (name, dark)
            assert await page.evaluate(browser.OVERFLOW) == [0, []], name
            await browser.shot(page, f"updates_phone_{language}_{name}")


async def test_fingers_find_every_control(house: House) -> None:
    small = """() => [...document.querySelectorAll(".updates-card :is(button, select, summary)")]
      .filter((e) => e.offsetParent).map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
      .filter(([, box]) => box.height < 24 || box.width < 24)
      .map(([name, box]) => `${name} ${box.width}×${box.height}`)"""
    async with house.updates(house.security, phone=True) as page:
        await card(page).locator("summary").click()
        assert await page.evaluate(small) == []


async def test_an_offline_appliance_and_an_update_taken_back_are_said(house: House) -> None:
    late = await seed.add_release(house.vendor, "1.7.0", 8)
    number = await seed.offered(house.vendor, house.calm.device, late, taken=False)
    from trivet.store.tables import DeviceRow
    from trivet.updates import give

    async with house.vendor.store.writing() as session:
        (await session.get_one(DeviceRow, house.calm.device)).connected = False
    async with house.updates(house.calm, language="de") as page:
        await expect(card(page)).to_contain_text("Ihr Gerät weiß noch nicht davon.")
        await expect(card(page)).to_contain_text("Schalten Sie es ein")
        await give.withdraw(house.vendor.store, house.calm.device, number, "ines")
        await expect(card(page)).to_contain_text("Version 1.7.0 · Vom Hersteller zurückgezogen")
        await expect(card(page)).to_contain_text("Gerade wird kein Update angeboten.")
