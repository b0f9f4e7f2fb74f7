"""`trivet demo`: the whole story on this machine: oven, broker, cloud, desk page. Takes a folder (or a temporary one),
tells what happens, and ends with exit code 0 only when both cases name their right first cause. `trivet demo update`:
two updates of that oven, and exit code 0 only when the good one is installed and the broken one taken back."""

import asyncio
import dataclasses
import json
import sys
import tempfile
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from trivet.demo.story import STORIES, Outcome, Teller

if TYPE_CHECKING:
    from trivet.demo import update as updates

app = typer.Typer(add_completion=False)
_PACE = 120  # virtual seconds per real second when somebody watches


@app.command()
def demo(
    what: Annotated[str, typer.Argument(help="faults (a broken element, a lying sensor) or update")] = "faults",
    headless: Annotated[
        bool, typer.Option("--headless", help="Run to the end, open no browser, print the outcome")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The last line is one JSON object; implies --headless")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Keep everything in this folder instead of a temporary one")] = None,
) -> None:
    """An oven finds a broken element, then a lying sensor, and calls the desk itself. Or it takes updates."""
    console = Console(stderr=as_json, highlight=False)
    if what not in ("faults", "update"):
        raise typer.BadParameter("faults or update", param_hint="WHAT")
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trivet-demo-")))
        if what == "update":
            _updates(folder, console, as_json)
        outcomes = asyncio.run(_demo(folder, console, headless or as_json))
    good = all(outcome.good for outcome in outcomes)
    if as_json:
        fields = ("story", "expected_cause", "first_cause", "confirmed_after_s", "case_after_s", "bytes")
        stories = [{name: value for name, value in dataclasses.asdict(o).items() if name in fields} for o in outcomes]
        print(json.dumps({"ok": good, "stories": stories}))
    raise typer.Exit(0 if good else 1)


def _updates(folder: Path, console: Console, as_json: bool) -> None:
    """Needs no browser: it runs to its end. Does not return."""
    outcomes = asyncio.run(_update(folder, console))
    good = all(outcome.good for outcome in outcomes)
    _show_updates(outcomes, console)
    if as_json:
        print(json.dumps({"ok": good, "stories": [dataclasses.asdict(outcome) for outcome in outcomes]}))
    raise typer.Exit(0 if good else 1)


async def _update(folder: Path, console: Console) -> "list[updates.Outcome]":
    from trivet import catalogues
    from trivet.boards import load
    from trivet.config import Settings
    from trivet.demo import update as updates
    from trivet.demo.relay import Relay
    from trivet.serve import Cloud
    from trivet.sim.device import Device
    from trivet.sim.provision import provision
    from trivet.sim.world import World

    console.print("Starting broker, ingest and database …")
    scratch = folder / "maker"
    scratch.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir=folder / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        await catalogues.add_board(cloud.store, updates.BOARD)
        maker = updates.Maker(cloud, scratch)
        maker.believed()
        wire = Relay(*cloud.broker)
        cloud.registry.brokers = [(cloud.broker[0], await wire.start())]
        device = Device(folder / "appliances" / "oven")
        identity = await provision(cloud.registry, load(updates.BOARD), device, name="Kitchen oven")
        await cloud.claim(identity.device, identity.claim_secret, "Ada Kowalska", language="en")
        console.print(f"Oven {identity.device} believes the maker's release key and no other; its owner claimed it.")
        world = await asyncio.to_thread(lambda: World(updates.BOARD, device, settings=updates.SETTINGS))
        try:
            say = lambda text: console.print(text, markup=False, soft_wrap=True)  # noqa: E731
            teller = updates.Teller(cloud, world, identity.device, maker, say)
            teller.wire = wire
            return [await teller.tell(story) for story in updates.STORIES]
        finally:
            world.close()
            await wire.cut()


def _show_updates(outcomes: "list[updates.Outcome]", console: Console) -> None:
    for outcome in outcomes:
        verdict = "as it had to be" if outcome.good else f"WRONG, expected {outcome.expected}"
        table = Table(title=f"\nUpdate {outcome.version}", title_justify="left", title_style="bold", box=None)
        table.show_header = False
        table.add_row("ended", f"{outcome.state}{': ' + outcome.why if outcome.why else ''}; {verdict}")
        if outcome.waited_s is not None:
            table.add_row("yes to start", f"{outcome.waited_s / 60:.0f} minutes (virtual)")
        table.add_row("fetched", f"{outcome.fetched:,} bytes; the whole bundle is {outcome.full:,}")
        table.add_row("started while it baked", "YES" if outcome.started_while_baking else "never")
        console.print(table)


async def _demo(folder: Path, console: Console, headless: bool) -> list[Outcome]:
    from trivet import catalogues
    from trivet.boards import load
    from trivet.config import Settings
    from trivet.serve import Cloud
    from trivet.sim.device import Device
    from trivet.sim.provision import provision

    console.print("Starting broker, ingest, database and desk …")
    settings = Settings(data_dir=folder, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings) as cloud:
        await catalogues.add_board(cloud.store, "oven")
        device = Device(folder / "appliances" / "oven")
        identity = await provision(cloud.registry, load("oven"), device, name="Kitchen oven")
        await cloud.claim(identity.device, identity.claim_secret, "Ada Kowalska", phone="+49 30 5550142", language="en")
        console.print(f"Desk page: [bold]{cloud.url}[/]")
        if cloud.first_login is not None:
            console.print(f"Login:     [bold]{cloud.first_login.user}[/] / [bold]{cloud.first_login.password}[/]")
        console.print(
            f"Oven {identity.device} made its own key and was certified; its owner claimed it: yes to service.\n"
        )
        if not headless:
            webbrowser.open(cloud.url)
        pace = 0 if headless else _PACE
        teller = Teller(
            cloud, device, identity.device, lambda text: console.print(text, markup=False, soft_wrap=True), pace
        )
        outcomes = [await teller.tell(story) for story in STORIES]
        _show(outcomes, console)
        if not headless:
            console.print("\nThe desk stays open. Ctrl-C ends it.")
            await _forever()
        return outcomes


def _show(outcomes: list[Outcome], console: Console) -> None:
    """Each story's figures, one a line: an 80-column terminal is enough."""
    for story, outcome in zip(STORIES, outcomes, strict=True):
        verdict = "right" if outcome.good else f"WRONG, expected {outcome.expected_cause}"
        table = Table(title=f"\n{story.title}", title_justify="left", title_style="bold", box=None, show_header=False)
        table.add_row("code on display and desk", outcome.code or "none")
        table.add_row("likeliest cause", f"{outcome.first_cause or 'none'}, {outcome.confidence:.0%} sure: {verdict}")
        table.add_row("fault to confirmed code", f"{outcome.confirmed_after_s} s (virtual)")
        table.add_row("message to case", f"{outcome.case_after_s} s (real)")
        for kind, size in outcome.bytes.items():
            table.add_row(f"{kind} message", f"{size} bytes, authenticated")
        console.print(table)


async def _forever() -> None:
    try:
        await asyncio.Event().wait()
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Ending.", file=sys.stderr)
