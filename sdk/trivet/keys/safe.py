"""Small secrets as files that only their owner may read; with a passphrase also sealed, each with AES-256-GCM under one
data key, which scrypt (RFC 7914) and the passphrase wrap in `passphrase.key`.

Takes a folder and maybe a passphrase, gives and keeps bytes by name. A passphrase that comes later seals what lies
there plain; a cut in the middle of that leaves some sealed and some plain, all readable, and the rest is sealed at the
next opening. Changing the passphrase rewrites one file. Never logs or prints a secret.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from trivet.keys.problem import KeysError

LOCK = "passphrase.key"
MIN_PASSPHRASE = 12  # characters
COST = 17, 8, 1  # log2 N, r, p of scrypt: 128 MiB and a few tenths of a second once at a start
_MAX_LOG_N = 22
_LOCK_MAGIC = b"trivet passphrase 1\n"
_SEALED_MAGIC = b"trivet sealed 1\n"
_PARAMETERS = struct.Struct(">BBB16s12s")  # log2 N, r, p, salt, nonce


class Passphrase:
    """What a person or a container's secret gives. Never shown."""

    def __init__(self, text: str) -> None:
        self.__text = text

    def __len__(self) -> int:
        return len(self.__text)

    def derive(self, salt: bytes, log_n: int, r: int, p: int) -> bytes:
        """32 bytes by scrypt."""
        return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(self.__text.encode())

    def __repr__(self) -> str:
        return "Passphrase(…)"


class Safe:
    """One folder of secrets. KeysError when it is locked and the passphrase is missing or wrong."""

    def __init__(self, directory: Path, passphrase: Passphrase | None = None) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = directory / LOCK
        self.__data_key: bytes | None = None
        if self._lock_file.exists():
            if passphrase is None:
                raise KeysError(
                    f"the keys in {directory} are locked: give their passphrase by TRIVET_PASSPHRASE_FILE (a file or "
                    "/dev/fd/N), by TRIVET_PASSPHRASE, or type it where a terminal is"
                )
            self.__data_key = self._unlock(passphrase)
        elif passphrase is not None:
            self.protect(passphrase)

    @property
    def locked(self) -> bool:
        """Whether a passphrase protects it."""
        return self.__data_key is not None

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name; made when there is none yet."""
        found = self.read(name)
        if found is None:
            found = make()
            self.write(name, found)
        return found

    def read(self, name: str) -> bytes | None:
        """A secret, None when there is none; one that lies plain in a locked safe is sealed now."""
        path = self.directory / name
        if not path.exists():
            return None
        data = path.read_bytes()
        if not data.startswith(_SEALED_MAGIC):
            if self.locked:
                self.write(name, data)
            return data
        if self.__data_key is None:
            raise KeysError(f"{path} is sealed, but {self._lock_file} is gone: restore that from the backup")
        body = data[len(_SEALED_MAGIC) :]
        try:
            return AESGCM(self.__data_key).decrypt(body[:12], body[12:], name.encode())
        except (InvalidTag, ValueError):
            raise KeysError(f"{path} is damaged or of another cloud: restore it from the backup") from None

    def write(self, name: str, data: bytes) -> None:
        """Keep a secret, whole or not at all."""
        if self.__data_key is not None:
            nonce = secrets.token_bytes(12)
            data = _SEALED_MAGIC + nonce + AESGCM(self.__data_key).encrypt(nonce, data, name.encode())
        write_private(self.directory / name, data)

    def protect(self, passphrase: Passphrase) -> None:
        """From now on this passphrase opens the safe, and no earlier one."""
        if len(passphrase) < MIN_PASSPHRASE:
            raise KeysError(f"a passphrase has {MIN_PASSPHRASE} characters or more: four random words are a good one")
        data_key = self.__data_key or secrets.token_bytes(32)
        parameters = _PARAMETERS.pack(*COST, secrets.token_bytes(16), secrets.token_bytes(12))
        log_n, r, p, salt, nonce = _PARAMETERS.unpack(parameters)
        wrapped = AESGCM(passphrase.derive(salt, log_n, r, p)).encrypt(nonce, data_key, _LOCK_MAGIC + parameters)
        write_private(self._lock_file, _LOCK_MAGIC + parameters + wrapped)
        self.__data_key = data_key

    def _unlock(self, passphrase: Passphrase) -> bytes:
        data = self._lock_file.read_bytes()
        start = len(_LOCK_MAGIC) + _PARAMETERS.size
        parameters = data[len(_LOCK_MAGIC) : start]
        damaged = KeysError(f"{self._lock_file} is damaged: restore it from the backup")
        if not data.startswith(_LOCK_MAGIC) or len(data) != start + 48:
            raise damaged
        log_n, r, p, salt, nonce = _PARAMETERS.unpack(parameters)
        if not 14 <= log_n <= _MAX_LOG_N or not 0 < r <= 16 or not 0 < p <= 16:
            raise damaged
        try:
            return AESGCM(passphrase.derive(salt, log_n, r, p)).decrypt(nonce, data[start:], _LOCK_MAGIC + parameters)
        except InvalidTag:
            raise KeysError(f"this passphrase does not open the keys in {self.directory}") from None


def is_sealed(path: Path) -> bool:
    """Whether a passphrase is needed to read this file; opens nothing."""
    with path.open("rb") as file:
        return file.read(len(_SEALED_MAGIC)) == _SEALED_MAGIC


def write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner only, there when this returns."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the name too
        finally:
            os.close(folder)
