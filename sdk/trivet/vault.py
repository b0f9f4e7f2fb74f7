"""The secrets of one cloud, each a file under `secrets/` that only its owner may read. Made at the first start.

Takes a folder, gives keys and passwords; never prints or logs one. Losing this folder means that no appliance of
this cloud is understood any more: it belongs in the backup, apart from the database.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from trivet.engine import pki
from trivet.engine.nkeys import SigningKey


class Vault:
    """`fresh` is true when this opening made the secrets."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.fresh = not (directory / "master.key").exists()
        self.ca = self._certified("ca", pki.new_ca)
        self.master = self._bytes("master.key", 32)
        self.issuer = SigningKey(self._bytes("issuer.seed", 32))
        self.auth_password = self._bytes("engine-auth.key", 24).hex()
        self.sdk_password = self._bytes("engine-sdk.key", 24).hex()
        self.sys_password = self._bytes("engine-sys.key", 24).hex()

    @property
    def ca_file(self) -> Path:
        return self.directory / "ca.crt"

    def server_files(self, hosts: list[str]) -> tuple[Path, Path]:
        """Certificate and key of the engine for `hosts`; renewed when near their end or when a name is missing."""
        files = self.directory / "server.crt", self.directory / "server.key"
        now = dt.datetime.now(dt.UTC)
        if not all(file.exists() for file in files) or pki.needs_renewal(
            pki.load(files[1].read_bytes(), files[0].read_bytes()).certificate, hosts, now
        ):
            self._write_certified("server", pki.new_server(self.ca, hosts))
        return files

    def _certified(self, name: str, make: Callable[[], pki.Certified]) -> pki.Certified:
        key, certificate = self.directory / f"{name}.key", self.directory / f"{name}.crt"
        if not (key.exists() and certificate.exists()):
            self._write_certified(name, make())
        return pki.load(key.read_bytes(), certificate.read_bytes())

    def _write_certified(self, name: str, made: pki.Certified) -> None:
        write_private(self.directory / f"{name}.key", pki.key_pem(made.key))
        write_private(self.directory / f"{name}.crt", pki.certificate_pem(made.certificate))

    def _bytes(self, name: str, size: int) -> bytes:
        path = self.directory / name
        if not path.exists():
            write_private(path, secrets.token_bytes(size))
        value = path.read_bytes()
        if len(value) != size:
            raise ValueError(f"{path} is damaged ({len(value)} bytes, not {size}): restore it from the backup")
        return value


def write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
