"""`trivet test | clear | fix`: what a technician does at the service port, with a credential of the maker's. Takes a
port and a technician's file. The appliance decides what is safe now, and writes all of it into its ledger. Exit codes:
`trivet.technician.exits`.
"""

import json
from typing import Annotated

import msgspec
import typer
from rich.status import Status

from trivet.technician import asking, render
from trivet.technician.answers import Named, Tested
from trivet.technician.client import Client
from trivet.technician.errors import FailedError
from trivet.technician.options import CredentialFile, Json, Language, Port
from trivet.technician.shown import Asked, bench, screen
from trivet.technician.words import word

test_app = typer.Typer(add_completion=False)
clear_app = typer.Typer(add_completion=False)
fix_app = typer.Typer(add_completion=False)


@test_app.command(name="test")
def self_test(
    routine: Annotated[str | None, typer.Argument(help="its name; none: the list of them")] = None,
    port: Port = None,
    credential: CredentialFile = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """Run a self-test of the board, and say what it measured. Ctrl-C stops it, and leaves outputs safe."""
    with bench(Asked("test", port, language, as_json, credential)) as client:
        if routine is None:
            _listed(asking.routines(client), as_json)
            return
        result = _run(client, routine, language)
        if as_json:
            print(json.dumps({"name": routine, **msgspec.to_builtins(result)}, ensure_ascii=False))
        else:
            screen().print(render.tested(routine, result, language))
        if result.result:
            raise FailedError(f"{routine} {word('failed', language)} ({word('step', language)} {result.step})")


def _run(client: Client, routine: str, language: str) -> Tested:
    from rich.console import Console

    with Status(routine, console=Console(stderr=True)) as status:
        return asking.self_test(
            client, routine, lambda step, of: status.update(f"{routine}: {word('step', language)} {step}/{of}")
        )


@clear_app.command()
def clear(
    code: Annotated[str, typer.Argument(help="one that `trivet codes` lists, or `all`")],
    port: Port = None,
    credential: CredentialFile = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """After a repair: forget a code. What it was stays readable in `trivet show`, and in the ledger."""
    with bench(Asked("clear", port, language, as_json, credential)) as client:
        asking.clear(client, code)
    _done({"cleared": code}, language, as_json)


@fix_app.command()
def fix(
    name: Annotated[str | None, typer.Argument(help="its name; none: the list of them")] = None,
    port: Port = None,
    credential: CredentialFile = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """What can be set right from here, and undone: learn anew what is normal, start whole again."""
    with bench(Asked("fix", port, language, as_json, credential)) as client:
        if name is None:
            _listed(asking.fixes(client), as_json)
            return
        asking.fix(client, name)
    _done({"fixed": name}, language, as_json)


def _listed(rows: list[Named], as_json: bool) -> None:
    if as_json:
        print(json.dumps(msgspec.to_builtins(rows), ensure_ascii=False))
        return
    for row in rows:
        print(f"{row.name:<22} {row.text}")


def _done(what: dict[str, str], language: str, as_json: bool) -> None:
    print(json.dumps(what) if as_json else word("done", language))
