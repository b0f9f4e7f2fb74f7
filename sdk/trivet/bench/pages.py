"""How long an agent waits: the queue, a search in it, a case with a year of history, in a real Chromium against a
served desk. `--n` is the number of cases, `--target postgresql` the other database (SQLite without).

Each figure is the median of several openings, from the address or the number entered to the moment at which the lines
stand in the page and it can be used; the slowest stands beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from trivet.bench import pages_house, postgres

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.async_api import Page

    from . import Options

CASES = 20_000
TRIES = 7
BOUND_S = 1.0
CASE = 6  # of an owner who agreed to service
BACKENDS = ("sqlite", "postgresql")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
_LIVE = "() => window.socket?.connected"


async def run(options: Options) -> dict[str, Any]:
    """`cases, queue_s, search_s, case_s, history`, then the slowest of each, and the database."""
    backend = options.target or BACKENDS[0]
    if backend not in BACKENDS:
        raise SystemExit(f"There is no database {backend!r} here: use one of {', '.join(BACKENDS)}.")
    cases = options.n or CASES
    with tempfile.TemporaryDirectory(prefix="trivet-pages-") as folder, _database(Path(folder), backend) as url:
        async with pages_house.opened(Path(folder) / "cloud", url) as house:
            options.say(f"{cases} cases are put into {backend}")
            await pages_house.fill(house.store, cases, random.Random(options.seed))
            history = await pages_house.live_a_year(house.store, CASE)
            async with _served(house) as address, _browser() as page:
                options.say("a browser opens the pages")
                found = await _measure(page, address, cases)
    medians = {f"{name}_s": round(statistics.median(times), 3) for name, times in found.items()}
    slowest = {f"{name}_max_s": round(max(times), 3) for name, times in found.items()}
    return {"cases": cases, **medians, "history": history, **slowest, "backend": backend, "tries": TRIES}


def sound(result: dict[str, Any]) -> bool:
    """Every page stood within a second."""
    return all(result[f"{name}_s"] < BOUND_S for name in ("queue", "search", "case"))


def show(result: dict[str, Any]) -> None:
    print(f"{result['cases']:,} cases in {result['backend']}; median of {result['tries']} openings (slowest)")
    for name, what in (
        ("queue", "the queue"),
        ("search", "a search by phone number, once it is entered"),
        ("case", f"a case with {result['history']} entries of history"),
    ):
        print(f"  {result[f'{name}_s']:.2f} s ({result[f'{name}_max_s']:.2f} s)  {what}")


async def _measure(page: Page, address: str, cases: int) -> dict[str, list[float]]:
    await page.goto(address)
    await page.fill("#user", pages_house.USER)
    await page.fill("#password", pages_house.PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_selector(".list > a")
    found: dict[str, list[float]] = {"queue": [], "search": [], "case": []}
    case = f"{address}/case/{CASE}"
    for turn in range(TRIES):
        found["queue"].append(await _timed(lambda: _open(page, address, ".list > a:nth-of-type(50)")))
        appliance = 1 + (turn * 97) % (cases // pages_house.EACH - 1)
        await page.get_by_role("button", name="All", exact=True).click()
        await page.wait_for_function("() => location.search.includes('state=all')")
        await page.wait_for_selector(".list > a:nth-of-type(50)")
        found["search"].append(await _timed(lambda n=appliance: _find(page, n)))  # type: ignore[misc]
        found["case"].append(await _timed(lambda: _open(page, case, ".timeline li:nth-of-type(25)")))
    return found


async def _open(page: Page, address: str, shown: str) -> None:
    await page.goto(address, wait_until="commit")
    await page.wait_for_selector(shown)
    await page.wait_for_function(_LIVE)


async def _find(page: Page, appliance: int) -> None:
    await page.fill(".search input", pages_house.phone(appliance))
    await page.wait_for_function(
        """(name) => { const lines = [...document.querySelectorAll(".list > a")];
          return lines.length && lines.every((line) => line.querySelector(".who .muted").textContent === name); }""",
        arg=f"Oven {appliance}",
    )


async def _timed(act: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await act()
    return time.perf_counter() - started


@contextlib.contextmanager
def _database(folder: Path, backend: str) -> Iterator[str | None]:
    if backend == "sqlite":
        yield None
        return
    with postgres.server(folder / "postgres") as running:
        yield running.url


@contextlib.asynccontextmanager
async def _served(house: pages_house.House) -> AsyncIterator[str]:
    from trivet import api, desk

    app: FastAPI = api.create(house)
    desk.mount(app)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@contextlib.asynccontextmanager
async def _browser() -> AsyncIterator[Page]:
    from playwright.async_api import async_playwright

    named = os.environ.get("TRIVET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=named, args=_ARGUMENTS)
        context = await browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")
        yield await context.new_page()
        await browser.close()
