"""`trivet build`: what goes onto a real board. Takes a board, writes a folder; `trivet flash` brings it there."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from trivet.errors import TrivetError

app = typer.Typer(add_completion=False)
_SAYS = {
    "romfs.img": "firmware, data and programs, for a ready-made MicroPython",
    "bundle.tvb": "data and programs alone, as an update brings them",
    "partitions.bin": "the layout of the flash",
    "main.py": "starts the appliance",
}


@app.command(name="build")
def build_board(
    board: Annotated[str, typer.Argument(help="Name of a board, or a folder with board.toml")],
    out: Annotated[Path, typer.Option(help="Folder to write")] = Path("build"),
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Compile and pack BOARD for its chip: images that `trivet flash` writes, and sources to freeze into your own."""
    from trivet.hardware import build

    try:
        made = build.build(board, out)
    except (TrivetError, OSError) as error:
        print(f"trivet build: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(asdict(made)))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{made.model}[/] for {made.chip}, {made.flash_mb} MB of flash, in {out}/", soft_wrap=True)
    for name, row in made.files.items():
        console.print(f"  {name:<15} {row['bytes']:>9,}  [dim]{_SAYS[name]}[/]", soft_wrap=True)
    console.print("  frozen/                    [dim]the same for a MicroPython of your own: FROZEN_MANIFEST[/]")
    console.print(f"\nNow: trivet flash {out} --base FILE --port PORT --dry-run", soft_wrap=True)
