"""`trivet release inspect`: what a SUIT envelope says, command by command, in plain words; Trivet's own or anybody's.
Takes a file (binary, or hex as text) or a release folder. Ends with 0 when it is sound, and with `--key` signed by it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from trivet.commands.release_common import Json
from trivet.errors import TrivetError
from trivet.release import ReleaseError, folder
from trivet.release.suit import explain, read_keys, tables

app = typer.Typer(add_completion=False)
_LARGEST = 64 << 20  # bytes of a file that is read
_WIDE = 1000  # columns where nobody looks: a line stays a line
_MEANINGS = {tables.MANIFEST[number]: meaning for number, meaning in tables.SEQUENCES.items()}


@app.command()
def inspect(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="SUIT envelope (binary or hex), or a release folder")
    ],
    key: Annotated[
        list[Path] | None,
        typer.Option(help="Public key that has to have signed it (PEM), or a root of keys; repeatable"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain a SUIT envelope: every command in plain words, digests and signatures checked."""
    try:
        keys = [one for path in key or () for one in read_keys(path)]
        found = explain(_read(file), keys)
    except (TrivetError, OSError) as error:
        typer.echo(f"{file}: {error}", err=True)
        if as_json:
            typer.echo(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps({"ok": True, **found}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    for branch in _shown(found, bool(keys)):
        console.print(branch)


def _read(file: Path) -> bytes:
    """The envelope's bytes: text that is all hex digits is what they stand for."""
    if file.is_dir():
        release = folder.Release(file)
        return release.read(release.index.envelope)
    try:
        with file.open("rb") as source:
            data = source.read(_LARGEST + 1)
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise ReleaseError(f"is larger than {_LARGEST >> 20} MiB: no envelope")
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data


def _shown(found: dict[str, Any], asked: bool) -> Iterator[Tree]:
    head = Tree(f"[bold]SUIT envelope[/], {found['bytes']:,} bytes")
    head.add(f"manifest digest {found['digest']}, [green]fits[/]")
    for one in found["signatures"]:
        by = one["verified_by"]
        kid = f", key id {one['kid']}" if one["kid"] else ""
        verdict = f"[green]holds[/], by {escape(by)}" if by else "by none of the keys given" if asked else "not judged"
        head.add(f"signature {one['algorithm']}{kid}: {verdict}{'' if asked else ' (give --key)'}")
    for warning in found["warnings"]:
        head.add(f"[yellow]{escape(warning)}[/]")
    yield head
    yield _manifest(found["manifest"])
    for name, payload in found["payloads"].items():
        tree = Tree(f"[bold]payload {escape(name)}[/], {payload['bytes']:,} bytes, [green]has its digest[/]")
        for part in _shown(payload["envelope"], asked) if "envelope" in payload else ():
            tree.add(part)
        yield tree


def _manifest(found: dict[str, Any]) -> Tree:
    tree = Tree(f"[bold]manifest[/], sequence number {found['sequence']}")
    common = found["common"]
    parts = tree.add("components")
    listed = iter(common["components"])
    for index in range(len(common["components"]) + len(common.get("dependencies", {}))):
        dependency = common.get("dependencies", {}).get(str(index))
        parts.add(escape(f"{index}: {dependency or next(listed)}{' (a manifest of its own)' if dependency else ''}"))
    if "shared sequence" in common:
        _commands(tree.add("[bold]shared sequence[/]: runs before each of the others"), common["shared sequence"])
    for name, value in found.items():
        if name not in {"version", "sequence", "common"}:
            _member(tree, name, value)
    return tree


def _member(tree: Tree, name: str, value: Any) -> None:
    title = f"[bold]{escape(name)}[/]"
    severed = isinstance(value, dict) and value.get("severed")
    if severed:
        where = (
            "beside the manifest, has the digest that it names" if value["carried"] else "not carried in this envelope"
        )
        title += f" [dim](severed: {where})[/]"
        value = value.get("content")
    if isinstance(value, list) and name in _MEANINGS:
        _commands(tree.add(f"{title}: {_MEANINGS[name]}"), value)
    elif isinstance(value, dict):
        _texts(tree.add(title), value)
    elif value is None:
        tree.add(title)
    else:
        tree.add(f"{title}: {escape(str(value))}")


def _commands(tree: Tree, commands: list[dict[str, Any]]) -> None:
    for one in commands:
        branch = tree.add(f"{escape(one['command'])}: {escape(one['words'])}")
        _texts(branch, one.get("parameters", {}))
        choices = one.get("then", [])
        for i, choice in enumerate(choices):
            if not choice:
                branch.add("or nothing of these")
            elif len(choices) == 1:
                _commands(branch, choice)
            else:
                _commands(branch.add(f"choice {i + 1}"), choice)


def _texts(tree: Tree, found: dict[str, Any]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            _texts(tree.add(escape(name or "without a language")), value)
        else:
            tree.add(f"{escape(name)}: {escape(str(value))}")
