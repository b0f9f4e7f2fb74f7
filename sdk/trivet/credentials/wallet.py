"""A technician's file: their key, the credential for it, and the newest list of revoked ones for appliances that were
long without a network. Takes and gives files; answers challenges. Never sends anything.

JSON: {"format": 1, "credential": base64, "key": PEM (PKCS #8, sealed by a passphrase where one was chosen),
"revoked": base64 or null}. Whoever has the file and its passphrase is the technician.

Where the technician makes the key, their file has no credential yet (null), and what the vendor sends back has no key:
`accepted` makes one of the two, and the key never leaves its owner.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from trivet_wire import credential, ids

from trivet import sign1
from trivet.credentials import wire
from trivet.credentials.problem import CredentialError

FORMAT = 1
VARIABLE = "TRIVET_CREDENTIAL"  # names the file


@dataclass(frozen=True)
class Wallet:
    """What a technician carries. `key` is sealed as it is in the file."""

    message: bytes  # empty until the vendor has signed
    key: bytes  # PEM; empty in what the vendor sends back
    revoked: bytes | None = None

    @property
    def credential(self) -> wire.Credential:
        """CredentialError before the vendor has signed."""
        if not self.message:
            raise CredentialError("the vendor has not signed this one yet: send them what `request` printed")
        return wire.read_credential(self.message)

    def answer(self, device: str, nonce: bytes, passphrase: Callable[[], str] | None = None) -> bytes:
        """The signature over an appliance's challenge. CredentialError for a wrong passphrase, or a key that is not the
        credential's."""
        held = self.credential
        if len(nonce) != ids.NONCE_SIZE:
            raise CredentialError(f"a challenge is {ids.NONCE_SIZE} bytes, not {len(nonce)}: ask for one again")
        key = self._opened(passphrase)
        if sign1.public_bytes(key.public_key()) != held.public:
            raise CredentialError("the key in this file is not the one that its credential is for: ask for a new one")
        payload = credential.challenge(bytes.fromhex(device), nonce)
        return sign1.signature(key, credential.key_id(held.serial), payload)

    def _opened(self, passphrase: Callable[[], str] | None) -> ec.EllipticCurvePrivateKey:
        if not self.key:
            raise CredentialError("this file has no key: `trivet credential accept` brings it together with yours")
        sealed = b"ENCRYPTED" in self.key
        if sealed and passphrase is None:
            raise CredentialError("this credential's key is sealed: its passphrase is needed")
        try:
            key = serialization.load_pem_private_key(
                self.key, passphrase().encode() if sealed and passphrase is not None else None
            )
        except ValueError as error:
            raise CredentialError("the passphrase does not open this credential's key") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CredentialError("the key in this file is no key of P-256: ask for a new credential")
        return key

    def encode(self) -> str:
        said = {
            "format": FORMAT,
            "credential": base64.b64encode(self.message).decode() if self.message else None,
            "key": self.key.decode() if self.key else None,
            "revoked": None if self.revoked is None else base64.b64encode(self.revoked).decode(),
        }
        return json.dumps(said, indent=1) + "\n"

    def save(self, path: Path) -> None:
        """For its owner's eyes alone; CredentialError where there is a file already."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CredentialError(f"{path} is there already, and is not overwritten: name another file") from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.encode())


def read_wallet(path: Path) -> Wallet:
    """A technician's file. CredentialError says what is wrong with it."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise CredentialError(f"{path} is of a later kind than this program reads: update it")
        message, key, revoked = said["credential"], said["key"], said["revoked"]
        wallet = Wallet(
            b"" if message is None else base64.b64decode(message, validate=True),
            b"" if key is None else key.encode(),
            None if revoked is None else base64.b64decode(revoked, validate=True),
        )
    except FileNotFoundError:
        raise CredentialError(f"there is no file {path}: the vendor makes it with `trivet credential issue`") from None
    except (OSError, KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError, binascii.Error):
        raise CredentialError(f"{path} is no technician's file: `trivet credential issue` makes one") from None
    if wallet.message:
        wire.read_credential(wallet.message)
    return wallet


def accepted(mine: Wallet, theirs: Wallet, passphrase: Callable[[], str] | None) -> Wallet:
    """The technician's key with what the vendor signed for it. CredentialError where the two do not belong together."""
    made = Wallet(theirs.message, mine.key, theirs.revoked)
    made.answer("00" * 8, bytes(ids.NONCE_SIZE), passphrase)
    return made


def new_key(passphrase: str | None) -> tuple[bytes, bytes]:
    """(PEM, public x ‖ y) of a new key of P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    sealing: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        sealing = serialization.BestAvailableEncryption(passphrase.encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing)
    return pem, sign1.public_bytes(key.public_key())
