"""`trivet flash`: brings what `trivet build` made into a board. Takes the folder, the maker's base image, a port; runs
esptool and mpremote, or prints the commands. Ends with 1 where one of them fails; what it said is shown.
"""

import json
import shlex
import subprocess
import sys
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
    port: Annotated[str, typer.Option(help="Serial port, as in /dev/ttyUSB0")] = "auto",
    merge: Annotated[
        Path | None, typer.Option(help="Write one image of everything instead, for a programmer on the line")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the commands, change nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Write base, partition table and appliance into a board. Everything that is in its flash goes."""
    from trivet import boards
    from trivet.hardware import build, flash, table

    try:
        made = build.read(folder)
        rows = table.decode((folder / "partitions.bin").read_bytes())
        parts = flash.base(base, bootloader, made.chip) if base is not None else None
        if merge is not None:
            if parts is None:
                raise TrivetError("one image of everything needs --base")
            steps = [flash.merged(folder, made, rows, parts, merge)]
        else:
            steps = flash.steps(folder, made, rows, parts, port)
    except (TrivetError, boards.BoardError, OSError) as error:
        print(f"trivet flash: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    said = [{"what": step.what, "command": shown(step.words)} for step in steps]
    for step, row in zip(steps, said, strict=True):
        print(f"# {row['what']}\n{row['command']}", file=sys.stderr if as_json else sys.stdout, flush=True)
        if not dry_run and subprocess.run(step.words, check=False, stdout=sys.stderr).returncode:
            print(f"trivet flash: {row['what']} failed; what is written so far stays there", file=sys.stderr)
            raise typer.Exit(1)
    if as_json:
        print(json.dumps({"dry_run": dry_run, "steps": said}))


def shown(words: tuple[str, ...]) -> str:
    """As one would type it: the module's own name for `python -m`."""
    short = words[2:] if words[:2] == (sys.executable, "-m") else words
    return shlex.join(short)
