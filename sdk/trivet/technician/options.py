"""Options that all of the bench's commands share. Takes what the command line gave, refuses what cannot be."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import exits
from .words import LANGUAGES

Language = Annotated[str, typer.Option(envvar="TRIVET_LANGUAGE", help="en or de")]
Port = Annotated[
    str | None,
    typer.Option(envvar="TRIVET_PORT", help="serial port, or a simulated board: sim:oven; default: the only one found"),
]
CredentialFile = Annotated[
    Path | None,
    typer.Option("--credential", envvar="TRIVET_CREDENTIAL", help="a technician's file (trivet credential issue)"),
]
Json = Annotated[bool, typer.Option("--json", help="for programs: JSON instead of words")]


def spoken(language: str) -> None:
    """Ends the command when it is a language that nobody wrote texts in."""
    if language not in LANGUAGES:
        print(f"trivet: the bench speaks {' and '.join(LANGUAGES)}, not {language!r}", file=sys.stderr)
        raise typer.Exit(exits.USAGE)
