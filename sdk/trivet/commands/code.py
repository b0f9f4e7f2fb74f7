"""`trivet code H07-1K`: what a code means, offline, on every board known here. A misread one is refused, and the
nearest that there are are offered. Takes a code, writes nothing but the QR code's file that was asked for. Exit codes:
`trivet.technician.exits`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from trivet.errors import TrivetError
from trivet.technician import exits, known, qr
from trivet.technician.known import Meaning, UnknownCodeError
from trivet.technician.options import Json, Language, spoken
from trivet.technician.words import word

app = typer.Typer(add_completion=False)


@app.command()
def code(  # noqa: PLR0917  typer reads them
    text: Annotated[str, typer.Argument(metavar="CODE", help="as on the display: H07-1K; dash and case do not matter")],
    board: Annotated[
        list[str] | None, typer.Option(help="only this board: a name, or a folder; may be given several times")
    ] = None,
    with_qr: Annotated[bool, typer.Option("--qr", help="show it as a QR code too, or write FILE")] = False,
    file: Annotated[Path | None, typer.Argument(help="with --qr: a .svg or .png to write instead")] = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """Explain a code that was read over the phone. Needs no appliance and no network."""
    spoken(language)
    if file is not None and not with_qr:
        print(f"trivet code: {file}: one code at a time; a file is written with --qr {file}", file=sys.stderr)
        raise typer.Exit(exits.USAGE)
    try:
        found = known.explain(text, known.shelf(board or ()), language)
        if file is not None:
            qr.save(qr_text(found[0]), file)
    except TrivetError as error:
        near = error.near if isinstance(error, UnknownCodeError) else ()
        _refused(str(error), near, language, as_json)
        raise typer.Exit(exits.USAGE) from None
    if as_json:
        print(json.dumps({"meanings": [_json(one, language) for one in found]}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for one in found:
        console.print(page(one, language))
    if file is not None:
        console.print(f"{word('saved', language)} {escape(str(file))}")
    elif with_qr:
        for line in qr.lines(qr_text(found[0])):
            console.print(Text(line, style="white on black"), soft_wrap=True)


def qr_text(meaning: Meaning) -> str:
    """What the QR code of a code says: the page that the maker names, else the code itself."""
    return meaning.board.help.replace("{code}", meaning.code.code)


def page(meaning: Meaning, language: str) -> Panel:
    """One code on one board for people: what counts first, in few and short lines."""
    board, row = meaning.board, meaning.code
    text = row.text[language]
    head = Text.assemble((row.code, "bold reverse"), "  ", (text["title"], "bold"))
    kind = f"NE 107 {row.ne107}, {word(row.ne107, language)}; {word('severity', language)} {row.severity}"
    parts: list[Any] = [Text(), head, Text(kind, style="dim")]
    if row.hazard:
        parts.append(Text(f" {word('hazard', language)} ", style="bold white on red"))
    for key in ("owner", "now"):
        parts += [*_titled(word(key, language)), Padding(Text(text[key]), (0, 2))]
    off = [one.text[language] for one in board.functions if any(row is board.codes[at] for at, _ in one.inhibited_by)]
    if off:
        parts += [*_titled(word("off", language)), Padding(Text(", ".join(off)), (0, 2))]
    parts += _titled(word("steps", language))
    parts += [Padding(Text(f"{at}. {step}"), (0, 2)) for at, step in enumerate(row.technician[language], 1)]
    parts += _titled(word("causes", language))
    parts += [Padding(one, (0, 2)) for one in _causes(meaning, language)]
    return Panel(Group(*parts, Text()), title=board.text[language], title_align="left")


def _titled(title: str) -> list[Text]:
    return [Text(), Text(title, style="bold cyan")]


def _causes(meaning: Meaning, language: str) -> list[Text]:
    numbers = {part.number: part for part in meaning.board.parts}
    total = sum(cause.weight for cause in meaning.code.causes)
    made = []
    for cause in sorted(meaning.code.causes, key=lambda cause: -cause.weight):
        line = Text(f"{cause.weight / total:4.0%}  {cause.text[language]}")
        if cause.part is not None:
            part = numbers[cause.part]
            line.append(f"\n      {word('part', language)} ")
            line.append(part.number, style="bold")
            line.append(f"  {part.text[language]}{', ' + part.price if part.price else ''}")
            if part.van:
                line.append(f", {word('on_van', language)}")
        made.append(line)
    return made


def _json(meaning: Meaning, language: str) -> dict[str, Any]:
    board, row = meaning.board, meaning.code
    total = sum(cause.weight for cause in row.causes)
    return {
        "code": row.code,
        "board": board.name,
        "model": board.model,
        "event": row.event,
        "ne107": row.ne107,
        "severity": row.severity,
        "hazard": row.hazard,
        **row.text[language],
        "steps": row.technician[language],
        "causes": [
            {"name": one.name, "text": one.text[language], "share": round(one.weight / total, 3), "part": one.part}
            for one in sorted(row.causes, key=lambda one: -one.weight)
        ],
        "qr": qr_text(meaning),
    }


def _refused(why: str, near: tuple[Meaning, ...], language: str, as_json: bool) -> None:
    print(f"trivet code: {why}", file=sys.stderr)
    if near:
        print(f"{word('near', language)}:", file=sys.stderr)
    for one in near:
        print(f"  {one.code.code}  {one.code.text[language]['title']} ({one.board.text[language]})", file=sys.stderr)
    if as_json:
        offered = [{"code": one.code.code, "board": one.board.name} for one in near]
        print(json.dumps({"refused": why, "near": offered}, ensure_ascii=False))
