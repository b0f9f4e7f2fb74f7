"""Where the master secret and the command key are: `scheme:rest`. Takes places, gives a `Master` and a `Signer`.

    file:            in the cloud's own secrets folder, made at the first start (the default)
    file:PATH        a file elsewhere; a passphrase seals that folder too
    env:TRIVET_NAME  an environment variable: 32 bytes as 64 hex digits or Base64
    exec:PROGRAM     a program that signs (`program.py`): the command of any key service, in a line of shell
    pkcs11:…         a token (`token.py`, RFC 7512), where `pip install "trivet[pkcs11]"` was done
    NAME:…           whatever an installed package offers under the entry point group `trivet.keys`

An entry point gives a `Provider`. Programs and tokens keep signing keys, never the master secret.
"""

from __future__ import annotations

import base64
import binascii
import importlib.metadata
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from trivet.keys.master import KEY_SIZE, Master, SecretMaster
from trivet.keys.problem import KeysError
from trivet.keys.safe import Passphrase, Safe
from trivet.keys.signer import LocalSigner, Signer, new_scalar

GROUP = "trivet.keys"
OWN = "file:"
_ENV_PREFIX = "TRIVET_"  # what the engine's process is not handed


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where both keys are, and what opens the files among them."""

    master: str = OWN
    command_key: str = OWN
    passphrase: Passphrase | None = None

    @property
    def exposed(self) -> bool:
        """Whether reading this cloud's disk is enough to get at a key that appliances believe."""
        return self.passphrase is None and any(_parts(place)[0] == "file" for place in (self.master, self.command_key))


class Provider(Protocol):
    """What an entry point of the group `trivet.keys` loads: opens what its scheme names. Raises KeysError."""

    def open_master(self, rest: str) -> Master: ...

    def open_signer(self, rest: str) -> Signer: ...


def open_master(places: Places, safe: Safe) -> Master:
    """The master secret; made when it is to lie in a file and there is none. `safe`: the cloud's own."""
    scheme, rest = _parts(places.master)
    if scheme == "file":
        where, name = _file(places, safe, rest, "master.key")
        return SecretMaster(_sized(where, name, lambda: secrets.token_bytes(KEY_SIZE)))
    if scheme == "env":
        return SecretMaster(_environment(rest, os.environ))
    return _provider(scheme).open_master(rest)


def open_signer(places: Places, safe: Safe) -> Signer:
    """The command key, likewise."""
    scheme, rest = _parts(places.command_key)
    if scheme == "file":
        where, name = _file(places, safe, rest, "command.key")
        return LocalSigner(_sized(where, name, new_scalar))
    return _elsewhere(scheme, rest)


def signer_at(place: str, passphrase: Passphrase | None = None, *, make: bool = False) -> Signer:
    """A signing key of no cloud, such as one that releases are signed with. A file has to be named, and is made only
    with `make`."""
    scheme, rest = _parts(place)
    if scheme != "file":
        return _elsewhere(scheme, rest)
    path = Path(rest)
    if not rest or path.is_dir():
        raise KeysError(f"{place}: name the file of the key, as in file:/media/stick/release.key")
    if not make and not path.exists():
        raise KeysError(f"{place}: there is no such file; `trivet release keys init` makes keys")
    return LocalSigner(_sized(Safe(path.parent, passphrase), path.name, new_scalar))


def is_file(place: str) -> bool:
    """Whether a key at this place is one that can be made here."""
    return _parts(place)[0] == "file"


def _elsewhere(scheme: str, rest: str) -> Signer:
    """A signing key that is in no file."""
    if scheme == "env":
        return LocalSigner(_environment(rest, os.environ))
    if scheme == "exec":
        from trivet.keys.program import ProgramSigner

        return ProgramSigner(rest)
    if scheme == "pkcs11":
        from trivet.keys.token import open_token

        return open_token(rest)
    return _provider(scheme).open_signer(rest)


def _parts(place: str) -> tuple[str, str]:
    scheme, colon, rest = place.partition(":")
    if not colon or not scheme:
        raise KeysError(f"{place!r} is no place of a key: write file:, file:PATH, env:TRIVET_NAME or SCHEME:…")
    return scheme, rest


def _file(places: Places, safe: Safe, rest: str, name: str) -> tuple[Safe, str]:
    if not rest:
        return safe, name
    path = Path(rest)
    return Safe(path.parent, places.passphrase), path.name


def _sized(safe: Safe, name: str, make: Callable[[], bytes]) -> bytes:
    found = safe.secret(name, make)
    if len(found) != KEY_SIZE:
        path = safe.directory / name
        raise KeysError(f"{path} is damaged ({len(found)} bytes, not {KEY_SIZE}): restore it from the backup")
    return found


def _environment(name: str, environment: Mapping[str, str]) -> bytes:
    if not name.startswith(_ENV_PREFIX):
        raise KeysError(f"env:{name}: begin the variable's name with {_ENV_PREFIX}, so that no other process gets it")
    text = environment.get(name, "").strip()
    if not text:
        raise KeysError(f"env:{name}: the variable is not set: it holds 32 bytes as 64 hex digits or Base64")
    try:
        key = bytes.fromhex(text) if len(text) == 2 * KEY_SIZE else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_SIZE:
        raise KeysError(f"env:{name}: expected 32 bytes as 64 hex digits or Base64")
    return key


def _provider(scheme: str) -> Provider:
    offered = {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}
    if scheme not in offered:
        known = ", ".join(f"{name}:" for name in ("file", "env", "exec", "pkcs11", *sorted(offered)))
        raise KeysError(
            f"no installed package opens keys at {scheme}: (known here: {known}). A package offers a scheme by the "
            f"entry point group {GROUP}"
        )
    provider: Provider = offered[scheme].load()
    return provider
