"""`trivet audit`: one report over a running system, for an auditor. Takes a cloud's folder; opens no key. Ends with 0
when every check of the run holds, 1 when one does not, 2 when there is no such cloud.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings

if TYPE_CHECKING:
    from trivet.audit import Report

app = typer.Typer(add_completion=False)


@app.command()
def audit(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report as one JSON object")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as one HTML file")] = None,
) -> None:
    """Report on keys, consents, refusals, reads, retention, erasures, and on ETSI EN 303 645 provision by provision."""
    from trivet.audit import AuditError

    settings = Settings(data_dir=data, database_url=database)
    try:
        if not settings.secrets_dir.is_dir() or (database is None and not (data / "trivet.sqlite").exists()):
            raise AuditError(f"there is no cloud in {data}: name the folder that `trivet serve --data` was given")
        report = asyncio.run(_make(settings))
    except AuditError as error:
        typer.echo(f"No audit: {error}", err=True)
        raise typer.Exit(2) from error
    if html is not None:
        from trivet.audit.page import html as page

        html.write_text(page(report), encoding="utf-8")
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(report).decode())
    else:
        from trivet.audit.console import show

        show(report)
        if html is not None:
            typer.echo(f"Report: {html}")
    raise typer.Exit(0 if report.sound else 1)


async def _make(settings: Settings) -> "Report":
    from trivet.audit import make
    from trivet.store import Store

    store = Store(settings.url)
    try:
        return await make(settings, store)
    finally:
        await store.close()
