"""`trivet plots BOARD`: bakes with the real firmware, healthy and with each fault, and draws what happened.

Takes a board's name, writes PNG files (default: the board's own folder `plots/`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from trivet import boards
from trivet.boards import Board
from trivet.boards.plots import draw
from trivet.boards.recording import Mark, Recorder, Recording
from trivet.errors import TrivetError

if TYPE_CHECKING:
    from trivet.sim.world import Event

app = typer.Typer(add_completion=False)
_HEALTHY = "healthy"


@app.command()
def plots(
    board: Annotated[str, typer.Argument(help="a board's name, or its folder")],
    only: Annotated[
        list[str] | None, typer.Option("--only", help="healthy, or a fault's name; may be repeated")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the pictures")] = None,
    seed: Annotated[int, typer.Option(help="of the plant's noise and tolerances")] = 1,
) -> None:
    """Bake with the real firmware, healthy and with each fault, and draw what happened."""
    console = Console(stderr=True)
    try:
        model = boards.load(board)
        faults = boards.plant(model).FAULTS
        wanted = only or [_HEALTHY, *faults]
        unknown = [name for name in wanted if name != _HEALTHY and name not in faults]
        if unknown:
            raise TrivetError(f"{model.name} has no fault {unknown[0]!r}; write healthy, {', '.join(faults)}")
        folder = out or model.folder / "plots"
        folder.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            with console.status(f"{name} …"):
                recording = record(model, None if name == _HEALTHY else name, seed)
                draw(recording, _title(model, name), folder / f"{name}.png")
            console.print(f"{folder / name}.png")
    except TrivetError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error


def _title(board: Board, name: str) -> str:
    text = "a sound one" if name == _HEALTHY else boards.plant(board).FAULTS[name].text
    return f"{board.text['en']}: {text}"


def record(board: Board, fault: str | None, seed: int, until_s: float | None = None) -> Recording:
    """One run of the real firmware, written down."""
    from trivet.sim.world import World

    known = boards.plant(board).FAULTS
    faults = [] if fault is None else [(fault, float(known[fault].at_s))]
    end = until_s or (3600.0 if fault is None else float(known[fault].until_s))
    with World(board, seed=seed, faults=faults) as world:
        recorder = Recorder(board, world.plant)
        world.plant = recorder
        world.run_until(end)
        recorder.recording.marks += _marks(board, world.events)
    return recorder.recording


def _marks(board: Board, events: "list[Event]") -> list[Mark]:
    """Codes as they were confirmed, and functions as they were switched off."""
    found: list[Mark] = []
    seen: set[int] = set()
    for event in events:
        kind, at_s, data = event.kind, event.at_s, event.data
        if kind == "fault" and data["status"] & 0x08 and data["event"] not in seen:
            seen.add(data["event"])
            title = board.codes[data["event"]].text["en"]["title"]
            found.append(Mark(at_s, "code", f"{data['code']} {title}"))
        elif kind == "inhibited" and data["functions"]:
            texts = {function.name: function.text["en"] for function in board.functions}
            first, more = texts[data["functions"][0]], len(data["functions"]) - 1
            found.append(Mark(at_s, "inhibited", f"{first} and {more} more" if more else first))
    return found
