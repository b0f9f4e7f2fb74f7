"""`trivet plug sim:oven,unlocked`: a simulated board at a pseudo-terminal, in real time, for whatever opens serial
ports: mpremote, a terminal program, another `trivet … --port`. Takes a `sim:` port, gives its path on the first line;
lines that are typed here are said at the appliance's own panel (`button`). Ends with Ctrl-C.
"""

import os
import sys
import time
from typing import Annotated

import typer
from rich.markup import escape

from trivet.sim import spec
from trivet.sim.world import Event
from trivet.technician import exits
from trivet.technician.errors import BenchError, SilentError
from trivet.technician.options import Language
from trivet.technician.shown import Asked, ended, screen

app = typer.Typer(add_completion=False)
_LOOK_S = 0.2


@app.command()
def plug(
    board: Annotated[str, typer.Argument(metavar="sim:BOARD", help="sim:oven,unlocked,fault=element_top_open@5")],
    seconds: Annotated[float, typer.Option(min=0, help="end after so long; 0: with Ctrl-C")] = 0,
    language: Language = "en",
) -> None:
    """Plug a simulated board in, and leave it there: the first line printed is the port to open."""
    with ended(Asked("plug", board, language, False)):
        if not spec.is_simulated(board):
            raise BenchError(f"{board}: write what is to be simulated, as in sim:oven")
        _serve(board, seconds)


def _serve(board: str, seconds: float) -> None:
    from trivet.sim.port import Port

    out = screen()

    def told(event: Event) -> None:
        if event.kind == "display" and event.data["text"]:
            out.print(f"[dim]{event.at_s:8.1f} s[/]  {escape(event.data['text'])}")

    with Port(spec.parse(board), told) as port:
        print(os.path.realpath(port.path), flush=True)
        end = time.monotonic() + seconds if seconds else None
        while end is None or time.monotonic() < end:
            if port.error is not None:
                raise SilentError(f"the appliance is gone: {port.error}")
            line = _typed()
            if line is not None:
                port.do(lambda world, line=line: world.say(line))  # type: ignore[misc]
    raise typer.Exit(exits.DONE)


def _typed() -> str | None:
    """A line that somebody typed here, if there is one; nobody has to."""
    import select

    try:
        ready = select.select([sys.stdin], [], [], _LOOK_S)[0]
    except (OSError, ValueError):  # there is no input
        ready = []
        time.sleep(_LOOK_S)
    if not ready:
        return None
    line = sys.stdin.readline()
    if not line:
        time.sleep(_LOOK_S)
    return line.strip() or None
