"""`trivet api-key`: programs' way into the REST interface; makes, lists and revokes keys beside the running cloud."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(no_args_is_help=True, add_completion=False, help="API keys of programs: add, list, revoke.")
Json = Annotated[bool, typer.Option("--json", help="The last line is one JSON object")]
WHO = "trivet api-key"
_T = TypeVar("_T")


def _beside(settings: Settings, work: "Callable[[AsyncSession], Awaitable[_T]]") -> _T:
    from trivet.api_keys import ApiKeyError
    from trivet.store import Store

    async def run() -> _T:
        async with Store(settings.url) as store, store.writing() as session:
            return await work(session)

    try:
        return asyncio.run(run())
    except ApiKeyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def add(  # noqa: PLR0917
    name: Annotated[str, typer.Argument(help="What will use it")],
    role: Annotated[str, typer.Option(help="agent, engineer, privacy or admin: what it may at most")],
    scope: Annotated[list[str], typer.Option(help="Of that, what it may, e.g. cases:read; once for each")],
    days: Annotated[int | None, typer.Option(help="Good for so long; without: until it is revoked")] = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, once."""
    from trivet import api_keys
    from trivet.api.doors import SCOPES

    wish = api_keys.Wish(name, role, scope, days)
    settings = Settings(data_dir=data, database_url=database)
    key, secret = _beside(settings, lambda session: api_keys.make(session, wish, SCOPES, WHO))
    if as_json:
        typer.echo(json.dumps({"id": key.id, "key": secret}))
        return
    typer.echo(f"Key {key.id} for {key.name}. Send it as `Authorization: Bearer …`. It is shown this once:\n{secret}")


@app.command("list")
def list_(data: Data = DEFAULT_DATA, database: Database = None, as_json: Json = False) -> None:
    """Every key, without the key."""
    from trivet import api_keys
    from trivet.store.tables import utcnow

    found = _beside(Settings(data_dir=data, database_url=database), api_keys.listed)
    if as_json:
        rows = [{"id": one.id, "name": one.name, "role": one.role, "scopes": one.scopes} for one in found]
        typer.echo(json.dumps({"keys": [r | {"good": k.good(utcnow())} for r, k in zip(rows, found, strict=True)]}))
        return
    table = Table("id", "for", "role", "scopes", "last used", "state", box=None)
    for one in found:
        state = "good" if one.good(utcnow()) else "revoked" if one.revoked_at else "expired"
        table.add_row(one.id, one.name, one.role, " ".join(one.scopes), str(one.used_on or "never"), state)
    Console().print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id, from `trivet api-key list`")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """It opens nothing from now on."""
    from trivet import api_keys

    settings = Settings(data_dir=data, database_url=database)
    done = _beside(settings, lambda session: api_keys.revoke(session, key, WHO))
    typer.echo(f"Key {done.id} ({done.name}) opens nothing any more.")
