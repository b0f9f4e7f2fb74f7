"""Where set-ups stop, in a real browser; and the copy of a case to hand on, from the desk's page."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import browser
import pytest
import seeded
from playwright.async_api import expect
from seeded import PASSWORD, USER
from sqlalchemy import update
from trivet import api, desk
from trivet.passwords import hash_password
from trivet.store.tables import DeviceRow, LoginRow, utcnow

pytestmark = pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine")


async def test_the_funnel_is_for_engineers_and_reads_on_a_phone_and_a_case_can_be_handed_on(tmp_path: Path) -> None:
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        async with vendor.store.writing() as session:
            session.add(LoginRow(user="eng", password_hash=hash_password(PASSWORD), role="engineer"))
        cases = await seeded.seed(vendor)
        for number in range(8):
            await seeded.add_oven(vendor, f"Oven {number}", None)
        async with vendor.store.writing() as session:  # nine of twelve were never registered, three went all the way
            await session.execute(update(DeviceRow).values(enrolled_at=utcnow() - dt.timedelta(days=30)))
        async with browser.serving(app) as url, browser.chromium() as chromium:
            page = await browser.new_page(chromium)
            await browser.sign_in(page, url, USER, PASSWORD, "/rates")
            await page.get_by_role("link", name="Where set-ups stop").click()
            await expect(page.locator(".setups")).to_contain_text("This page is for: engineer, privacy, admin.")
            await page.goto(f"{url}/case/{cases['element']}")
            async with page.expect_download() as started:
                await page.get_by_role("link", name="A copy to hand on, without names").click()
            with zipfile.ZipFile(io.BytesIO(Path(await (await started.value).path()).read_bytes())) as archive:
                assert {*archive.namelist()} == {"case.json", "frames.csv", "manifest.json"}
                assert b"Ada" not in archive.read("case.json")
            for language, phone, dark in (("en", False, False), ("de", True, True)):
                page = await browser.new_page(chromium, phone=phone, dark=dark, language=language)
                await browser.sign_in(page, url, "eng", PASSWORD, "/setups")
                steps = page.locator(".funnel li")
                await expect(steps).to_have_count(5)
                await expect(steps.nth(1).locator("b")).to_have_text("12")
                await expect(steps.nth(2).locator("b")).to_have_text("hidden" if language == "en" else "verborgen")
                assert await page.evaluate(browser.FAINT) == []
                assert await page.evaluate(browser.OVERFLOW) == [0, []]
                await browser.shot(page, f"setups_{language}")
