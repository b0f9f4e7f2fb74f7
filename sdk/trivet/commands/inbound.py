"""`trivet inbound`: which systems may send mentions, mails, chats and calls in."""

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from trivet.commands.keys import told as keys_told
from trivet.commands.outward import beside
from trivet.commands.serve import DEFAULT_DATA, Data, Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trivet.inbound.sources import Source
    from trivet.outward.seal import Seal
    from trivet.store import Store

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Systems that may send letters in.")
Json = Annotated[bool, typer.Option("--json", help="The last line is one JSON object")]
Name = Annotated[str, typer.Argument(help="Name of the source: small letters, digits and -")]


@contextmanager
def told() -> "Iterator[None]":
    """What is wrong, as a line on stderr and exit code 1."""
    from trivet.inbound.problem import LetterError

    try:
        with keys_told():
            yield
    except LetterError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def add(name: Name, data: Data = DEFAULT_DATA, database: Database = None, as_json: Json = False) -> None:
    """Let a system send letters in; prints its address and its secret, once."""
    from trivet.inbound import sources
    from trivet.serve import noted_url

    async def work(store: "Store", seal: "Seal") -> str:
        async with store.writing() as session:
            return await sources.add(session, seal, name, "trivet inbound")

    with told():
        secret = beside(data, database, work)
    address = f"{noted_url(data)}/api/inbound/{name}"
    if as_json:
        typer.echo(json.dumps({"name": name, "address": address, "secret": secret}))
        return
    typer.echo(f"It posts to {address}, signed (Standard Webhooks) with this secret, shown this once:\n{secret}")


@app.command("list")
def list_(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Every source, and when its last letter came."""
    from trivet.inbound import sources

    async def work(store: "Store", _seal: "Seal") -> "list[Source]":
        async with store.reading() as session:
            return await sources.listed(session)

    with told():
        found = beside(data, database, work)
    for one in found:
        typer.echo(f"{one.name:32} {f'{one.last_at:%Y-%m-%d %H:%M} UTC' if one.last_at else 'no letter yet'}")
    if not found:
        typer.echo("There is none: trivet inbound add NAME")


@app.command()
def rotate(name: Name, data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """A new secret, printed once; the one before is believed for another 24 hours."""
    from trivet.inbound import sources
    from trivet.store.tables import utcnow

    async def work(store: "Store", seal: "Seal") -> str:
        async with store.writing() as session:
            return await sources.rotate(session, seal, name, utcnow())

    with told():
        typer.echo(beside(data, database, work))


@app.command()
def remove(name: Name, data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Nothing of it is taken any more; what it sent stays."""
    from trivet.inbound import sources

    async def work(store: "Store", _seal: "Seal") -> None:
        async with store.writing() as session:
            await sources.remove(session, name)

    with told():
        beside(data, database, work)
    typer.echo(f"Nothing of {name} is taken any more.")
