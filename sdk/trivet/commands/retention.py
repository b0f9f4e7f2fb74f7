"""`trivet retention`: how long this cloud keeps what, and the job that removes what is older, run now."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.consent import periods
from trivet.consent.periods import Periods

app = typer.Typer(add_completion=False, no_args_is_help=True, help="How long data stays, and its removal.")


@app.command()
def show(data: Data = DEFAULT_DATA) -> None:
    """Days by purpose and log. Change them in DATA/retention.toml: `[days]`, then lines such as `service = 730`."""
    kept = _periods(data)
    for name in kept.__struct_fields__:
        mark = "" if kept.of(name) == periods.DEFAULT.of(name) else "  (changed in retention.toml)"
        typer.echo(f"{name:10} {kept.of(name):>6} days{mark}")


@app.command()
def run(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object")] = False,
) -> None:
    """Remove what is older than its period, now. `trivet serve` does so every six hours by itself."""
    from trivet.consent import retention
    from trivet.store import Store

    kept = _periods(data)

    async def sweep() -> dict[str, int]:
        async with Store(Settings(data_dir=data, database_url=database).url) as store:
            return await retention.run(store, kept)

    gone = asyncio.run(sweep())
    if as_json:
        typer.echo(json.dumps(gone))
        return
    for table, count in gone.items():
        typer.echo(f"{table:18} {count:>8} removed")
    if not gone:
        typer.echo("Nothing is older than its period.")


def _periods(data: Path) -> Periods:
    try:
        return periods.load(data)
    except periods.RetentionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
