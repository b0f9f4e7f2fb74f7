"""`trivet credential`: whom the vendor sends to its appliances. Makes technicians' files, takes them back."""

import asyncio
import datetime as dt
import getpass
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from trivet_wire import ids

from trivet.commands import keyring
from trivet.commands.release_common import told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.credentials import CredentialError, Issued, Wallet, book, register, wire
from trivet.credentials.wallet import VARIABLE, accepted, new_key, read_wallet
from trivet.keys import Signer
from trivet.sign1 import public_key

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Technicians' credentials: issue, revoke, list, show."
)
PassphraseFile = Annotated[
    Path | None, typer.Option(help="The key's passphrase is the first line of this file; on a terminal you are asked")
]
Json = Annotated[bool, typer.Option("--json", help="The last line is one JSON object")]
WHO = "trivet credential"


@app.command()
def issue(  # noqa: PLR0917
    name: Annotated[str, typer.Argument(help="The technician's name, as the appliance's owner will read it")],
    out: Annotated[Path, typer.Option("--out", help="Their file: key, credential, list of revoked ones")],
    days: Annotated[int, typer.Option(help="How long it holds", min=1, max=register.LONGEST.days)] = 90,
    role: Annotated[
        list[str] | None, typer.Option(help=f"What it allows, once for each: {', '.join(ids.ROLE_NAMES)}. Without: all")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Where it holds (DE, CH …), once for each. Without: everywhere")
    ] = None,
    public: Annotated[
        str | None, typer.Option(help="Their public key, as `trivet credential request` printed it; without: made here")
    ] = None,
    passphrase_file: PassphraseFile = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make a technician's file. It works without any network, at every appliance of this cloud."""
    with told():
        if out.exists():
            raise CredentialError(f"{out} is there already, and is not overwritten: name another file")
        key, theirs = (b"", _public(public)) if public else new_key(_passphrase(passphrase_file))
        settings = keyring.settings(data, database)
        lasts = dt.timedelta(days=days)
        serial, wallet = asyncio.run(
            _issue(settings, name, theirs, key, tuple(role or ids.ROLE_NAMES), tuple(region or ()), lasts)
        )
        wallet.save(out)
    held = wallet.credential
    if as_json:
        typer.echo(json.dumps({"serial": serial, "file": str(out), "expires": held.expires}))
        return
    typer.echo(f"Credential {serial} for {held.name} stands in {out}; it holds {days} days.")
    if public:
        typer.echo(f"They bring it together with their key: trivet credential accept THEIR-FILE {out} --out …")
        return
    typer.echo(f"At the bench: trivet test … --credential {out}, or {VARIABLE}={out}")
    typer.echo(f"Lost or stolen? trivet credential revoke {serial}")


async def _issue(  # noqa: PLR0917
    settings: Settings,
    name: str,
    public: bytes,
    key: bytes,
    roles: tuple[str, ...],
    regions: tuple[str, ...],
    lasts: dt.timedelta,
) -> tuple[int, Wallet]:
    from trivet.store import Store

    signer = _signer(settings)
    async with Store(settings.url) as store, store.writing() as session:
        serial, message = await register.issue(session, signer, name, public, roles, regions, lasts, who=WHO)
        return serial, Wallet(message, key, await register.revoked_list(session, signer))


@app.command()
def request(
    out: Annotated[Path, typer.Argument(help="File for the new key; it stays with the technician")],
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Make a key where it will be used; prints what the vendor needs for `trivet credential issue --public`."""
    with told():
        key, public = new_key(_passphrase(passphrase_file))
        Wallet(b"", key).save(out)
    if as_json:
        typer.echo(json.dumps({"public": public.hex(), "file": str(out)}))
        return
    typer.echo(f"The key stands in {out}; keep it. Send the vendor this:\n{public.hex()}")


@app.command()
def accept(
    mine: Annotated[Path, typer.Argument(help="File that `trivet credential request` made")],
    theirs: Annotated[Path, typer.Argument(help="File that the vendor sent back")],
    out: Annotated[Path, typer.Option("--out", help="The technician's file, from both")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Bring a technician's key together with what the vendor signed for it."""
    with told():
        held = accepted(read_wallet(mine), read_wallet(theirs), lambda: _passphrase(passphrase_file) or "")
        held.save(out)
        name = held.credential.name
    typer.echo(f"{out} is the file of {name}. At the bench: trivet test … --credential {out}, or {VARIABLE}={out}")


@app.command()
def revoke(
    serial: Annotated[int, typer.Argument(help="Its number: `trivet credential list`", min=1)],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Take a credential back for ever. The running cloud tells every appliance; the next technicians' files carry the
    list to those that no network reaches."""

    async def work(settings: Settings) -> int:
        from trivet.store import Store

        async with Store(settings.url) as store, store.writing() as session:
            return await register.revoke(session, serial, who=WHO)

    with told():
        number = asyncio.run(work(keyring.settings(data, database)))
    if as_json:
        typer.echo(json.dumps({"serial": serial, "told": number}))
        return
    typer.echo(f"Credential {serial} is revoked. {number} appliances are told as they connect.")


@app.command("list")
def listing(data: Data = DEFAULT_DATA, database: Database = None, as_json: Json = False) -> None:
    """Every credential that was ever issued here."""

    async def read(settings: Settings) -> list[Issued]:
        from trivet.store import Store

        async with Store(settings.url) as store, store.reading() as session:
            return await book(session)

    with told():
        found = asyncio.run(read(keyring.settings(data, database)))
    if as_json:
        rows = [
            {"serial": one.serial, "name": one.name, "roles": one.roles, "regions": one.regions, "state": _state(one)}
            for one in found
        ]
        typer.echo(json.dumps({"credentials": rows}))
        return
    if not found:
        typer.echo("None was issued yet: trivet credential issue NAME --out FILE")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("number", "technician", "may", "where", "until", ""):
        table.add_column(column)
    for one in found:
        where = ", ".join(one.regions) or "everywhere"
        table.add_row(str(one.serial), one.name, ", ".join(one.roles), where, f"{one.expires_at:%d %b %Y}", _state(one))
    Console(highlight=False).print(table)


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A technician's file")], as_json: Json = False) -> None:
    """What a technician's file holds. No secret is shown."""
    with told():
        held = read_wallet(file).credential
    roles = wire.names(held.may)
    until = dt.datetime.fromtimestamp(held.expires, dt.UTC)
    if as_json:
        said = {
            "serial": held.serial,
            "name": held.name,
            "roles": roles,
            "regions": held.regions,
            "expires": held.expires,
        }
        typer.echo(json.dumps(said))
        return
    typer.echo(f"Credential  {held.serial}, {held.name}")
    typer.echo(f"May         {', '.join(roles)}")
    typer.echo(f"Where       {', '.join(held.regions) or 'everywhere'}")
    typer.echo(f"Until       {until:%d %B %Y, %H:%M} UTC{'' if until > dt.datetime.now(dt.UTC) else ' (over)'}")


def _state(one: Issued) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return "holds" if one.expires_at > dt.datetime.now(dt.UTC) else "over"


def _signer(settings: Settings) -> Signer:
    from trivet.vault import Vault

    if not (settings.secrets_dir / "ca.crt").exists():
        raise CredentialError(f"there is no cloud in {settings.data_dir}: `trivet serve --data …` makes one")
    return Vault(settings.secrets_dir, settings.keys).command_key


def _public(text: str) -> bytes:
    try:
        made = bytes.fromhex(text)
        public_key(made)
    except ValueError:
        raise CredentialError(
            "this is no public key: 128 hexadecimal digits, as `trivet credential request` prints them"
        ) from None
    return made


def _passphrase(file: Path | None) -> str | None:
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r") or None
    if not sys.stdin.isatty():
        return None
    return getpass.getpass("Passphrase for this technician's file (empty: none): ") or None
