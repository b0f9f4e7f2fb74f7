"""Small secrets that stand in the database: sealed with AES-256-GCM under one key among this cloud's secrets, so that a
copy of the database alone signs nothing. Takes bytes and the name of their place, gives bytes; never logs either.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trivet.keys import KeysError, Safe

KEY = "outward.key"
_NONCE = 12


class Seal:
    """Made from the vault's safe; the key is made at its first use."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe

    def close(self, data: bytes, where: str) -> bytes:
        """Sealed bytes, which open for the same `where` alone."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, where.encode())

    def open(self, sealed: bytes, where: str) -> bytes:
        """KeysError when it is of another cloud or was altered."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], where.encode())
        except (InvalidTag, ValueError):
            raise KeysError(
                f"the secret of {where} does not open with {self._safe.directory / KEY}: restore that file from the "
                "backup that belongs to this database"
            ) from None

    @property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._safe.secret(KEY, lambda: secrets.token_bytes(32)))
