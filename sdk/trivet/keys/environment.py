"""How a command or a container says where the keys are and what opens them. Takes the environment, gives `Places`;
removes the passphrase from it, so that no child process inherits it.

    TRIVET_MASTER, TRIVET_COMMAND_KEY   places, see `trivet.keys.places`
    TRIVET_PASSPHRASE_FILE              a file with the passphrase on its first line, or /dev/fd/N for a descriptor
    TRIVET_PASSPHRASE                   the passphrase itself
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from pathlib import Path

from trivet.keys.places import OWN, Places
from trivet.keys.problem import KeysError
from trivet.keys.safe import LOCK, Passphrase


def places_from(environment: MutableMapping[str, str], directory: Path, ask: Callable[[], str | None]) -> Places:
    """`ask` is called when the folder is locked and nothing else gave the passphrase; None when nobody is there."""
    found = _passphrase(environment)
    if found is None and (directory / LOCK).exists():
        found = ask()
    return Places(
        master=environment.get("TRIVET_MASTER") or OWN,
        command_key=environment.get("TRIVET_COMMAND_KEY") or OWN,
        passphrase=Passphrase(found) if found else None,
    )


def _passphrase(environment: MutableMapping[str, str]) -> str | None:
    name = environment.get("TRIVET_PASSPHRASE_FILE")
    direct = environment.pop("TRIVET_PASSPHRASE", None)
    if not name:
        return direct
    try:
        with Path(name).open(encoding="utf-8") as file:
            text = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"TRIVET_PASSPHRASE_FILE={name} cannot be read: {error}") from error
    if not text:
        raise KeysError(f"TRIVET_PASSPHRASE_FILE={name}: its first line is empty, the passphrase belongs there")
    return text
