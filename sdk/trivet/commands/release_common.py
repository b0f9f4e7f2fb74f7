"""What the words of `trivet release` share: keys by their places, roots by their file, errors as one line, work that
takes its time with a sign of life.
"""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from trivet.errors import TrivetError
from trivet.keys import Passphrase
from trivet.keys.environment import places_from
from trivet.release import ReleaseError, hands, roots

Json = Annotated[bool, typer.Option("--json", help="The last line of output is one JSON object")]
Roots = Annotated[Path | None, typer.Option("--roots", help="File with the root of keys (roots.cbor)")]
_found: list[Passphrase | None] = []  # the environment gives it once


@contextmanager
def told() -> Iterator[None]:
    """What is wrong, as a line on stderr and exit code 1."""
    try:
        yield
    except (TrivetError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on a terminal's stderr; nothing in a pipe."""
    with Console(stderr=True).status(what) if sys.stderr.isatty() else _nothing():
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def hand(place: str, *, make: bool = False) -> hands.Hand:
    """The key at a place; a passphrase comes from the environment or the person at the terminal."""
    return hands.open_hand(place, _passphrase(place), make=make)


def _passphrase(place: str) -> Passphrase | None:
    file = hands.file_of(place)
    if file is None:
        return None
    if not _found:
        directory = file.parent
        _found.append(places_from(os.environ, directory, lambda: _ask(directory)).passphrase)
    return _found[0]


def _ask(directory: Path) -> str | None:
    return getpass.getpass(f"Passphrase of the keys in {directory}: ") if sys.stdin.isatty() else None


def roots_in(path: Path) -> roots.Roots:
    try:
        return roots.read(path.read_bytes())
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror}") from error
    except ReleaseError as error:
        raise ReleaseError(f"{path}: {error}") from error
