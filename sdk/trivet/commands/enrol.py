"""`trivet enrol`: makes a new appliance known to this cloud and, for a simulated one, writes its flash."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import segno
import typer

from trivet.commands import keyring
from trivet.commands.keys import told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.registry import Identity, Registry

app = typer.Typer()


@app.command()
def enrol(  # noqa: PLR0917
    board: Annotated[str, typer.Argument(help="Board of the appliance: its name, or the folder with its files")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    name: Annotated[str, typer.Option(help="What people call it, e.g. 'Oven, kitchen'")] = "",
    into: Annotated[
        Path | None, typer.Option(help="Write the flash of a simulated appliance into this folder: trivet sim --device")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Make identity, certificate and keys of one appliance. The claim secret is for its sticker and is shown once."""
    from trivet.serve import noted_url

    with told():
        identity = asyncio.run(_enrol(keyring.settings(data, database), board, name))
    if into is not None:
        from trivet.sim.device import Device, Provision

        Device(into).provision(
            Provision(
                device=identity.device,
                message_key=identity.message_key,
                model=identity.model,
                epoch=identity.epoch,
                brokers=identity.brokers,
                key_der=identity.key_der,
                cert_der=identity.cert_der,
                ca_der=identity.ca_der,
            )
        )
    claim_url = f"{noted_url(data)}/claim#{identity.device}-{identity.claim_secret}"
    if as_json:
        said = {"device": identity.device, "claim_secret": identity.claim_secret, "model": identity.model}
        typer.echo(json.dumps(said | {"brokers": identity.brokers, "claim_url": claim_url}))
        return
    typer.echo(f"Device id      {identity.device}")
    typer.echo(f"Claim secret   {'-'.join(identity.claim_secret[i : i + 4] for i in range(0, 16, 4))}")
    typer.echo(f"Sticker's QR   {claim_url}")
    if sys.stdout.isatty():
        segno.make(claim_url, micro=False).terminal(compact=True)
    typer.echo(f"Connects to    {', '.join(f'{host}:{port}' for host, port in identity.brokers)}")
    if into is not None:
        typer.echo(f"Flash          {into}")


async def _enrol(settings: Settings, board: str, name: str) -> Identity:
    from trivet import boards, catalogues
    from trivet.serve import noted_brokers
    from trivet.store import Store
    from trivet.vault import Vault

    try:
        vault = Vault(settings.secrets_dir, settings.keys)
        async with Store(settings.url) as store:
            model, _ = await catalogues.add_board(store, board)
            return await Registry(store, vault, noted_brokers(settings.data_dir)).enrol(model, name=name)
    except boards.BoardError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
