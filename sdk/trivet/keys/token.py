"""A signing key on a PKCS#11 token (smart card, USB token, HSM). Takes what follows `pkcs11:` in its URI (RFC 7512),
gives a `Signer`; the private key never leaves the token.

    pkcs11:token=release;object=first?module-path=/usr/lib/softhsm/libsofthsm2.so

`token`, `serial`, `object` and `id` say which key; what is left out may be anything, but one key has to remain. The
module may also stand in TRIVET_PKCS11_MODULE. The PIN comes from TRIVET_PKCS11_PIN, from the file that `pin-source`
names, or from whoever sits at the terminal.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes

from trivet.keys.problem import KeysError
from trivet.keys.program import checked
from trivet.keys.signer import SCALAR

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = {"token", "serial", "object", "id", "type"}
_QUERY = {"module-path", "pin-source", "pin-value"}
_POINT = 2 * SCALAR + 1  # bytes of an uncompressed point


def open_token(rest: str) -> TokenSigner:
    """KeysError when there is no such token or key, or no library to reach it."""
    asked = dict(_attributes(rest))
    try:
        import pkcs11
    except ImportError as error:
        raise KeysError('pkcs11: needs a package more: pip install "trivet[pkcs11]"') from error
    module = asked.get("module-path") or os.environ.get("TRIVET_PKCS11_MODULE")
    if not module:
        raise KeysError("pkcs11: give the token's library: …?module-path=/usr/lib/…so, or TRIVET_PKCS11_MODULE")
    try:
        library: Any = pkcs11.lib(module)
        tokens = list(library.get_tokens(**_only(token_label=asked.get("token"), token_serial=_bytes(asked, "serial"))))
        if len(tokens) != 1:
            labels = ", ".join(sorted(repr(one.label) for one in library.get_tokens())) or "none"
            raise KeysError(f"pkcs11: {len(tokens)} tokens fit; {module} has {labels}: name one by token=…")
        return TokenSigner(_session(tokens[0], _pin(asked)), asked)
    except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as error:
        raise KeysError(f"pkcs11: the token does not open ({type(error).__name__} {error})".rstrip()) from error


def _session(token: Any, pin: str) -> Any:
    """A login holds for the whole process: the second key of a token needs none."""
    import pkcs11

    try:
        return token.open(user_pin=pin)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        return token.open()


class TokenSigner:
    def __init__(self, session: Any, asked: dict[str, str]) -> None:
        """`session`: an open one, logged in."""
        self._session = session
        self._private = self._one("PRIVATE_KEY", asked)
        self.public = self._point(asked)

    def sign(self, digest: bytes) -> bytes:
        import pkcs11

        try:
            made = bytes(self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        except pkcs11.exceptions.PKCS11Error as error:
            raise KeysError(f"pkcs11: the token did not sign ({type(error).__name__} {error})".rstrip()) from error
        checked(self.public, digest, made, "pkcs11: the token")
        return made

    def _one(self, kind: str, asked: dict[str, str]) -> Any:
        import pkcs11

        wanted: dict[Any, Any] = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass[kind],
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC,
        }
        if "object" in asked:
            wanted[pkcs11.Attribute.LABEL] = asked["object"]
        if "id" in asked:
            wanted[pkcs11.Attribute.ID] = unquote_to_bytes(asked["id"])
        found = list(self._session.get_objects(wanted))
        if len(found) != 1:
            what = kind.lower().replace("_", " ")
            raise KeysError(f"pkcs11: {len(found)} elliptic {what}s fit: name one by object=… or id=…")
        return found[0]

    def _point(self, asked: dict[str, str]) -> bytes:
        """x ‖ y of the public key beside the private one."""
        import pkcs11
        from trivet_wire.sign1 import SIGNATURE_SIZE

        from trivet.sign1 import public_key

        encoded = bytes(self._one("PUBLIC_KEY", asked)[pkcs11.Attribute.EC_POINT])
        public = encoded[-SIGNATURE_SIZE:]  # DER OCTET STRING around 04 ‖ x ‖ y; some tokens leave the string away
        if encoded[-_POINT:][:1] != b"\x04" or len(encoded) not in {_POINT, _POINT + 2}:
            raise KeysError("pkcs11: this key is not of P-256 (secp256r1)")
        try:
            public_key(public)
        except ValueError as error:
            raise KeysError("pkcs11: this key is not of P-256 (secp256r1)") from error
        return public


def _attributes(rest: str) -> Iterator[tuple[str, str]]:
    path, _, query = rest.partition("?")
    for part, separator, known in ((path, ";", _PATH), (query, "&", _QUERY)):
        for pair in filter(None, part.split(separator)):
            name, equals, value = pair.partition("=")
            if not equals or name not in known:
                raise KeysError(f"pkcs11: {pair!r} is none of {', '.join(f'{one}=' for one in sorted(known))}")
            yield name, value if name in {"id", "serial"} else unquote(value)


def _bytes(asked: dict[str, str], name: str) -> bytes | None:
    return unquote_to_bytes(asked[name]) if name in asked else None


def _only(**words: Any) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value is not None}


def _pin(asked: dict[str, str]) -> str:
    found = os.environ.get("TRIVET_PKCS11_PIN") or asked.get("pin-value")
    if found:
        return found
    source = asked.get("pin-source")
    if source:
        return Path(source.removeprefix("file:")).read_text(encoding="utf-8").partition("\n")[0]
    if not sys.stdin.isatty():
        raise KeysError("pkcs11: no terminal to type a PIN at: give TRIVET_PKCS11_PIN or …?pin-source=file:PATH")
    return getpass.getpass("PIN of the token: ")
