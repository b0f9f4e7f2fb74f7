"""`trivet claim`: binds an appliance to its owner with what stands on the sticker."""

import asyncio
from typing import Annotated

import typer

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.registry import Registry, RegistryError

app = typer.Typer()


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
        owner = asyncio.run(
            _claim(Settings(data_dir=data, database_url=database), device, secret, name, (phone, email, language))
        )
    except RegistryError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{device} belongs to {name} (owner {owner}).")


async def _claim(
    settings: Settings, device: str, secret: str, name: str, reach: tuple[str | None, str | None, str]
) -> int:
    from trivet.store import Store
    from trivet.vault import Vault

    phone, email, language = reach
    async with Store(settings.url) as store:
        registry = Registry(store, Vault(settings.secrets_dir), [])
        return await registry.claim(device, secret, name, phone=phone, email=email, language=language)
