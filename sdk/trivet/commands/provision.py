"""`trivet provision`: makes a board an appliance of this cloud. The board makes its own key; what goes onto the sticker
is printed once.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Annotated

import segno
import typer

from trivet.commands import keyring
from trivet.commands.keys import told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings, updates_dir
from trivet.registry import Identity, Registry

app = typer.Typer(add_completion=False)


@app.command()
def provision(  # noqa: PLR0917
    board: Annotated[str, typer.Argument(help="Board of the appliance: its name, or the folder with its files")],
    device: Annotated[
        Path | None, typer.Option(help="Folder of a simulated board, made anew: trivet sim --device")
    ] = None,
    port: Annotated[str, typer.Option(help="Serial port of a real board, as in /dev/ttyUSB0")] = "",
    label: Annotated[
        Path | None, typer.Option(help="Write its label, 60 × 30 mm: a file that ends in .pdf or .svg")
    ] = None,
    language: Annotated[str, typer.Option(help="What its label speaks: en or de")] = "en",
    data: Data = DEFAULT_DATA,
    database: Database = None,
    name: Annotated[str, typer.Option(help="What people call it, e.g. 'Oven, kitchen'")] = "",
    region: Annotated[
        str, typer.Option(help="Where it is sold (DE, CH …): technicians' credentials may be for a region alone")
    ] = "",
    roots: Annotated[
        Path | None, typer.Option(help="Root of release keys (roots.cbor), where this cloud has none yet")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Let the board make its key, certify it, write its identity. The claim secret is for its sticker, shown once."""
    from trivet.serve import noted_url

    with told():
        _check(region, device, port, label, language)
        if roots is not None:
            _keep(updates_dir(data), roots)
        identity = asyncio.run(_provision(keyring.settings(data, database), board, device or port, name, region))
    claim_url = f"{noted_url(data)}/claim#{identity.device}-{identity.claim_secret}"
    if label is not None:
        _print(label, identity, claim_url, language)
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
    typer.echo(f"Updates        {_updates(identity)}")
    if label is not None:
        typer.echo(f"Label          {label}")
    typer.echo(f"Flash          {device or port}; its private key was made there and is nowhere else")


def _print(label: Path, identity: Identity, claim_url: str, language: str) -> None:
    from trivet.hardware.label import Label

    made = Label(identity.model, identity.device, identity.claim_secret, claim_url, language)
    label.write_bytes(made.pdf() if label.suffix == ".pdf" else made.svg())


def _check(region: str, device: Path | None, port: str, label: Path | None, language: str) -> None:
    if (device is None) == (not port):
        typer.echo("write which board: --device FOLDER for a simulated one, --port PORT for a real one", err=True)
        raise typer.Exit(2)
    if label is not None and label.suffix not in (".pdf", ".svg"):
        typer.echo(f"{label} ends in neither .pdf nor .svg", err=True)
        raise typer.Exit(2)
    if language not in ("en", "de"):
        typer.echo(f"a label speaks en or de, not {language!r}", err=True)
        raise typer.Exit(2)
    if region and not re.fullmatch("[A-Z]{2}", region):
        typer.echo(f"{region!r} is no region: write two capital letters (ISO 3166-1), such as DE", err=True)
        raise typer.Exit(2)


def _keep(folder: Path, roots: Path) -> None:
    from trivet.updates import keyring
    from trivet.updates.problem import UpdateError

    try:
        keyring.keep(folder, roots.read_bytes())
    except (UpdateError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _updates(identity: Identity) -> str:
    if not identity.roots:
        return "takes none: this cloud has no root of release keys yet (trivet release keys, then --roots)"
    from trivet.release import roots

    return f"of {identity.vendor}, signed by set {roots.read(identity.roots).number} of its release keys"


async def _provision(settings: Settings, board: str, place: Path | str, name: str, region: str) -> Identity:
    from trivet import boards, catalogues
    from trivet.serve import noted_brokers
    from trivet.sim.device import Device
    from trivet.sim.errors import SimulationError
    from trivet.sim.provision import provision as at_the_line
    from trivet.store import Store
    from trivet.vault import Vault

    try:
        vault = Vault(settings.secrets_dir, settings.keys)
        async with Store(settings.url) as store:
            await catalogues.add_board(store, board)
            registry = Registry(store, vault, noted_brokers(settings.data_dir), settings.data_dir)
            if isinstance(place, Path):
                return await at_the_line(registry, boards.load(board), Device(place), name=name, region=region)
            from trivet.hardware import line

            return await line.provision(registry, boards.load(board), place, name=name, region=region)
    except (boards.BoardError, SimulationError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
