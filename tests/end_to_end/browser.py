"""A real browser and a really served desk, for tests and for the demo. Takes an application, gives pages.

`serving(app)` runs uvicorn on a free loopback port in this event loop; `chromium()` gives a browser; `sign_in`
logs in as a person does; `shot` writes a screenshot to the folder named by TRIVET_SHOTS, else to a temporary one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}
PATIENCE_MS = 15_000
# Contrast of every text against what is painted behind it (WCAG 2.2, 1.4.3): gives those that are too faint.
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((v, i) => i == 3 ? v / 255 : v); };
  const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType == 3 && n.textContent.trim());
    if (!own || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("svg, script, style, .skip, #popup, .nicegui-error-popup")) continue;
    let back = null;
    for (let at = element; at && !back; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) back = colour;
    }
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(back ?? [255, 255, 255])];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${element.className || element.tagName} ${ratio}: ${element.textContent.trim()}`);
  }
  return faint;
}"""
OVERFLOW = """() => [document.documentElement.scrollWidth - innerWidth,
  [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.className || e.tagName).slice(0, 5)]"""


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The application's address while it is served from this event loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the server ended before it started")
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


def chromium_path() -> str | None:
    """The distribution's Chromium, else None: Playwright's own, if it is installed."""
    named = os.environ.get("TRIVET_CHROMIUM")
    return named or next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@asynccontextmanager
async def chromium(*, headless: bool = True) -> AsyncIterator[Browser]:
    """A browser that speaks to nobody but the pages it is sent to."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=QUIET, headless=headless)
        try:
            yield browser
        finally:
            await browser.close()


async def new_page(
    browser: Browser, *, phone: bool = False, dark: bool = False, language: str = "en", scale: float = 1
) -> Page:
    """A fresh session of one person: width, colour scheme and language as asked."""
    return await (await new_context(browser, phone=phone, dark=dark, language=language, scale=scale)).new_page()


async def new_context(
    browser: Browser, *, phone: bool = False, dark: bool = False, language: str = "en", scale: float = 1
) -> BrowserContext:
    """Somebody's browser: its pages share cookies and cache."""
    context = await browser.new_context(
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        locale={"en": "en-GB", "de": "de-DE"}[language],
        device_scale_factor=scale,
        has_touch=phone,
        is_mobile=phone,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


async def sign_in(page: Page, url: str, user: str, password: str, path: str = "/") -> None:
    """Log in as a person does and wait for the page behind it."""
    await page.goto(url + path)
    await page.get_by_label("Login").or_(page.get_by_label("Anmeldename")).fill(user)
    await page.get_by_label("Password").or_(page.get_by_label("Passwort")).fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("main.wrap")


async def shot(page: Page, name: str, *, whole: bool = True) -> Path:
    """A screenshot to look at; `whole` takes the page from its head to its end."""
    if whole:
        await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    await page.wait_for_timeout(120)
    path = shots() / f"{name}.png"
    await page.screenshot(path=path, full_page=whole)
    return path


@cache
def shots() -> Path:
    """The folder for screenshots."""
    folder = Path(os.environ.get("TRIVET_SHOTS") or tempfile.mkdtemp(prefix="trivet-shots-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
