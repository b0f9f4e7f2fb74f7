"""On which database the tests of the store run: a SQLite file in their folder, or their own on a real PostgreSQL.
A test module says `pytestmark = pytest.mark.usefixtures("database")` and runs on both."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from trivet.config import Settings

_maker: list[Callable[[], str]] = []  # of a fresh database; empty: SQLite
_made: dict[Path, str] = {}


def use(maker: Callable[[], str] | None) -> None:
    """From now on; forgets which folder had which database."""
    _maker[:] = [maker] if maker is not None else []
    _made.clear()


def settings(folder: Path) -> Settings:
    """Of the cloud in `folder`; the same folder has the same database within one test."""
    here = Settings(data_dir=folder)
    if not _maker:
        return here
    if folder not in _made:
        _made[folder] = _maker[0]()
    return msgspec.structs.replace(here, database_url=_made[folder])
