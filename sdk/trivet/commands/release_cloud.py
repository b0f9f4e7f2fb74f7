"""`trivet release publish`, `offer`, `show`: a finished release into a cloud, to one appliance, and what came of it."""

import asyncio
import datetime as dt
import getpass
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trivet.commands.release_common import Json, working
from trivet.commands.release_common import told as release_told
from trivet.commands.serve import DEFAULT_DATA, Data, Database
from trivet.config import Settings
from trivet.consent.access import Access, reading
from trivet.consent.vendor import VendorError
from trivet.release import check
from trivet.store import Store
from trivet.store.updates import ReleaseRow
from trivet.updates import give, keyring, listing, views
from trivet.updates import publish as publishing
from trivet.updates.problem import UpdateError

publish_app = typer.Typer(add_completion=False)
offer_app = typer.Typer(add_completion=False)
show_app = typer.Typer(add_completion=False)
T = TypeVar("T")
_MARKS = {True: "[green]good[/]", False: "[red]WRONG[/]", None: "[yellow]open[/]"}


@publish_app.command()
def publish(  # noqa: PLR0917
    release: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a signed release")],
    roots: Annotated[
        Path | None, typer.Option(help="File with the root of keys (roots.cbor); kept in the cloud's folder")
    ] = None,
    board: Annotated[
        str | None, typer.Option(help="Board whose fault catalogue is in it, where it is none that comes with Trivet")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Verify a release completely, then keep it in the cloud, so that it can be offered. Nothing goes out yet."""
    settings = Settings(data_dir=data, database_url=database)

    async def run(store: Store) -> tuple[list[check.Finding], ReleaseRow]:
        place = publishing.Place(store, settings.data_dir, settings.updates_dir)
        if roots is not None:
            keyring.keep(settings.updates_dir, roots.read_bytes())
        judged = await asyncio.to_thread(publishing.judge, place, release)
        return judged.findings, await publishing.publish(place, judged, _who(), board)

    with told(), working("checking …"):
        found, row = _run(settings, run)
    if as_json:
        said = {"model": row.model, "version": row.version, "sequence": row.sequence, "manifest": row.manifest}
        said |= {"envelope": row.envelope, "payloads": row.payloads_json, "signers": row.signers_json}
        typer.echo(json.dumps(said))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in found:
        table.add_row(_MARKS[one.good], escape(one.what), escape(one.words))
    console = Console(highlight=False)
    console.print(table)
    kind = "security" if row.security else "feature"
    size = sum(row.payloads_json.values())
    console.print(f"Published {row.model} {row.version}, number {row.sequence}, {kind} release, {size:,} bytes.")
    console.print(f"Offer it: trivet release offer DEVICE {row.version}", soft_wrap=True)


@offer_app.command()
def offer(  # noqa: PLR0917
    device: Annotated[str, typer.Argument(help="Device id, 16 hex digits")],
    version: Annotated[str | None, typer.Argument(help="Version of a published release")] = None,
    keys: Annotated[Path | None, typer.Option(help="Key manifest: the next set of release keys instead")] = None,
    over: Annotated[
        str | None,
        typer.Option(help="Web address it is fetched from, as https://HOST/u of this cloud; else the broker"),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what is offered and not installed")] = False,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Offer a release, or the next release keys, to one appliance; it and its owner decide."""
    settings = Settings(data_dir=data, database_url=database)
    if (version is not None) + (keys is not None) + withdraw != 1:
        typer.echo("Say one of these: a version, --keys FILE, or --withdraw", err=True)
        raise typer.Exit(2)

    async def run(store: Store) -> views.Updates:
        if keys is not None:
            await give.keys(store, settings.updates_dir, device, keys.read_bytes(), _who())
        elif version is not None:
            await give.release(store, settings.updates_dir, device, version, _who(), over=over)
        else:
            open_ = [one for one in (await _updates(store, device, "to withdraw an update")).open if one.who]
            if not open_:
                raise UpdateError("ended", f"nothing is offered to {device} now: there is nothing to withdraw")
            for one in open_:
                await give.withdraw(store, device, one.id, _who())
        return await _updates(store, device, "to see that an update is offered")

    with told():
        found = _run(settings, run)
    if as_json:
        typer.echo(json.dumps(_plain(found)))
        return
    if withdraw:
        typer.echo(f"Nothing more of it is served to {device}. It hears of that when it connects.")
    else:
        typer.echo(f"Offered to {device}. It goes down as a signed command when the appliance is connected.")
    _show_device(found)


@show_app.command()
def show(
    device: Annotated[str | None, typer.Argument(help="Device id; without it: everything that is published")] = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show what is published, or what is installed on an appliance, offered to it, and what came of it."""
    settings = Settings(data_dir=data, database_url=database)

    async def one(store: Store) -> views.Updates:
        return await _updates(store, device or "", "a look at its updates")

    async def all_of_them(store: Store) -> list[views.Release]:
        async with store.reading() as session:
            return await listing.releases(session)

    with told():
        found = _run(settings, one) if device else None
        published = [] if device else _run(settings, all_of_them)
    if as_json:
        typer.echo(json.dumps(_plain(found or published)))
    elif found is not None:
        _show_device(found)
    else:
        _show_releases(published)


@contextmanager
def told() -> Iterator[None]:
    """What is wrong, as a line on stderr and exit code 1."""
    try:
        with release_told():
            yield
    except (UpdateError, VendorError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _who() -> str:
    return f"{getpass.getuser()} (command line)"[:64]


def _run(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with Store(settings.url) as store:
            return await work(store)

    if settings.url.startswith("sqlite") and not settings.data_dir.exists():
        raise UpdateError(
            "no-cloud", f"there is no cloud in {settings.data_dir}: say --data FOLDER, as to trivet serve"
        )
    return asyncio.run(opened())


async def _updates(store: Store, device: str, why: str) -> views.Updates:
    async with reading(store, Access("safety", _who(), why)) as read:
        found = await listing.of(read, device)
    if found is None:
        raise UpdateError("no-such-device", f"{device} is not enrolled here")
    return found


def _plain(found: Any) -> Any:
    return json.loads(msgspec.json.encode(found))


def _show_releases(found: list[views.Release]) -> None:
    if not found:
        typer.echo("Nothing is published yet: trivet release publish DIR --roots roots.cbor")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("model", "version", "number", "kind", "components", "bytes", "published", "until"):
        table.add_column(column, justify="right" if column in {"number", "bytes"} else "left")
    for one in found:
        kind = "security" if one.security else "feature"
        parts = " ".join(one.components)
        published = f"{one.published_at:%Y-%m-%d} {one.published_by}"
        until = f"{one.expires:%Y-%m-%d}" if one.expires else ""
        table.add_row(one.model, one.version, str(one.sequence), kind, parts, f"{one.size:,}", escape(published), until)
    Console(highlight=False).print(table)


def _show_device(found: views.Updates) -> None:
    now = found.installed
    since = f" since {now.at:%Y-%m-%d %H:%M} UTC" if now.at else ""
    typer.echo(f"Installed  {f'{now.version} (number {now.sequence})' if now.version else 'as delivered'}{since}")
    for one in (*found.open, *found.history):
        typer.echo(_line(one))
    if not found.open:
        typer.echo("Nothing is offered to it now.")


def _line(one: views.Update) -> str:
    """One update as a line: `1.2.0 rolled back (a new fault appeared, H07-1K), offered by ada 2026-11-26`."""
    told_ = ", ".join(filter(None, (one.says, one.report.code if one.report else "")))
    progress = f" {100 * one.fetched // one.size} %" if one.state == "downloading" and one.size else ""
    by = f"offered by {one.who}" if one.who else "over the service port"
    signed = {True: ", signed report", False: ", UNSIGNED report", None: ""}[one.report.signed if one.report else None]
    words = f" ({told_})" if told_ else ""
    taking = ", being withdrawn" if one.withdrawing else ""
    answer = f", owner: {one.answer.answer} ({one.answer.state})" if one.answer else ""
    return f"{one.version:10} {one.state}{progress}{words}{taking}, {by} {_day(one.created_at)}{answer}{signed}"


def _day(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
