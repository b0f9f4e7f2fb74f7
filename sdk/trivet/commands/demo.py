"""`trivet demo`: the whole story on this machine: oven, broker, cloud, desk page. Takes a folder (or a temporary one),
tells what happens, and ends with exit code 0 only when both cases name their right first cause."""

import asyncio
import dataclasses
import json
import sys
import tempfile
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from trivet.demo.story import STORIES, Outcome, Teller

app = typer.Typer()
_PACE = 120  # virtual seconds per real second when somebody watches


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Run to the end, open no browser, print the outcome")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The last line is one JSON object; implies --headless")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Keep everything in this folder instead of a temporary one")] = None,
) -> None:
    """An oven finds a broken element, then a lying sensor, and calls the desk itself."""
    console = Console(stderr=as_json, highlight=False)
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trivet-demo-")))
        outcomes = asyncio.run(_demo(folder, console, headless or as_json))
    good = all(outcome.good for outcome in outcomes)
    if as_json:
        fields = ("story", "expected_cause", "first_cause", "confirmed_after_s", "case_after_s", "bytes")
        stories = [{name: value for name, value in dataclasses.asdict(o).items() if name in fields} for o in outcomes]
        print(json.dumps({"ok": good, "stories": stories}))
    raise typer.Exit(0 if good else 1)


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
