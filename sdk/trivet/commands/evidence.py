"""`trivet evidence`: what an appliance signed with its own key, as files that anybody can verify."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from trivet import evidence as statements
from trivet.catalogue import Catalogue
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.consent.access import PURPOSES, Access, Reading, reading
from trivet.evidence import EvidenceError
from trivet.models import Evidence, Message

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="What an appliance signed with its own key, as files anybody can verify.",
)

Why = Annotated[str, typer.Option(help="What it is for; the owner reads this in their log of uses")]
Purpose = Annotated[str, typer.Option(help="What it is read for: " + ", ".join(PURPOSES))]
T = TypeVar("T")


@app.command()
def export(  # noqa: PLR0917
    what: Annotated[str, typer.Argument(metavar="CASE|MESSAGE", help="Case number, or DEVICE/START/NUMBER")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The COSE_Sign1 file to write")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    why: Why = "Signed statement handed out as a file",
    purpose: Purpose = "service",
) -> None:
    """Write one signed statement as COSE_Sign1 (RFC 9052): the evidence of a case, or a decision on consent."""

    async def made(read: Reading) -> tuple[str, bytes]:
        number = await statements.number_of(read, what)
        return str(number), (await statements.fetch(read, number)).cose()

    number, cose = _read(Settings(data_dir=data, database_url=database), purpose, why, made)
    _write(output, cose)
    typer.echo(f"Message {number} in {output}, {len(cose)} bytes. The appliance's public key verifies it.")


@app.command()
def key(
    device: Annotated[str, typer.Argument(help="Device id, 16 hex digits")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PEM file to write")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Write an appliance's public key, for whoever is to verify its statements."""
    settings = Settings(data_dir=data, database_url=database)
    public = _read(settings, "safety", "Public key", lambda read: statements.public_key(read, device))
    _write(output, statements.pem(public))
    typer.echo(f"Public key of {device} in {output}.")


@app.command("list")
def listing(
    device: Annotated[str, typer.Argument(help="Device id, 16 hex digits")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    why: Why = "List of signed statements",
    purpose: Purpose = "service",
) -> None:
    """List what an appliance signed, oldest first."""
    settings = Settings(data_dir=data, database_url=database)
    found = _read(settings, purpose, why, lambda read: statements.listed(read, device))
    for number, message in found:
        told = dict(statements.words(message, _catalogue(message, None)))
        typer.echo(f"{number}   {message.kind_name:8}  {told['When']}  {told['What']}")
    if not found:
        typer.echo("Nothing signed that may be shown.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="COSE_Sign1 file")],
    key: Annotated[Path, typer.Option(help="The appliance's public key or certificate, PEM")],
    board: Annotated[str | None, typer.Option(help="Board whose texts name codes and signals: name or folder")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Say whether a file was signed by the holder of a key, and what was signed: who, when, which code and signals."""
    try:
        message = statements.check(_bytes(file), statements.load_public(key))
        told = list(statements.words(message, _catalogue(message, board)))
    except EvidenceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        plain = {"device": message.device, "boot": message.boot, "seq": message.seq, "kind": message.kind_name}
        typer.echo(json.dumps(plain | {"wall_s": message.wall_s, "said": told}, ensure_ascii=False))
        return
    typer.echo(f"The signature fits the key in {key}: nothing was altered since the appliance signed it.")
    for heading, text in told:
        typer.echo(f"{heading:14} {text}")


def _read(settings: Settings, purpose: str, why: str, ask: Callable[[Reading], Awaitable[T]]) -> T:
    """What `ask` gives, read under an access in the name of whoever is logged in here."""
    from trivet.store import Store

    async def run() -> T:
        access = Access(purpose, f"{getpass.getuser()} (command line)"[:128], why)
        async with Store(settings.url) as store, reading(store, access) as read:
            return await ask(read)

    if settings.url.startswith("sqlite") and not settings.data_dir.exists():
        typer.echo(f"There is no cloud in {settings.data_dir}: say --data FOLDER, as for `trivet serve`", err=True)
        raise typer.Exit(1)
    try:
        return asyncio.run(run())
    except (EvidenceError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _catalogue(message: Message, board: str | None) -> Catalogue | None:
    """The catalogue that evidence names, from the given board or from those that come with the SDK."""
    from trivet import boards

    body = message.body
    if not isinstance(body, Evidence):
        return None
    for name in [board] if board is not None else boards.available():
        try:
            loaded = boards.load(name)
            packed = boards.packed_catalogue(loaded)
        except boards.BoardError as error:
            if board is not None:
                raise EvidenceError(str(error)) from error
            continue
        if boards.catalogue_id(loaded) == body.catalogue:
            return Catalogue(packed, boards.rich(loaded))
    if board is not None:
        raise EvidenceError(f"{board} has another catalogue than {body.catalogue:08x}, which the evidence names")
    return None


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(statements.MAX_FILE + 1)
    except OSError as error:
        raise EvidenceError(f"{file} cannot be read: {error.strerror}") from None


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        typer.echo(f"{output} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from error
