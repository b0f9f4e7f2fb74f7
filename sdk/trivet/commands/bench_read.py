"""`trivet codes | show | live | monitor`: what an appliance at the service port says, without any grant. Takes a port;
changes nothing. Exit codes: `trivet.technician.exits`.
"""

import json
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer
from rich.live import Live

from trivet.technician import asking, render
from trivet.technician.guide import Guide
from trivet.technician.options import Json, Language, Port
from trivet.technician.shown import Asked, bench, screen

codes_app = typer.Typer(add_completion=False)
show_app = typer.Typer(add_completion=False)
live_app = typer.Typer(add_completion=False)
monitor_app = typer.Typer(add_completion=False)


@codes_app.command()
def codes(
    port: Port = None,
    every: Annotated[bool, typer.Option("--all", help="those too that never came")] = False,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """What the appliance found wrong: code, state, how often."""
    with bench(Asked("codes", port, language, as_json)) as client:
        who, found = asking.who(client), asking.codes(client, every=every)
        guide = Guide.of(who)
    if as_json:
        _json({"who": who, "codes": found})
        return
    out = screen()
    out.print(render.head(who, guide, language))
    out.print(render.codes(found, guide, language))


@show_app.command()
def show(
    code: Annotated[str, typer.Argument(help="as `trivet codes` lists it: H07-1K")],
    port: Port = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """Everything about one code: advice, parts, evidence, how it was judged."""
    with bench(Asked("show", port, language, as_json)) as client:
        who, shown = asking.who(client), asking.show(client, code)
        guide = Guide.of(who)
    if as_json:
        _json({"who": who, **msgspec.to_builtins(shown)})
        return
    out = screen()
    out.print(render.head(who, guide, language))
    out.print(render.page(guide.told(shown, language), guide, language))


@live_app.command()
def live(  # noqa: PLR0917  typer reads them
    signals: Annotated[list[str] | None, typer.Argument(help="names; none: all of them")] = None,
    every: Annotated[float, typer.Option(min=0.1, max=60, help="seconds between two looks")] = 1.0,
    count: Annotated[int, typer.Option(min=0, help="end after so many looks; 0: go on until Ctrl-C")] = 0,
    port: Port = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """What it measures, as it measures it."""
    out = screen()
    with bench(Asked("live", port, language, as_json)) as client:
        guide = Guide() if as_json else Guide.of(asking.who(client))
        looks = asking.live(client, signals or [], every)
        if as_json:
            for units, sample in islice(looks, count or None):
                _json({"at_ms": sample.at_ms, "values": sample.values, "units": units})
            return
        with Live(console=out, auto_refresh=False) as shown:
            for units, sample in islice(looks, count or None):
                shown.update(render.live(units, sample, guide, language), refresh=True)


@monitor_app.command()
def monitor(
    seconds: Annotated[float, typer.Option(min=0, help="end after so long; 0: go on until Ctrl-C")] = 0,
    port: Port = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """What happens on the appliance, line by line; a pulled cable is waited for."""
    out = screen()
    with bench(Asked("monitor", port, language, as_json)) as client:
        for event in asking.watch(client, seconds):
            if as_json:
                _json(event)
            else:
                out.print(render.event(event), soft_wrap=True)


def _json(what: Any) -> None:
    print(json.dumps(msgspec.to_builtins(what), ensure_ascii=False), flush=True)
