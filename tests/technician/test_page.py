"""The technician's page before a simulated oven whose upper element broke: by keyboard alone, seen as a picture."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench_kit import appliance, port, technician
from textual.pilot import Pilot
from textual.widgets import OptionList, Static, TabbedContent
from trivet.sim.port import Port
from trivet.sim.spec import parse
from trivet.technician.client import Client
from trivet.technician.credential import held
from trivet.technician.page import Page

BROKEN = "sim:oven,fault=element_top_open@600,from=700,set=start_s=300"
SIZE = (120, 40)


@pytest.fixture(scope="module")
def oven() -> Iterator[Port]:
    with Port(parse(BROKEN)) as port:
        yield port


@pytest.fixture
def client(oven: Port) -> Iterator[Client]:
    with Client(str(oven.path)) as made:
        yield made


async def until(pilot: Pilot[None], so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what a thread brings."""
    for _ in range(int(seconds / 0.1)):
        await pilot.pause(0.1)
        if so():
            return
    raise AssertionError(f"not within {seconds} s; the page said {said(pilot.app)!r}")


def said(app: object, name: str = "said") -> str:
    return str(app.query_one(f"#{name}", Static).render())  # type: ignore[attr-defined]


def picture(app: Page) -> str:
    """What stands on the page, without its colours."""
    text = re.sub(r"<[^>]+>", "\n", app.export_screenshot())
    return re.sub(r"\s+", " ", text.replace("&#160;", " ").replace("&#x27;", "'"))


async def seen(pilot: Pilot[None], *texts: str) -> None:
    """Wait until all of this stands on the page."""
    app = pilot.app
    assert isinstance(app, Page)
    await until(pilot, lambda: all(text in picture(app) for text in texts))


async def test_the_broken_element_stands_first_with_advice_and_part(client: Client) -> None:
    app = Page(client)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.shown is not None)
        await seen(pilot, "Oven TO-60", "H01-1R", "ACTIVE", "Upper element does not heat")
        await seen(pilot, "EL-1600", "Isolate the appliance")


async def test_by_keyboard_alone_to_evidence_live_values_and_back(client: Client) -> None:
    app = Page(client)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.shown is not None)
        await pilot.press("2")
        await seen(pilot, "Heater current [A]", "limit")
        assert re.search("[\u2801-\u28ff]", picture(app))
        await pilot.press("3")
        await until(pilot, lambda: "Mains voltage" in picture(app))
        await pilot.press("1")
        assert app.query_one("#tabs", TabbedContent).active == "advice"
        assert app.focused is app.query_one("#codes", OptionList)


async def test_the_page_speaks_german_whatever_the_appliance_speaks(client: Client) -> None:
    app = Page(client, "de")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.shown is not None)
        await seen(pilot, "Backofen TO-60", "AKTIV", "Oberhitze heizt nicht", "Was zu tun ist", "Rat", "Ende")


async def test_clearing_wants_two_presses_and_a_credential(client: Client) -> None:
    app = Page(client)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.shown is not None)
        await pilot.press("c")
        assert "once more" in said(app)
        await pilot.press("c")
        await until(pilot, lambda: "--credential" in said(app))


async def test_a_pulled_cable_is_said_and_waited_for() -> None:
    with Port(parse("sim:oven")) as port, Client(str(port.path)) as client:
        app = Page(client)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "No code" in picture(app))
            port.pull()
            await pilot.press("r")
            await until(pilot, lambda: "cable is out" in said(app))
            port.plug()
            await until(pilot, lambda: "is back" in said(app))
            await pilot.press("q")


async def test_on_a_small_terminal_the_list_and_the_advice_are_still_there(client: Client) -> None:
    app = Page(client)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.shown is not None)
        await seen(pilot, "H01-1R", "What it means")


async def test_a_self_test_runs_and_can_be_stopped_by_a_key(tmp_path: Path) -> None:
    file = technician(tmp_path / "ada.json")
    folder = appliance(tmp_path / "oven")
    with (
        port(folder, ",from=5,set=start_s=1000000") as made,
        Client(str(made.path), credential=held(file)) as client,
    ):
        app = Page(client)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: app.query_one("#routines", OptionList).option_count > 0)
            await pilot.press("4", "down", "enter")
            await until(pilot, lambda: "step" in said(app, "tests_text"))
            await pilot.press("s")
            await until(pilot, lambda: "FAILED" in picture(app) or "PASSED" in picture(app))
            await pilot.press("q")
        assert list(made.world.outputs) == [one.safe for one in made.world.board.outputs]
