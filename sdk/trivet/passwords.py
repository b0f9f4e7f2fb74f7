"""Hashes passwords of logins. Takes a password, gives `scrypt$n$r$p$salt$hash` and says whether one fits; never
keeps one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

_N, _R, _P = 1 << 15, 8, 1  # 32 MiB; OWASP's minimum is 2^17 with p=1, or less memory with more p
_MAX_MEMORY = 128 * 1024 * 1024
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that people misread


def make_password(groups: int = 4) -> str:
    """A new password to be printed once: groups of five characters, about 5 bits each."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(groups))


def hash_password(password: str) -> str:
    """What to keep in `logins.password_hash`."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(_scrypt(password, salt, _N, _R, _P))}"


def verify_password(password: str, stored: str) -> bool:
    """Whether the password is the one that was hashed. Takes as long when `stored` is empty or damaged."""
    try:
        kind, n, r, p, salt, wanted = stored.split("$")
        if kind != "scrypt":
            raise ValueError(kind)
        given = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(given, base64.b64decode(wanted))
    except (ValueError, binascii.Error):
        _scrypt(password, bytes(16), _N, _R, _P)
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
