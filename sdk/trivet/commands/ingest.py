"""`trivet ingest`: more ingest workers, in a process of their own, on this machine or another."""

import asyncio
import signal
from typing import Annotated, Literal

import msgspec
import typer

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings

app = typer.Typer(add_completion=False)


@app.command()
def ingest(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    engine: Annotated[
        str | None,
        typer.Option(help="The engine of `trivet serve`, e.g. tls://10.0.0.5:4222; else where this folder notes it"),
    ] = None,
    workers: Annotated[int, typer.Option(help="Ingest workers in this process", min=1, max=16)] = 1,
    log: Annotated[
        Literal["text", "json"], typer.Option(help="How the log is written to stderr; never with anything of a person")
    ] = "text",
) -> None:
    """Take in appliances' messages beside `trivet serve`, with the same database; Ctrl-C ends it. It may be killed at
    any moment: what it had not finished goes to another worker. Several processes want PostgreSQL; SQLite lets one
    write at a time, and only on this machine."""
    from trivet.cases.terms import TermsError
    from trivet.commands import keyring
    from trivet.commands.keys import told
    from trivet.observe import logs

    logs.setup(as_json=log == "json")
    with told():
        settings = msgspec.structs.replace(keyring.settings(data, database), workers=workers)
        try:
            asyncio.run(_ingest(settings, engine))
        except (TermsError, OSError) as error:
            typer.echo(f"Ingest did not start: {error}", err=True)
            raise typer.Exit(1) from error


async def _ingest(settings: Settings, engine: str | None) -> None:
    from trivet.workers import Workers

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, ended.set)
    async with Workers(settings, engine) as running:
        typer.echo(f"Ingest runs: {settings.workers} worker(s) at {running.engine}. Ctrl-C ends it.")
        await ended.wait()
