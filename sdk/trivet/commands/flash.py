"""`trivet flash`: brings what `trivet build` made into a board, or into the flash of a simulated one. Takes the folder,
the maker's base image, a port; runs esptool and mpremote, or prints the commands. Ends with 1 where one of them fails;
what it said is shown.
"""

import contextlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from trivet.errors import TrivetError

app = typer.Typer(add_completion=False)


@app.command(name="flash")
def flash_board(  # noqa: PLR0917
    folder: Annotated[Path, typer.Argument(help="What trivet build wrote")] = Path("build"),
    base: Annotated[
        Path | None, typer.Option(help="MicroPython for the board's chip; without: only the appliance is written")
    ] = None,
    bootloader: Annotated[Path | None, typer.Option(help="Its boot loader, where the base has none in it")] = None,
    port: Annotated[str, typer.Option(help="Serial port, as in /dev/ttyUSB0, or sim:oven,unlocked")] = "auto",
    merge: Annotated[
        Path | None, typer.Option(help="Write one image of everything instead, for a programmer on the line")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the commands, change nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Write base, partition table and appliance into a board. Everything that is in its flash goes."""
    from trivet.boards import BoardError
    from trivet.hardware import build, flash, table
    from trivet.sim.errors import SimulationError

    try:
        made = build.read(folder)
        rows = table.decode((folder / "partitions.bin").read_bytes())
        parts = flash.base(base, bootloader, made.chip) if base is not None else None
        with _plugged(port, with_base=base is not None, dry_run=dry_run) as path:
            if merge is None:
                steps = flash.steps(folder, made, rows, parts, path)
            elif parts is None:
                raise TrivetError("one image of everything needs --base")
            else:
                steps = [flash.merged(folder, made, rows, parts, merge)]
            said = [{"what": step.what, "command": shown(step.words)} for step in steps]
            for step, row in zip(steps, said, strict=True):
                print(f"# {row['what']}\n{row['command']}", file=sys.stderr if as_json else sys.stdout, flush=True)
                if not dry_run and subprocess.run(step.words, check=False, stdout=sys.stderr).returncode:
                    raise TrivetError(f"{row['what']} failed; what is written so far stays there")
    except (TrivetError, BoardError, SimulationError, OSError) as error:
        print(f"trivet flash: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"dry_run": dry_run, "steps": said}))


@contextlib.contextmanager
def _plugged(port: str, *, with_base: bool, dry_run: bool) -> Iterator[str]:
    """The path to open. A simulated board is on for as long as that lasts; its flash stays where `device=` says."""
    from trivet.sim import spec

    if not spec.is_simulated(port) or dry_run:
        yield port
        return
    simulated = spec.parse(port)
    if with_base:
        raise TrivetError("a simulated board has its interpreter already: leave --base away")
    if simulated.locked:
        raise TrivetError(f"a locked board lets nobody in: --port {port},unlocked")
    from trivet.sim.port import Port

    with Port(simulated) as plugged:
        yield str(plugged.path)


def shown(words: tuple[str, ...]) -> str:
    """As one would type it: the module's own name for `python -m`."""
    short = words[2:] if words[:2] == (sys.executable, "-m") else words
    return shlex.join(short)
