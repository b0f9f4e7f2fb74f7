"""The secrets of one cloud: the vendor's two keys wherever they are (`trivet.keys`), and the files under `secrets/`
that only their owner may read. Made at the first start.

Takes a folder and the places of the keys, gives keys and passwords; never prints or logs one. Losing this folder means
that no appliance of this cloud is understood any more: it belongs in the backup, apart from the database.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from pathlib import Path

from trivet import keys
from trivet.engine import pki
from trivet.engine.nkeys import SigningKey
from trivet.keys import KeysError, Places, Safe
from trivet.keys.safe import write_private

MASTER_ID, COMMAND_ID = "master.id", "command.pub"  # not secret: by these the keys are known again
SDK_PASSWORD = "engine-sdk.key"  # of the workers at the engine


class Vault:
    """`fresh` is true when this opening made the secrets."""

    def __init__(self, directory: Path, where: Places | None = None) -> None:
        """KeysError when a key cannot be opened, is damaged, or is another one than before."""
        where = where or Places()
        self.directory = directory
        directory.parent.mkdir(
            parents=True, exist_ok=True, mode=0o700
        )  # the database beside it is nobody else's either
        self.safe = Safe(directory, where.passphrase)
        self.fresh = not (directory / "ca.crt").exists()
        self.places = where
        self.master = keys.open_master(where, self.safe)
        self.command_key = keys.open_signer(where, self.safe)
        self._known_again(MASTER_ID, keys.fingerprint(self.master), "master secret: their messages would be refused")
        self._known_again(COMMAND_ID, self.command_key.public.hex(), "command key: they would refuse every command")
        self.ca = self._certified("ca", pki.new_ca)
        self.issuer = SigningKey(self._bytes("issuer.seed", 32))
        self.auth_password = self._bytes("engine-auth.key", 24).hex()
        self.sdk_password = self._bytes(SDK_PASSWORD, 24).hex()
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
            made = pki.new_server(self.ca, hosts)
            write_private(files[1], pki.key_pem(made.key))  # plain: the engine reads it
            write_private(files[0], pki.certificate_pem(made.certificate))
        return files

    def _known_again(self, name: str, found: str, what: str) -> None:
        path = self.directory / name
        if not path.exists():
            write_private(path, found.encode())
        elif path.read_text(encoding="utf-8") != found:
            raise KeysError(
                f"{path} says that this cloud's appliances were enrolled under another {what}. Open the key that they "
                "know; only for a cloud without appliances remove that file"
            )

    def _certified(self, name: str, make: Callable[[], pki.Certified]) -> pki.Certified:
        certificate = self.directory / f"{name}.crt"
        key = self.safe.read(f"{name}.key")
        if key is None or not certificate.exists():
            made = make()
            key = pki.key_pem(made.key)
            self.safe.write(f"{name}.key", key)
            write_private(certificate, pki.certificate_pem(made.certificate))
        return pki.load(key, certificate.read_bytes())

    def _bytes(self, name: str, size: int) -> bytes:
        path = self.directory / name
        if not path.exists():
            write_private(path, secrets.token_bytes(size))
        value = path.read_bytes()
        if len(value) != size:
            raise KeysError(f"{path} is damaged ({len(value)} bytes, not {size}): restore it from the backup")
        return value
