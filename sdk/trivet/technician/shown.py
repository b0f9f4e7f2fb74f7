"""How commands of the bench begin and end: takes their options, gives a client; every error ends in one sentence on
stderr, one JSON object where JSON was asked for, and an exit code of `exits`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from trivet.errors import TrivetError

from . import exits
from .client import Client
from .credential import held
from .errors import BenchError, RefusedError
from .options import spoken
from .ports import plugged
from .words import word


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    word: str  # of `trivet WORD`
    port: str | None
    language: str
    as_json: bool
    credential: Path | None = None  # a technician's file


@contextmanager
def ended(asked: Asked) -> Iterator[None]:
    """Errors become words and an exit code."""
    spoken(asked.language)
    try:
        yield
    except TrivetError as error:
        code = error.exit if isinstance(error, BenchError) else exits.USAGE
        print(f"trivet {asked.word}: {error}", file=sys.stderr)
        if asked.as_json:  # the last line says so too
            row: dict[str, Any] = {"error": str(error), "exit": code}
            if isinstance(error, RefusedError):
                row |= {"refused": error.reason, "text": error.text}
            print(json.dumps(row, ensure_ascii=False))
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        raise typer.Exit(exits.DONE) from None


@contextmanager
def bench(asked: Asked) -> Iterator[Client]:
    """A client, for as long as the command runs."""
    with ended(asked), plugged(asked.port, held(asked.credential)) as client:
        client.told = lambda what: print(word(what, asked.language), file=sys.stderr)
        yield client


def screen() -> Console:
    """Where people read."""
    return Console(highlight=False)
