"""`trivet release sign` and `trivet release verify`: signatures on a release folder, and everything that can be checked
of one. Both work without a cloud and without a network.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trivet.commands.release_common import Json, Roots, hand, roots_in, told, working
from trivet.release import check, folder, trust
from trivet.release import sign as signing

sign_app = typer.Typer(add_completion=False)
verify_app = typer.Typer(add_completion=False)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a release")]


@sign_app.command()
def sign(
    release: Folder,
    key: Annotated[
        list[str],
        typer.Option(metavar="PLACE", help="file:PATH, env:TRIVET_NAME, exec:PROGRAM, pkcs11:…, lms:PATH; repeatable"),
    ],
    roots: Roots = None,
    seen: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, help="Where else a hash-based key's earlier signatures are, to notice an old state; repeatable"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add signatures to a release. Several people may do so one after the other, each with a key of their own."""
    with told():
        known = roots_in(roots) if roots else None
        opened = folder.Release(release)
        with working("signing …"):
            verdict = signing.sign(opened, [hand(place) for place in key], known, seen or ())
        signatures = opened.envelope().signatures
    if as_json:
        said = [{"kid": (one.kid or b"").hex(), "algorithm": trust.name(one.algorithm)} for one in signatures]
        typer.echo(json.dumps({"signatures": said, "ready": None if verdict is None else not verdict.reason}))
        return
    for one in signatures:
        typer.echo(f"{(one.kid or b'').hex()}  {trust.name(one.algorithm)}")
    if verdict is not None:
        ready = "Ready to publish" if not verdict.reason else "Not enough yet"
        typer.echo(f"{ready}: {verdict.words()}.")


@verify_app.command()
def verify(
    release: Folder,
    roots: Roots = None,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="Folder of an earlier release that deltas start from; repeatable")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check everything of a release: signatures, payloads, chunks, files, deltas, SBOM, notes. Exit code 1: wrong."""
    with told():
        known = roots_in(roots) if roots else None
        with working("checking …"):
            found = check.look(folder.Release(release), known, earlier or ())
    good = all(one.good is not False for one in found)
    if as_json:
        rows = [{"what": one.what, "good": one.good, "words": one.words} for one in found]
        typer.echo(json.dumps({"good": good, "checks": rows}, ensure_ascii=False))
    else:
        _show(found, good, signed=roots is not None)
    raise typer.Exit(0 if good else 1)


_MARKS = {True: "[green]good[/]", False: "[red]WRONG[/]", None: "[yellow]open[/]"}


def _show(found: list[check.Finding], good: bool, signed: bool) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in found:
        table.add_row(_MARKS[one.good], escape(one.what), escape(one.words))
    console = Console(highlight=False)
    console.print(table)
    if not signed:
        console.print("Signatures were not judged: give the root of keys by --roots roots.cbor.")
    console.print("Everything that was checked is good." if good else "This release must not be published.")
