"""Which keys there are: kind, place, age, who may read the file, whether a passphrase seals it. Takes a cloud's folder,
gives `Key` lines; opens no key and never holds the bytes of one.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import msgspec

from trivet.config import Settings
from trivet.keys.safe import LOCK, is_sealed

# What stands in the secrets folder. A file that is not here is listed as unknown.
KINDS = {
    "master.key": "master secret: message keys of all appliances derive from it",
    "command.key": "command key: signs commands to appliances",
    "ca.key": "certificate authority of this cloud's appliances and engine",
    "server.key": "TLS key of the engine",
    "issuer.seed": "signs the engine's tokens for appliances",
    "engine-auth.key": "password of the engine's auth callout",
    "engine-sdk.key": "password of this cloud at its engine",
    "engine-sys.key": "password of the engine's system account",
    "session.key": "signs sessions of logins and one-time links",
    LOCK: "the data key of sealed files, wrapped by a passphrase (scrypt, AES-256-GCM)",
}
PUBLIC = {"ca.crt", "server.crt", "master.id", "command.pub"}
PRIVATE = stat.S_IRWXG | stat.S_IRWXO


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `sealed`: a passphrase is needed to read it. `private`: its owner alone may read the file."""

    name: str
    kind: str
    where: str
    made_at: dt.datetime | None
    mode: str
    private: bool
    sealed: bool


def keys(settings: Settings) -> list[Key]:
    """Every secret of this cloud, those elsewhere too."""
    folder = settings.secrets_dir
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    found = [_file(path) for path in files if path.name not in PUBLIC]
    for name, place in (("master.key", settings.keys.master), ("command.key", settings.keys.command_key)):
        scheme, _, rest = place.partition(":")
        if rest:
            found.append(_file(Path(rest), KINDS[name]) if scheme == "file" else _elsewhere(name, place))
    return found


def folder_private(settings: Settings) -> bool:
    """Whether its owner alone may enter the secrets folder."""
    folder = settings.secrets_dir
    return folder.is_dir() and not folder.stat().st_mode & PRIVATE


def _file(path: Path, kind: str = "") -> Key:
    try:
        status = path.stat()
    except OSError:
        return Key(
            name=path.name, kind=kind, where=str(path), made_at=None, mode="missing", private=False, sealed=False
        )
    return Key(
        name=path.name,
        kind=kind or KINDS.get(path.name, "unknown: not made by this cloud"),
        where=str(path),
        made_at=dt.datetime.fromtimestamp(status.st_mtime, dt.UTC),
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
        private=not status.st_mode & PRIVATE and status.st_uid == os.getuid(),
        sealed=path.name == LOCK or is_sealed(path),
    )


def _elsewhere(name: str, place: str) -> Key:
    return Key(name=name, kind=KINDS[name], where=place, made_at=None, mode="", private=True, sealed=False)
