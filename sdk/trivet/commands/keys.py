"""`trivet keys`: where the vendor's keys are, and their passphrase. Never prints a secret."""

import asyncio
import getpass
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from trivet_wire import ids

from trivet import keys
from trivet.commands import keyring
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.keys import KeysError, Passphrase, Safe
from trivet.sign1 import key_id
from trivet.vault import Vault

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Where the vendor's keys are, and their passphrase.")


@app.command()
def show(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Which keys this cloud uses, where they are, by what they are known again. No secret is shown."""
    with told():
        vault = Vault(existing(data), keyring.places(data))
    said = {
        "master": vault.places.master,
        "master_id": keys.fingerprint(vault.master),
        "command_key": vault.places.command_key,
        "command_kid": key_id(vault.command_key.public).hex(),
        "command_public": vault.command_key.public.hex(),
        "passphrase": vault.safe.locked,
    }
    if as_json:
        typer.echo(json.dumps(said))
        return
    typer.echo(f"Master secret   {said['master']}   known as {said['master_id']}")
    typer.echo(f"Command key     {said['command_key']}   key id {said['command_kid']}")
    typer.echo(f"Passphrase      {'protects the files' if vault.safe.locked else 'none'}")
    if vault.places.exposed:
        typer.echo(EXPOSED.format(folder=vault.directory))


@app.command()
def protect(
    data: Data = DEFAULT_DATA,
    new_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", help="Read the new passphrase from its first line")
    ] = None,
) -> None:
    """Set or change the passphrase that seals master secret, command key and certificate authority on disk."""
    with told():
        safe = Safe(existing(data), keyring.places(data).passphrase)
        changed = safe.locked
        safe.protect(_new_passphrase(new_file))
        for name in ("master.key", "command.key", "ca.key", "outward.key"):
            safe.read(name)  # one that lies plain is sealed by that
    typer.echo("The passphrase is changed." if changed else f"The keys in {safe.directory} are sealed.")
    typer.echo("Write it down where a fire does not reach: nobody can open them without it.")
    if not changed:
        typer.echo("Backups and disk blocks from before still hold them plain: destroy those.")


@app.command()
def rotate(
    device: Annotated[str, typer.Argument(help="Device id, 16 hex digits")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the appliance's result")] = 0.0,
) -> None:
    """Give an appliance its next message key. The running cloud sends it; the old one ends a day after first use."""
    with told():
        settings = keyring.settings(data, database)
        said = asyncio.run(_rotate(settings, Vault(existing(data), settings.keys), device, wait))
    typer.echo(said)


async def _rotate(settings: Settings, vault: Vault, device: str, wait: float) -> str:
    from trivet import control
    from trivet.store import Store
    from trivet.store.tables import CommandRow, utcnow

    async with Store(settings.url) as store:
        try:
            async with store.writing() as session:
                counter = await control.rotate(session, vault.master, device, who="trivet keys rotate")
        except control.ControlError as error:
            raise KeysError(str(error)) from error
        state = control.OPEN
        end = time.monotonic() + wait
        while state == control.OPEN and time.monotonic() < end:
            await asyncio.sleep(0.2)
            async with store.reading() as session:
                row = await session.get_one(CommandRow, (device, counter))
            state = control.state(row, utcnow())
    if state == control.OPEN:
        return f"Command {counter} for {device} is queued: the running cloud sends it until the appliance answers."
    reason = f": {ids.REASON_NAMES.get(row.reason, row.reason)}" if row.reason else ""
    return f"Command {counter} for {device}: {state}{reason}."


EXPOSED = (
    "Whoever reads {folder} can pretend to be this cloud and its appliances: `trivet keys protect` seals the keys."
)


@contextmanager
def told() -> Iterator[None]:
    """What is wrong with the keys, as a line on stderr and exit code 1."""
    try:
        yield
    except KeysError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def existing(data: Path) -> Path:
    directory = Settings(data_dir=data).secrets_dir
    if not (directory / "ca.crt").exists():
        raise KeysError(f"there is no cloud in {data}: `trivet serve --data {data}` makes one")
    return directory


def _new_passphrase(file: Path | None) -> Passphrase:
    if file is not None:
        try:
            return Passphrase(file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r"))
        except (OSError, UnicodeDecodeError) as error:
            raise KeysError(f"{file} cannot be read: {error}") from error
    if not sys.stdin.isatty():
        raise KeysError("no terminal to type a passphrase at: give --new-passphrase-file")
    first = getpass.getpass("New passphrase: ")
    if getpass.getpass("Once more: ") != first:
        raise KeysError("the two differ: nothing was changed")
    return Passphrase(first)
