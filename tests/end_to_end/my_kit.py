"""Ada's own page in a real browser, for tests: signed in once on a desk and on a phone, then opened as a test wants it.
Takes a served cloud that knows her, gives pages that are drawn and live.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import browser
from playwright.async_api import Browser, BrowserContext, Page
from seeded import OWNER, OWNER_PASSWORD

DRAWN = ".switch, .own-list a, .empty h2, .door"


@dataclass(kw_only=True)
class OwnPages:
    """`url`: where the cloud is served. `desktop`, `phone`: browsers in which she is signed in."""

    url: str
    desktop: BrowserContext
    phone: BrowserContext

    @asynccontextmanager
    async def page(
        self, path: str = "/my", *, phone: bool = False, dark: bool = False, language: str = "en", drawn: str = DRAWN
    ) -> AsyncIterator[Page]:
        """`drawn`: what stands on the page once it is there (CSS)."""
        context = self.phone if phone else self.desktop
        await context.clear_cookies(name=re.compile("trivet_theme"))
        await context.add_cookies([{"name": "trivet_language", "value": language, "url": self.url}])
        page = await context.new_page()
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await page.goto(self.url + path)
        await page.wait_for_selector(drawn)
        await page.wait_for_function("() => window.socket?.connected")
        yield page
        await page.close()


async def signed_in(chromium: Browser, url: str, *, phone: bool = False) -> BrowserContext:
    context = await browser.new_context(chromium, phone=phone)
    page = await context.new_page()
    await page.goto(url + "/my")
    await page.get_by_label("Mail address").fill(OWNER)
    await page.get_by_label("Password").fill(OWNER_PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".switch, .own-list a")
    await page.close()
    return context
