"""A technician's file as the client wants it: takes its path, answers the appliance's nonce with the key in it. Asks
for the passphrase of a sealed key once, on the terminal; sends nothing.
"""

from __future__ import annotations

import getpass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import GrantError

if TYPE_CHECKING:
    from trivet.credentials import Wallet

    from .client import Credential


class Held:
    """client.Credential, from a wallet."""

    def __init__(self, wallet: Wallet) -> None:
        from trivet.credentials import wire

        self.encoded = wallet.message
        self.revoked = None if wallet.revoked is None else (wire.read_list(wallet.revoked)[0], wallet.revoked)
        self._wallet = wallet

    def answer(self, nonce: bytes, device: str) -> bytes:
        """CredentialError for a wrong passphrase."""
        return self._wallet.answer(device, nonce, _passphrase)


def held(path: Path | None) -> Credential | None:
    """None without a file. CredentialError where it is none."""
    if path is None:
        return None
    from trivet.credentials.wallet import read_wallet

    return Held(read_wallet(path))


@cache
def _passphrase() -> str:
    try:
        return getpass.getpass("Passphrase of the credential: ")
    except EOFError:
        raise GrantError("the credential's key is sealed, and nobody was there to give its passphrase") from None
