"""`trivet claim`: binds an appliance to its owner with what stands on the sticker. `trivet link`: a one-time link with
which an owner sets the password of their own page."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from trivet.commands import keyring
from trivet.commands.keys import told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.registry import Registry, RegistryError

if TYPE_CHECKING:
    from trivet.store import Store

app = typer.Typer(add_completion=False)


@app.command()
def claim(  # noqa: PLR0917
    device: Annotated[str, typer.Argument(help="Device id from the sticker, 16 hex digits")],
    secret: Annotated[str, typer.Argument(help="Claim secret from the sticker")],
    name: Annotated[str, typer.Option(help="The owner's name")],
    phone: Annotated[str | None, typer.Option(help="Found by it when they call")] = None,
    email: Annotated[str | None, typer.Option(help="Found by it when they write")] = None,
    language: Annotated[str, typer.Option(help="Language they are written to in")] = "en",
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Bind appliance, account and support once. A second claim needs the present owner or a factory reset."""
    try:
        with told():
            settings = keyring.settings(data, database)
            owner, link = asyncio.run(_claim(settings, device, secret, name, (phone, email, language)))
    except RegistryError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{device} belongs to {name} (owner {owner}).")
    if link:
        typer.echo(f"Their own page: they set a password once, within three days, at\n{link}")


async def _claim(
    settings: Settings, device: str, secret: str, name: str, reach: tuple[str | None, str | None, str]
) -> tuple[int, str]:
    """Owner's number, and a link where they have no login yet."""
    from trivet.store import Store
    from trivet.store.tables import OwnerLoginRow
    from trivet.vault import Vault

    phone, email, language = reach
    async with Store(settings.url) as store:
        registry = Registry(store, Vault(settings.secrets_dir, settings.keys), [])
        owner = await registry.claim(device, secret, name, phone=phone, email=email, language=language)
        async with store.reading() as session:
            known = await session.get(OwnerLoginRow, owner) is not None
        return owner, "" if known else await _link(store, settings, owner)


async def _link(store: "Store", settings: Settings, owner: int) -> str:
    from trivet.api.accounts import Accounts
    from trivet.api.auth import signing_key
    from trivet.serve import noted_url

    token = await Accounts(store, signing_key(settings.secrets_dir)).link(owner)
    return f"{noted_url(settings.data_dir)}/my/password#{token}"


link_app = typer.Typer(add_completion=False)


@link_app.command()
def link(
    who: Annotated[str, typer.Argument(help="The owner's mail address or number")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Print a one-time link with which an owner sets a new password. Make sure first that it is them who ask."""
    made = asyncio.run(_link_for(Settings(data_dir=data, database_url=database), who))
    if made is None:
        typer.echo(f"There is no owner {who} with one account: give the owner's number.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Good for three days, and once:\n{made}")


async def _link_for(settings: Settings, who: str) -> str | None:
    from sqlalchemy import select

    from trivet.api.auth import OwnerGuard
    from trivet.store import Store
    from trivet.store.tables import OwnerLoginRow, OwnerRow

    async with Store(settings.url) as store:
        async with store.reading() as session:
            if who.isdigit():
                owners = [row.id for row in [await session.get(OwnerRow, int(who))] if row is not None]
            else:
                mail = OwnerGuard.plain(who)
                logins = await session.scalars(select(OwnerLoginRow.owner).where(OwnerLoginRow.mail == mail))
                owners = list(logins) or list(await session.scalars(select(OwnerRow.id).where(OwnerRow.email == who)))
        return await _link(store, settings, owners[0]) if len(owners) == 1 else None
