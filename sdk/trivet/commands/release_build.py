"""`trivet release build`: takes a board, writes a release folder. Nothing in it is signed yet."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from trivet.commands.release_common import Json, told, working
from trivet.release import ReleaseError, manifest
from trivet.release.build import DEADLINE_DAYS, VENDOR, Order
from trivet.release.build import build as build_release
from trivet.release.folder import Release

app = typer.Typer(add_completion=False)


@app.command()
def build(  # noqa: PLR0917
    board: Annotated[str, typer.Argument(help="Name of a board, or a folder with board.toml")],
    version: Annotated[str, typer.Option(help="What people call this release, such as 1.4.0")],
    out: Annotated[Path, typer.Option(help="Folder to write; empty or not there yet")],
    sequence: Annotated[
        int | None,
        typer.Option(min=1, help="Number that only rises; without it one more than the releases of --delta-from, or 1"),
    ] = None,
    security: Annotated[
        bool, typer.Option("--security/--feature", help="Installs by itself, or waits for its owner's yes")
    ] = False,
    deadline_days: Annotated[
        int | None, typer.Option(min=1, help=f"Days an owner can postpone a security release ({DEADLINE_DAYS})")
    ] = None,
    expires_days: Annotated[int | None, typer.Option(min=1, help="Days after which no appliance installs it")] = None,
    base: Annotated[
        str, typer.Option(metavar="sim|FILE|none", help="Base image: the simulator's, a file, or none in this release")
    ] = "none",
    bundle: Annotated[bool, typer.Option(help="The board's drivers and data")] = True,
    delta_from: Annotated[
        list[Path] | None, typer.Option(help="Folder of an earlier release to make deltas from; may be repeated")
    ] = None,
    note: Annotated[
        list[str] | None, typer.Option(metavar="LANGUAGE=FILE", help="Release note, such as de=news.md; repeatable")
    ] = None,
    needs_base: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Base that has to run before, such as '>=1.2'")
    ] = None,
    vendor: Annotated[str, typer.Option(help="Your internet domain: appliances know their vendor by it")] = VENDOR,
    as_json: Json = False,
) -> None:
    """Build an update for BOARD: images, deltas, manifest, SBOM, notes. The same input gives the same bytes."""
    with told():
        order = Order(
            version=version,
            sequence=sequence,
            security=security,
            deadline_days=deadline_days,
            expires_days=expires_days,
            base=base,
            bundle=bundle,
            earlier=tuple(delta_from or ()),
            notes=dict(_note(one) for one in note or ()),
            needs_base=needs_base,
            vendor=vendor,
        )
        with working(f"building {board} {version} …"):
            release = build_release(board, order, out)
            said = manifest.read(release.envelope().manifest)
    if as_json:
        typer.echo(json.dumps(_summary(release, said)))
    else:
        _show(release, said)


def _note(text: str) -> tuple[str, Path]:
    language, equals, file = text.partition("=")
    if not equals:
        raise ReleaseError(f"--note {text}: write a language and a file, as in --note de=news.md")
    return language, Path(file)


def _summary(release: Release, said: manifest.Manifest) -> dict[str, object]:
    index = release.index
    return {
        "folder": str(release.path),
        "model": index.model,
        "version": index.version,
        "sequence": index.sequence,
        "kind": index.kind,
        "deadline": said.deadline,
        "expires": said.expires,
        "components": {one.name: {"bytes": one.size, "sha256": one.digest.hex()} for one in said.components},
        "deltas": [
            {"component": one.name, "bytes": each.size, "share": round(each.size / one.size, 4)}
            for one in said.components
            for each in one.deltas
        ],
    }


def _show(release: Release, said: manifest.Manifest) -> None:
    index = release.index
    table = Table(box=None, pad_edge=False)
    for column in ("payload", "bytes", "of the image", "file"):
        table.add_column(column, justify="right" if column in {"bytes", "of the image"} else "left")
    names = index.payloads
    for one in said.components:
        table.add_row(one.name, f"{one.size:,}", "", names[one.digest.hex()])
        for each in one.deltas:
            file = names[each.digest.hex()]
            table.add_row("  delta", f"{each.size:,}", f"{100 * each.size / one.size:.1f} %", file)
    console = Console(highlight=False)
    console.print(f"{index.model} {index.version}, {index.kind} release, sequence {index.sequence}")
    console.print(table)
    for what, when in (("Postponed at most until", said.deadline), ("Expires", said.expires)):
        if when is not None:
            console.print(f"{what} {datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M} UTC")
    console.print(f"Not signed yet: trivet release sign {release.path} --key PLACE", soft_wrap=True)
