"""The owner sees in a real browser that the service desk is connected, until when and what it does, and stops it with
one button: on a phone too, in both languages, dark and light, without a reload."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import browser
import pytest
import seeded
from playwright.async_api import expect
from seeded import OWNER, OWNER_PASSWORD
from trivet import api, desk
from trivet.store.remote import ENDED, OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import utcnow
from trivet_wire import ids

pytestmark = pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine")


async def test_the_owner_sees_the_desk_at_their_appliance_and_stops_it(tmp_path: Path) -> None:
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            context = await browser.new_context(chromium)
            page = await context.new_page()
            await page.goto(url + "/my")
            await page.get_by_label("Mail address").fill(OWNER)
            await page.get_by_label("Password").fill(OWNER_PASSWORD)
            await page.keyboard.press("Enter")
            await page.wait_for_selector(".switch")
            await expect(page.locator(".remote-card")).to_be_hidden()
            now = utcnow()
            async with vendor.store.writing() as session:
                row = RemoteSessionRow(
                    device=oven.device,
                    case=case,
                    state=OPEN,
                    by="ida",
                    why="the upper element stays cold",
                    seconds=900,
                    counter=999,
                    asked_at=now,
                    begun_at=now,
                    until=now + dt.timedelta(minutes=15),
                )
                session.add(row)
                await session.flush()
                number = row.id
                session.add(
                    RemoteActRow(
                        session=number,
                        case=case,
                        what="test",
                        name="top_element",
                        by="ida",
                        why="x",
                        counter=1000,
                        state="running",
                    )
                )
            await page.reload()
            card = page.locator(".remote-card")
            await expect(card).to_contain_text("The service desk is connected")
            await expect(card).to_contain_text("the upper element stays cold")
            await expect(card).to_contain_text("runs now")
            for dark in (False, True):
                await page.emulate_media(color_scheme="dark" if dark else "light")
                await browser.shot(page, f"my-remote-{'dark' if dark else 'light'}")
            await page.set_viewport_size({"width": 390, "height": 844})
            await context.add_cookies([{"name": "trivet_language", "value": "de", "url": url}])
            await page.reload()
            await expect(card).to_contain_text("Der Kundendienst ist verbunden")
            await browser.shot(page, "my-remote-phone-de")
            await card.get_by_role("button", name="Jetzt beenden").press("Enter")
            await expect(card).to_contain_text("Sie haben es hier beendet.")
            await expect(card.get_by_role("button")).to_be_hidden()
            async with vendor.store.reading() as session:
                found = await session.get_one(RemoteSessionRow, number)
            assert (found.state, found.ended_by) == (ENDED, ids.END_ACCOUNT)
