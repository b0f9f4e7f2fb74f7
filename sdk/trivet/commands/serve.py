"""`trivet serve`: the whole cloud on this machine, in one go. Prints where it is and, once, the first login."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
import typer

from trivet.cases.terms import TermsError
from trivet.config import LOOPBACK, Settings
from trivet.consent.periods import RetentionError
from trivet.consent.vendor import VendorError
from trivet.engine import EngineError
from trivet.keys import KeysError
from trivet.notify.config import NotifyError
from trivet.observe import logs
from trivet.tickets.config import TicketsError

app = typer.Typer(add_completion=False)
_HERE = (LOOPBACK, "localhost", "::1")
_UNPROTECTED = (
    "serving on {host} lets other machines in, and no passphrase protects the keys in {folder}. Set one: "
    "TRIVET_PASSPHRASE_FILE or TRIVET_PASSPHRASE for this command, or `trivet keys protect`; or keep the keys "
    "elsewhere (TRIVET_MASTER, TRIVET_COMMAND_KEY); or say --exposed-keys"
)
DEFAULT_DATA = Path(platformdirs.user_data_dir("trivet"))
Data = Annotated[Path, typer.Option("--data", help="Folder that holds everything of this cloud; back it up")]

Database = Annotated[
    str | None, typer.Option(help="Instead of the SQLite file, e.g. postgresql+asyncpg://user@host/trivet")
]


@app.command()
def serve(  # noqa: PLR0917
    data: Data = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise")] = LOOPBACK,
    http_port: Annotated[int, typer.Option(help="Pages and API; 0 is any free one")] = 8080,
    mqtt_port: Annotated[int, typer.Option(help="Appliances, over TLS; 0 is any free one")] = 8883,
    nats_port: Annotated[int, typer.Option(help="The engine's own port; 0 is any free one")] = 4222,
    nats_host: Annotated[
        str, typer.Option(help="Address of that port; not loopback: `trivet ingest` of other machines, over TLS")
    ] = LOOPBACK,
    reach: Annotated[
        str | None, typer.Option(help="Name or address that new appliances are told to connect to")
    ] = None,
    database: Database = None,
    workers: Annotated[
        int, typer.Option(help="Ingest workers in this process; more: `trivet ingest`", min=0, max=16)
    ] = 1,
    public_url: Annotated[
        str | None, typer.Option(help="Where people reach the pages, as links in messages name it, e.g. https://desk…")
    ] = None,
    allow_network: Annotated[
        list[str] | None, typer.Option(help="Private network (CIDR) that webhooks may be sent into, once for each")
    ] = None,
    log: Annotated[
        Literal["text", "json"], typer.Option(help="How the log is written to stderr; never with anything of a person")
    ] = "text",
    exposed_keys: Annotated[
        bool, typer.Option("--exposed-keys", help="Serve other machines though no passphrase protects the keys on disk")
    ] = False,
) -> None:
    """Start engine, ingest, database, API and desk page; Ctrl-C ends all of it."""
    logs.setup(as_json=log == "json")
    from trivet.commands import keyring
    from trivet.commands.keys import told

    with told():
        places = keyring.places(data)
        if places.exposed and not exposed_keys and not {host, nats_host} <= set(_HERE):
            raise KeysError(_UNPROTECTED.format(folder=data / "secrets", host=host))
    settings = Settings(
        data_dir=data,
        host=host,
        http_port=http_port,
        mqtt_port=mqtt_port,
        nats_port=nats_port,
        nats_host=nats_host,
        database_url=database,
        mqtt_host=reach,
        workers=workers,
        keys=places,
        public_url=public_url,
        networks=checked_networks(allow_network or []),
    )
    try:
        asyncio.run(_serve(settings))
    except (
        EngineError,
        KeysError,
        NotifyError,
        RetentionError,
        TermsError,
        TicketsError,
        VendorError,
        RuntimeError,
    ) as error:
        typer.echo(f"The cloud did not start: {error}", err=True)
        raise typer.Exit(1) from error


def checked_networks(said: list[str]) -> tuple[str, ...]:
    from trivet.outward.guard import networks

    try:
        return tuple(str(network) for network in networks(said))
    except ValueError as error:
        raise typer.BadParameter(
            f"{error}: write a network such as 10.1.0.0/16", param_hint="--allow-network"
        ) from error


async def _serve(settings: Settings) -> None:
    from trivet.commands.keys import EXPOSED
    from trivet.serve import Cloud

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, ended.set)
    async with Cloud(settings) as cloud:
        if cloud.vault.fresh:
            typer.echo(f"First start: certificates, keys and the database were made in {settings.data_dir}.")
            typer.echo(f"Keep {settings.secrets_dir} safe: without it no appliance of this cloud is understood again.")
        typer.echo(f"Desk and API        {cloud.url}")
        typer.echo(f"Appliances (MQTT)   {cloud.broker[0]}:{cloud.broker[1]}, TLS with a certificate of this cloud")
        for model, number in cloud.catalogues.items():
            typer.echo(f"Catalogue           {model} ({number:08x})")
        if cloud.first_login is not None:
            typer.echo(f"First login         {cloud.first_login.user} / {cloud.first_login.password}")
            typer.echo("                    This password is shown once and stored nowhere: note it now.")
        if settings.keys.exposed:
            typer.echo(f"Keys                {EXPOSED.format(folder=settings.secrets_dir)}")
        typer.echo("Ctrl-C ends it.")
        await ended.wait()
        typer.echo("Ending.")
