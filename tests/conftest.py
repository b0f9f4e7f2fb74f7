"""Fixtures shared by all rooms' tests."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import upy
from hypothesis import HealthCheck, settings

# Two cores are shared: a deadline per example would measure the neighbours.
settings.register_profile("trivet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trivet")


@pytest.fixture(autouse=True, scope="module")
def what_is_old_is_not_looked_through_again() -> None:
    """The firmware asks for a collection in many of its turns: among thousands of tests each would take a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def run_micropython() -> Callable[..., CompletedProcess[bytes]]:
    """`run_micropython(path, *args, heapsize="160k", paths=(), stdin=b"", timeout=60, check=True)`."""
    return upy.run_micropython


@pytest.fixture(scope="session")
def wire_server() -> Iterator[upy.MicroPythonServer]:
    """The shared contract answering from MicroPython: `ask(name, argument, …)`."""
    server = upy.MicroPythonServer(Path(__file__).parent / "both" / "server.py")
    yield server
    server.close()
