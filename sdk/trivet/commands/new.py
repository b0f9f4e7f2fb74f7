"""`trivet new`: a board to begin with, that loads, packs and simulates at once. Takes a name, writes one folder."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from trivet.boards.scaffold import scaffold
from trivet.errors import TrivetError

app = typer.Typer(add_completion=False)
_SAYS = {
    "board.toml": "what is read, driven and judged",
    "catalogue.toml": "the codes: texts for owner and technician, causes, parts",
    "drivers.py": "your control program, in MicroPython",
    "inputs.py": "what is read beside the chip's own pins",
    "physics.py": "the appliance's world, for simulation",
    "partitions.csv": "the layout of its flash",
    "partitions-8MB.csv": "the same for 8 MB",
    "README.md": "how to go on",
}


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="of the board and its folder, as in my-kettle")],
    at: Annotated[Path, typer.Option(help="the folder in which to make it")] = Path("."),
) -> None:
    """Make a board to begin with: a kettle that boils, breaks and finds out."""
    try:
        made = scaffold(name, at)
    except (TrivetError, OSError) as error:
        print(f"trivet new: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    console = Console(highlight=False)
    folder = made[0].parent
    console.print(f"[bold]{escape(str(folder))}[/]")
    for file in made:
        console.print(f"  {file.name:<19} [dim]{_SAYS[file.name]}[/]")
    said = shlex.quote(str(folder) if folder.is_absolute() else os.path.join(".", folder))
    console.print("\nNow:")
    for words in (f"check {said}", f"sim {said}", f"sim {said} --fault ntc_open@60"):
        console.print(f"  trivet {words}", soft_wrap=True)
