"""`trivet erase`: removes everything of an appliance or an owner, and shows what a scan found afterwards."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from trivet.commands import keyring
from trivet.commands.keys import told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.consent import erase as erasing
from trivet.consent.proof import Streams
from trivet.vault import Vault

app = typer.Typer(add_completion=False)


@app.command()
def erase(
    what: Annotated[str, typer.Argument(help="Device id (16 hex digits) or the owner's number")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    marker: Annotated[
        list[str] | None, typer.Option(help="A further word that must not stand anywhere afterwards; repeat it")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """GDPR, article 17. Goes while the cloud runs or not; the appliance is told to begin anew. Exit code 1 when the
    scan still finds something."""
    try:
        with told():
            done = asyncio.run(_erase(keyring.settings(data, database), what, marker or []))
    except erasing.EraseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps({"clean": done.proof.clean, **_plain(done)}))
    else:
        _show(done)
    raise typer.Exit(0 if done.proof.clean else 1)


async def _erase(settings: Settings, what: str, markers: list[str]) -> erasing.Erased:
    from trivet.store import Store

    vault = Vault(settings.secrets_dir, settings.keys)
    async with Store(settings.url) as store, _streams(settings, vault) as streams:
        place = erasing.Place(store, streams, settings.data_dir)
        if len(what) == 16:
            return await erasing.appliance(place, what.lower(), by="privacy", markers=markers)
        if not what.isdecimal():
            raise erasing.EraseError(f"{what!r} is neither a device id (16 hex digits) nor an owner's number")
        return await erasing.owner(place, int(what), by="privacy", markers=markers)


@asynccontextmanager
async def _streams(settings: Settings, vault: Vault) -> AsyncIterator[Streams]:
    """The engine of the running cloud; where none runs, one for as long as this takes."""
    from trivet.engine.engine import Engine
    from trivet.ingest.nats import NatsTransport

    url, engine = _noted_engine(settings.data_dir), None
    if url is None:
        quiet = Settings(data_dir=settings.data_dir, http_port=0, mqtt_port=0, nats_port=0, keys=settings.keys)
        engine = Engine(quiet, vault, _nobody)
        await engine.server.start()
        url = engine.url
    transport = NatsTransport(url, vault.sdk_password)
    try:
        await transport.start()
        yield transport
    finally:
        await transport.stop()
        if engine is not None:
            await engine.server.stop()


async def _nobody(_device: str) -> bool:
    return False


def _noted_engine(data: Path) -> str | None:
    """Where the cloud of this folder runs its engine; None when nothing answers there."""
    try:
        url = str(json.loads((data / "address.json").read_text("utf-8"))["engine"])
        parts = urlsplit(url)
        socket.create_connection((parts.hostname or "", parts.port or 0), 1).close()
    except (OSError, KeyError, ValueError):
        return None
    return url


def _plain(done: erasing.Erased) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(done)
    return plain


def _show(done: erasing.Erased) -> None:
    for device in done.devices:
        typer.echo(f"Appliance {device}")
    for table, count in done.rows.items():
        if count:
            typer.echo(f"  {table:18} {count:>8} rows removed")
    typer.echo(f"  {'engine':18} {done.messages:>8} messages removed")
    looked = ", ".join(f"{count} {what}" for what, count in done.proof.looked.items())
    typer.echo(f"Looked for {done.proof.markers} words in {looked or 'nothing: give --marker'}.")
    for place, hits in done.proof.found.items():
        typer.echo(f"  STILL THERE: {place} ({hits})")
    if done.proof.clean and done.proof.markers:
        typer.echo("None is left anywhere.")
