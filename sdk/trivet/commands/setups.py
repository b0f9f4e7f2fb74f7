"""`trivet setups`: where set-ups of new appliances stop, in counts that tell nobody apart."""

import asyncio
import dataclasses
import json
from typing import Annotated

import typer

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.setups.funnel import Funnel, SetupsError, funnel

app = typer.Typer(add_completion=False, help="Where set-ups of new appliances stop.")
_WORDS = {
    "made": "enrolled",
    "heard": "heard from",
    "registered": "registered by an owner",
    "decided": "owner has decided on a purpose",
    "service": "service allowed",
}
_WIDTH = 40


@app.command()
def setups(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    model: Annotated[str | None, typer.Option(help="Only of this model")] = None,
    month: Annotated[str | None, typer.Option(help="Only what was enrolled in this month, as 2026-05")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Print how many appliances reached each step of their set-up. Numbers below 5 are hidden."""
    from trivet.store import Store
    from trivet.store.tables import utcnow

    async def ask() -> Funnel:
        async with Store(Settings(data_dir=data, database_url=database).url) as store, store.reading() as session:
            return await funnel(session, utcnow(), model=model, month=month)

    try:
        found = asyncio.run(ask())
    except SetupsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(dataclasses.asdict(found)) if as_json else "\n".join(_lines(found)))


def _lines(found: Funnel) -> list[str]:
    lines = []
    for step in found.steps:
        number = "hidden" if step.reached is None else str(step.reached)
        share = "" if step.share is None else f"{step.share:.0%}"
        lines.append(
            f"{_WORDS[step.name]:32} {number:>8} {share:>5}  {'█' * round(_WIDTH * (step.share or 0))}".rstrip()
        )
    under_way = "hidden" if found.under_way is None else str(found.under_way)
    lines.append(f"{'under way, younger than a week':32} {under_way:>8}")
    lines.append(f"Hidden: 1 to {found.fewest - 1}, or so close to a number above that it would tell them.")
    return lines
