"""A signing key behind a program: `exec:PROGRAM WORDS…`, so that the command line of any key service serves. Takes the
program, gives a `Signer`; never sees the private key.

The program is run with one more word:

    PROGRAM WORDS… public    prints the public key of P-256: 128 hex digits (x ‖ y), or PEM
    PROGRAM WORDS… sign      gets a SHA-256 digest on its input, 64 hex digits, and prints the signature over it:
                             128 hex digits, r ‖ s

What it writes to its error output goes to ours: it may ask for a PIN there. Every signature is verified before it is
given on.
"""

from __future__ import annotations

import re
import shlex
import subprocess

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from trivet.keys.problem import KeysError
from trivet.keys.signer import SCALAR
from trivet.sign1 import public_bytes, public_key

_TIMEOUT = 300  # s: somebody may have to touch a token


class ProgramSigner:
    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise KeysError(f"exec:{command}: {error}") from error
        if not self._words:
            raise KeysError("exec: name the program, as in exec:./sign-with-kms")
        self.public = self._public()

    def sign(self, digest: bytes) -> bytes:
        said = self._run("sign", digest.hex() + "\n").strip()
        if not re.fullmatch(rf"[0-9a-fA-F]{{{4 * SCALAR}}}", said):
            raise self._wrong("sign", f"did not print {4 * SCALAR} hex digits, r ‖ s")
        made = bytes.fromhex(said)
        checked(self.public, digest, made, f"exec:{self._words[0]}")
        return made

    def _public(self) -> bytes:
        said = self._run("public", "").strip()
        try:
            if not said.startswith("-----BEGIN"):
                public = bytes.fromhex(said)
                public_key(public)
                return public
            key = serialization.load_pem_public_key(said.encode())
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise ValueError("no key of an elliptic curve")
            return public_bytes(key)
        except ValueError as error:
            raise self._wrong("public", f"printed no public key of P-256 ({error})") from error

    def _run(self, word: str, given: str) -> str:
        command = [*self._words, word]
        try:
            done = subprocess.run(
                command, input=given, stdout=subprocess.PIPE, text=True, timeout=_TIMEOUT, check=False
            )
        except (OSError, UnicodeDecodeError) as error:
            raise self._wrong(word, f"cannot be run: {error}") from error
        except subprocess.TimeoutExpired as error:
            raise self._wrong(word, f"did not end within {_TIMEOUT} s") from error
        if done.returncode:
            raise self._wrong(word, f"ended with {done.returncode}")
        return done.stdout

    def _wrong(self, word: str, problem: str) -> KeysError:
        return KeysError(f"`{shlex.join([*self._words, word])}` {problem}")


def checked(public: bytes, digest: bytes, made: bytes, place: str) -> None:
    """KeysError unless `made` (r ‖ s) is the signature of `public` over `digest`."""
    encoded = utils.encode_dss_signature(int.from_bytes(made[:SCALAR]), int.from_bytes(made[SCALAR:]))
    try:
        public_key(public).verify(encoded, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except InvalidSignature:
        raise KeysError(
            f"{place} gave a signature that its own public key does not verify: nothing was signed"
        ) from None
