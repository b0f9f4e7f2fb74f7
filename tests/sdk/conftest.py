"""A real PostgreSQL for the tests of the store: the same tests run on it and on SQLite."""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import databases
import pytest
from trivet.bench.postgres import NoPostgresError, server
from trivet.store import Store

_EMPTY = "with_schema"


async def _migrate(url: str) -> None:
    async with Store(url):
        pass


@pytest.fixture(scope="session")
def fresh_postgres() -> Iterator[Callable[[], str]]:
    """Makes databases with the schema, on one server from its wheel; as root it runs under a user of its own. Not in
    pytest's folder: the next pytest that starts closes that to everybody else, and a server that runs would die."""
    numbers = itertools.count()
    try:
        with tempfile.TemporaryDirectory(prefix="trivet-pg-") as folder, server(Path(folder) / "pg") as running:
            running.hurry()
            asyncio.run(_migrate(running.make(_EMPTY)))
            yield lambda: running.make(f"test{next(numbers)}", _EMPTY)
    except NoPostgresError as error:
        pytest.fail(
            f"{error}\nWithout it, half of what is promised of the store is not shown: pytest -k 'not postgresql'."
        )


@pytest.fixture
def postgres(fresh_postgres: Callable[[], str]) -> str:
    """The address of a database of this test's own on a real PostgreSQL."""
    return fresh_postgres()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs twice: on SQLite and on a real PostgreSQL."""
    on_postgres = request.param == "postgresql"
    databases.use(request.getfixturevalue("fresh_postgres") if on_postgres else None)
    yield request.param
    databases.use(None)
