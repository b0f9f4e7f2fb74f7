"""A served desk with people of every role, an area that technicians serve, and browsers that are logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import browser
import seeded
from fastapi import FastAPI
from playwright.async_api import Browser, Locator, Page
from seeded import PASSWORD, Vendor
from trivet import api, desk
from trivet.passwords import hash_password
from trivet.store.tables import LoginRow
from trivet.visits import areas

ROLES = ("agent", "engineer", "privacy", "admin")
PLAN = areas.Plan(["10"], "Europe/Berlin", a_day=4, a_window=2, fee_minor=8900)


@dataclass
class House:
    """Where the desk is served; a login is called like its role."""

    vendor: Vendor
    app: FastAPI
    url: str
    chromium: Browser

    @asynccontextmanager
    async def page(
        self, path: str, role: str = "agent", *, phone: bool = False, dark: bool = False, language: str = "en"
    ) -> AsyncIterator[Page]:
        """A page of somebody in a browser of their own, drawn and live."""
        page = await browser.new_page(self.chromium, phone=phone, dark=dark, language=language)
        await browser.sign_in(page, self.url, role, PASSWORD, path)
        await live(page)
        yield page
        await page.context.close()


async def live(page: Page) -> None:
    """Wait until the page is drawn and can be used."""
    await page.wait_for_selector("h1")
    await page.wait_for_function("() => window.socket?.connected")


def form(page: Page | Locator, name: str) -> Locator:
    """A form by what it is for."""
    return page.locator(f'form[data-form="{name}"]')


async def unfold(page: Page, name: str) -> None:
    """Open what is folded."""
    fold = page.locator(f'details[data-fold="{name}"]').first
    if await fold.get_attribute("open") is None:
        await fold.locator("summary").first.click()


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """A fresh one."""
    async with seeded.open_vendor(folder) as vendor:
        hashed = hash_password(PASSWORD)
        async with vendor.store.writing() as session:
            for role in ROLES:
                session.add(LoginRow(user=role, password_hash=hashed, role=role))
            await areas.keep(session, "berlin", PLAN)
        app = api.create(vendor)
        desk.mount(app)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            yield House(vendor, app, url, chromium)
