"""`trivet check`: every mistake in a board, with file, line and what to write instead, and whether it fits its flash.
Takes a name or a folder, changes nothing. Ends with 0 when the board is sound, 1 with findings, 2 when there is no such
board.
"""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from trivet import boards, paths
from trivet.boards.check import Finding, check
from trivet.boards.reader import nearest
from trivet.hardware import fits

app = typer.Typer(add_completion=False)


@app.command(name="check")
def check_board(
    board: Annotated[str, typer.Argument(help="name of a board, or a folder with board.toml")],
    as_json: Annotated[bool, typer.Option("--json", help="the last line is one JSON list")] = False,
) -> None:
    """Explain every mistake of BOARD: file, line, and what to write instead. Says what it takes of its flash."""
    folder = Path(board) if Path(board).is_dir() else paths.boards() / board
    if not folder.is_dir():
        known = nearest(board, boards.available())
        print(f"trivet check: there is no board {board!r}; write {known}, or the path of a folder", file=sys.stderr)
        raise typer.Exit(2)
    found = check(folder)
    used: list[fits.Use] = []
    if not found:
        used, found = fits.check(boards.load(folder))
    console = Console(stderr=as_json, highlight=False)
    show(found, console, board)
    if not found:
        console.print("It fits its flash:", *(f"  {use}" for use in used), sep="\n", soft_wrap=True)
    if as_json:
        print(json.dumps([one.json() for one in found], ensure_ascii=False))
    raise typer.Exit(1 if found else 0)


def show(found: list[Finding], console: Console, board: str) -> None:
    """The findings for people: by file, each with its line quoted."""
    for file, ones in groupby(found, key=lambda one: one.file):
        console.print(f"\n[bold]{escape(str(file))}[/]")
        for one in ones:
            number = str(one.line) if one.line else ""
            if one.quote:
                console.print(f"[dim]{number:>5} │[/] {escape(one.quote)}", no_wrap=True, overflow="ellipsis")
            place = f"[bold]{escape(one.key)}[/]: " if one.key else ""
            console.print(f"[dim]      │[/] {place}[red]{escape(one.problem)}[/]", soft_wrap=True)
            console.print(f"[dim]      └[/] write [green]{escape(one.instead)}[/]", soft_wrap=True)
    count = len(found)
    if count:
        console.print(f"\n{count} mistake{'' if count == 1 else 's'} in {escape(board)}.")
    else:
        console.print(f"{escape(board)}: no mistake found.")
