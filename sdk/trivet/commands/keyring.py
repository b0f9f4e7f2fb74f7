"""How every command that opens a cloud gets at its keys: from the environment, or from the person at the terminal."""

import getpass
import os
import sys
from pathlib import Path

from trivet.config import Settings
from trivet.keys import Places
from trivet.keys.environment import places_from


def places(data: Path) -> Places:
    """Where the keys of the cloud in `data` are. KeysError when the environment says it wrongly."""
    return places_from(os.environ, Settings(data_dir=data).secrets_dir, _ask)


def settings(data: Path, database: str | None = None) -> Settings:
    """The settings of a command that works beside the server."""
    return Settings(data_dir=data, database_url=database, keys=places(data))


def _ask() -> str | None:
    return getpass.getpass("Passphrase of this cloud's keys: ") if sys.stdin.isatty() else None
