"""`trivet webhook`: who is told by HTTP what happens in cases; adds, tests and removes receivers. The running cloud
sends."""

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from trivet.commands.keys import told as keys_told
from trivet.commands.outward import beside
from trivet.commands.serve import DEFAULT_DATA, Data, Database, checked_networks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trivet.outward.seal import Seal
    from trivet.store import Store

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Receivers of webhooks: add, list, test, rotate, remove."
)
Json = Annotated[bool, typer.Option("--json", help="The last line is one JSON object")]
Number = Annotated[int, typer.Argument(help="Number of the receiver, from `trivet webhook list`")]
WHO = "trivet webhook"


@contextmanager
def told() -> "Iterator[None]":
    """What is wrong, as a line on stderr and exit code 1."""
    from trivet.webhooks.problem import WebhookError

    try:
        with keys_told():
            yield
    except WebhookError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def add(  # noqa: PLR0917
    url: Annotated[str, typer.Argument(help="Where events are posted to: https, or http into an allowed network")],
    kind: Annotated[
        list[str] | None, typer.Option(help="Kind of timeline entry (opened, resolved …), once for each. Without: all")
    ] = None,
    name: Annotated[str, typer.Option(help="For people")] = "",
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Add a receiver; prints its secret, once."""
    from trivet.webhooks import receivers

    async def work(store: "Store", seal: "Seal") -> tuple[int, str]:
        async with store.writing() as session:
            return await receivers.add(session, seal, url, kinds=kind or (), name=name, who=WHO)

    with told():
        number, secret = beside(data, database, work)
    if as_json:
        typer.echo(json.dumps({"id": number, "secret": secret}))
        return
    typer.echo(f"Webhook {number} gets what happens from now on. Its secret, shown this once:\n{secret}")
    typer.echo(f"Try it: trivet webhook test {number}")


@app.command("list")
def list_(data: Data = DEFAULT_DATA, database: Database = None, as_json: Json = False) -> None:
    """Every receiver, and how it does."""
    from trivet.webhooks import receivers

    async def work(store: "Store", seal: "Seal") -> list[receivers.Receiver]:
        async with store.reading() as session:
            return await receivers.listed(session, seal)

    with told():
        found = beside(data, database, work)
    if as_json:
        rows = [{"id": one.id, "url": one.url, "kinds": one.kinds, "waiting": one.waiting} for one in found]
        states = [{"disabled": one.disabled_at is not None, "failing": one.failing_since is not None} for one in found]
        typer.echo(json.dumps({"webhooks": [row | state for row, state in zip(rows, states, strict=True)]}))
        return
    if not found:
        typer.echo("There is none: trivet webhook add https://…")
        return
    table = Table("no", "to", "kinds", "waiting", "state", box=None)
    for one in found:
        table.add_row(str(one.id), one.url, ", ".join(one.kinds) or "all", str(one.waiting), _state(one))
    Console().print(table)


def _state(one: object) -> str:
    disabled, failing = getattr(one, "disabled_at", None), getattr(one, "failing_since", None)
    if disabled is not None:
        return f"disabled: {getattr(one, 'disabled_why', '')}"
    return f"nothing taken since {failing:%Y-%m-%d %H:%M} UTC" if failing is not None else "well"


@app.command()
def remove(number: Number, data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """It gets nothing more; what was waiting for it is gone."""
    from trivet.webhooks import receivers

    async def work(store: "Store", _seal: "Seal") -> None:
        async with store.writing() as session:
            await receivers.remove(session, number)

    with told():
        beside(data, database, work)
    typer.echo(f"Webhook {number} is removed.")


@app.command()
def rotate(number: Number, data: Data = DEFAULT_DATA, database: Database = None, as_json: Json = False) -> None:
    """A new secret, printed once; the one before signs along for 24 hours."""
    from trivet.store.tables import utcnow
    from trivet.webhooks import receivers

    async def work(store: "Store", seal: "Seal") -> str:
        async with store.writing() as session:
            return await receivers.rotate(session, seal, number, utcnow())

    with told():
        secret = beside(data, database, work)
    typer.echo(json.dumps({"id": number, "secret": secret}) if as_json else secret)


@app.command()
def enable(number: Number, data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Send to a disabled receiver again, from what happens now on."""
    from trivet.webhooks import receivers

    async def work(store: "Store", _seal: "Seal") -> None:
        async with store.writing() as session:
            await receivers.enable(session, number)

    with told():
        beside(data, database, work)
    typer.echo(f"Webhook {number} gets what happens from now on.")


@app.command("test")
def try_it(
    number: Number,
    allow_network: Annotated[
        list[str] | None, typer.Option(help="Private network (CIDR) that may be sent into, once for each")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Send one test event now, and say what came back."""
    from trivet.outward.guard import networks
    from trivet.outward.http import Client
    from trivet.serve import noted_url
    from trivet.webhooks import sender

    async def work(store: "Store", seal: "Seal") -> sender.Outcome:
        async with Client(networks(checked_networks(allow_network or []))) as client:
            return await sender.test(store, seal, client, number, noted_url(data))

    with told():
        outcome = beside(data, database, work)
    if outcome.error:
        typer.echo(f"Not taken: {outcome.error}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"Taken: it answered {outcome.status}.")


@app.command()
def schedule() -> None:
    """When a delivery that was not taken is tried again."""
    from trivet.outward import schedule as plan

    for line in plan.printed():
        typer.echo(line)
    typer.echo(f"Each wait is up to {plan.JITTER:.0%} shorter or longer. Nothing taken in all that time: disabled.")
