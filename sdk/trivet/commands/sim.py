"""`trivet sim`: a board alone, in virtual time: what a person at the appliance sees, what breaks, what it finds by
itself.

Takes a board, faults with their times, settings of its physics. Uses no network. With `--json` the last line is one
object.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from trivet_wire import ids

from trivet import boards
from trivet.boards import Board
from trivet.errors import TrivetError
from trivet.sim.consent import consent_line
from trivet.sim.errors import SimulationError
from trivet.sim.options import Options, read_options
from trivet.sim.world import Event, World

app = typer.Typer(add_completion=False)
_STATES = ((ids.CONFIRMED, "confirmed"), (ids.PENDING, "pending"), (ids.TEST_FAILED, "failing"))
_SERVED_S = 0.05  # of real time between two ticks, in which what is on its way arrives
_WORDS = {
    "watchdog": "[red]the watchdog resets the appliance[/]",
    "reduced": "[red]reduced: no function runs; after a sound while the next start tries everything again[/]",
}


@app.command()
def sim(  # noqa: PLR0917  typer reads them
    board: Annotated[str, typer.Argument(help="name of a board, or a folder with board.toml")],
    fault: Annotated[list[str] | None, typer.Option(help="NAME@SECONDS, may be given several times")] = None,
    until: Annotated[float | None, typer.Option(help="virtual seconds to run")] = None,
    seed: Annotated[int, typer.Option(help="of noise and of everything else that is random")] = 1,
    settings: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, see --list")] = None,
    list_: Annotated[bool, typer.Option("--list", help="say what can break and what can be set")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="last line of output is one JSON object")] = False,
    language: Annotated[str, typer.Option(help="of the display: en or de")] = "en",
    device: Annotated[Path | None, typer.Option(help="keep the appliance's flash in this folder")] = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="reach the cloud that provisioned --device, while virtual time passes slower"),
    ] = False,
) -> None:
    """Run the real firmware of BOARD against its physics and show what a person at the appliance sees."""
    try:
        loaded = boards.load(board)
        if list_:
            _list(loaded, as_json)
            return
        options = read_options(loaded, fault or [], settings or [], until)
        if language not in ("en", "de"):
            raise SimulationError(f"the display speaks en and de, not {language!r}")
        if online:
            _check_online(device)
        show = Show(loaded, options, Console(stderr=as_json))
        outcome = run(loaded, options, seed=seed, language=language, device=device, show=show, online=online)
    except TrivetError as err:
        print(f"trivet sim: {err}", file=sys.stderr)
        raise typer.Exit(2) from None
    show.summary(outcome)
    if as_json:
        print(json.dumps(outcome))


def _check_online(device: Path | None) -> None:
    from trivet.sim.device import Device

    if device is None or not Device(device).certified:
        raise SimulationError(
            "it belongs to no cloud: trivet provision BOARD --device FOLDER first, then --device FOLDER"
        )


def run(
    board: Board,
    options: Options,
    *,
    seed: int,
    language: str,
    device: Path | None,
    show: "Show | None",
    online: bool = False,
) -> dict[str, Any]:
    """The whole simulation; gives the object that `--json` prints. `online`: its link is served between ticks."""
    from trivet.sim.device import Device

    keeper = Keeper(board)

    def told(event: Event) -> None:
        keeper.told(event)
        if show is not None:
            show.told(event)

    with World(
        board,
        Device(device) if device else None,
        seed=seed,
        settings=options.settings,
        faults=options.faults,
        on_event=told,
        language=language,
        cause=options.cause,
    ) as world:
        for purpose in options.consent:
            world.say(consent_line(purpose, True, language))
        step = max(options.until / 200, 1.0)
        while world.now_s < options.until:
            if online:
                world.idle(_SERVED_S, lambda: False)
                world.step()
            else:
                world.run_until(min(options.until, world.now_s + step))
            if show is not None:
                show.moved(world)
        return keeper.outcome(world)


class Keeper:
    """What bench.md asks a simulation for: every event that is failing, pending or confirmed in the end, or ever was
    confirmed, with the time when it came to its highest state."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._rank: dict[int, int] = {}
        self._at: dict[int, float] = {}
        self._status: dict[int, int] = {}

    def told(self, event: Event) -> None:
        if event.kind != "fault":
            return
        index, status = event.data["event"], event.data["status"]
        rank = 2 if status & ids.CONFIRMED else 1 if status & (ids.PENDING | ids.TEST_FAILED) else 0
        if rank > self._rank.get(index, 0):
            self._rank[index] = rank
            self._at[index] = event.at_s
        self._status[index] = status

    def outcome(self, world: World) -> dict[str, Any]:
        rows = []
        for index, status in sorted(self._status.items(), key=lambda row: self._at.get(row[0], 0.0)):
            if status & (ids.CONFIRMED | ids.PENDING | ids.TEST_FAILED) or self._rank.get(index) == 2:
                code = self._board.codes[index]
                rows.append({"code": code.code, "event": code.event, "status": status, "at_s": self._at[index]})
        state = world.state
        return {
            "codes": rows,
            "inhibited": state.inhibited,
            "messages": state.queued,
            "heap_peak": state.heap_peak,
            "ticks": state.ticks,
        }


class Show:
    """The run as a person at the appliance lives it."""

    def __init__(self, board: Board, options: Options, console: Console) -> None:
        self._board = board
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[reading]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(board.text["en"], total=options.until, reading="")
        self._progress.start()
        for name, at in sorted(options.faults, key=lambda row: row[1]):
            text = boards.plant(board).FAULTS[name].text
            self._console.print(f"[dim]{clock(at)}[/]  will break: {text} [dim]({name})[/]")

    def moved(self, world: World) -> None:
        self._progress.update(
            self._task, completed=world.now_s, reading=f"{clock(world.now_s)}  {self._reading(world)}"
        )

    def told(self, event: Event) -> None:
        line = self._line(event)
        if line:
            self._console.print(f"[dim]{clock(event.at_s)}[/]  {line}")
        if event.kind == "display" and event.data["text"]:
            self._console.print(Panel(event.data["text"], title="display", width=78, border_style="red"))

    def summary(self, outcome: dict[str, Any]) -> None:
        self._progress.stop()
        self._console.print()
        for row in outcome["codes"]:
            title = self._board.codes[self._board.event(row["event"])].text["en"]["title"]
            self._console.print(f"[bold]{row['code']}[/]  {title}: {state_name(row['status'])} at {clock(row['at_s'])}")
        if not outcome["codes"]:
            self._console.print("No code. The appliance found nothing wrong.")
        texts = {one.name: one.text["en"] for one in self._board.functions}
        if outcome["inhibited"]:
            off = ", ".join(texts[name] for name in outcome["inhibited"])
            on = ", ".join(text for name, text in texts.items() if name not in outcome["inhibited"])
            self._console.print(f"Switched off: {off}. Still works: {on or 'nothing'}.")
        count = outcome["messages"]
        self._console.print(
            f"{count} message{'' if count == 1 else 's'} for the service desk. {outcome['ticks']} ticks."
        )

    def _reading(self, world: World) -> str:
        """The first signal of the board, converted as the appliance does."""
        signal = self._board.signals[0]
        raw = world.plant.inputs()[signal.input]
        points = signal.points
        for (raw0, value0), (raw1, value1) in pairwise(points):
            if raw0 <= raw <= raw1 and raw1 > raw0:
                value = value0 + (raw - raw0) * (value1 - value0) / (raw1 - raw0)
                return f"{signal.text['en']} {value / signal.scale:.0f} {signal.unit}"
        return ""

    def _line(self, event: Event) -> str:  # noqa: PLR0911  a line for each kind
        data = event.data
        if event.kind == "cycle":
            return "a bake begins" if data["on"] else "the bake ends"
        if event.kind == "fault":
            code = self._board.codes[data["event"]]
            return f"[bold]{code.code}[/] {code.text['en']['title']}: {state_name(data['status'])}"
        if event.kind == "queued":
            return f"[dim]{data['kind']}, {data['bytes']} bytes, kept for the service desk[/]"
        if event.kind == "update":
            why = f": {data['why']}" if "why" in data else ""
            return escape(f"update {data['version']} {data['state']}{why}".replace("  ", " "))
        if event.kind in ("update_waits", "said"):
            return escape(data["text"])
        if event.kind == "crash":
            return f"[red]task {data['task']} crashed in {data['file']}:{data['line']}[/]"
        return _WORDS.get(event.kind, "")


def state_name(status: int) -> str:
    """The highest state that a status byte shows, in a word."""
    return next((name for bit, name in _STATES if status & bit), "passed")


def clock(seconds: float) -> str:
    """Virtual time as h:mm:ss."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _list(board: Board, as_json: bool) -> None:
    module = boards.plant(board)
    faults = [
        {"name": name, "expected_events": list(one.expected_events), "at_s": one.at_s, "until_s": one.until_s}
        for name, one in module.FAULTS.items()
    ]
    settings: list[dict[str, Any]] = [
        {"name": name, "default": row[0], "unit": row[1], "text": row[2]} for name, row in module.SETTINGS.items()
    ]
    settings.append({"name": "consent", "default": "service", "unit": "", "text": "purposes allowed, or none"})
    settings.append({"name": "reset", "default": "power-on", "unit": "", "text": "why the appliance starts"})
    if as_json:
        print(json.dumps({"faults": faults, "settings": settings}))
        return
    console = Console()
    for name, one in module.FAULTS.items():
        console.print(f"[bold]{name}[/]  {one.text} [dim](--fault {name}@{one.at_s} --until {one.until_s})[/]")
    for row in settings:
        console.print(f"--set [bold]{row['name']}[/]={row['default']} {row['unit']}  {row['text']}")
