"""Who is asking. Takes a session cookie, HTTP Basic or a bearer token, gives the `User`; never keeps a password.

There are two doors: `Guard` knows the people at the vendor, `OwnerGuard` the owners. Each has its own table, cookie
and signatures, so that nothing of one opens the other.
Cookies and tokens are signed with a key among this cloud's secrets and bound to the password's hash:
changing a password ends every session and token made with the old one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from trivet import api_keys
from trivet.api.ports import StorePort
from trivet.api.problems import ProblemError
from trivet.passwords import verify_password
from trivet.store.tables import LoginRow, OwnerLoginRow, utcnow

TOKEN_S = 3600
FREE_FAILURES = 5  # wrong passwords in a row before answers are held back
FAILURES_KEPT = 10_000
CACHE_S = 60  # a right password is not hashed again for so long


@dataclass(frozen=True)
class User:
    """A person with a login: name and role (agent, engineer, privacy, admin), or an owner: their mail, role `owner`
    and number. `scopes`: what an API key may of its role's; None for people, who may all of it."""

    name: str
    role: str
    owner: int = 0
    scopes: frozenset[str] | None = None


class Login(NamedTuple):
    """A user and what their password is checked against."""

    user: User
    password_hash: str


@dataclass
class Guard:
    """Checks who of the vendor's people asks. One per cloud."""

    cookie: ClassVar[str] = "trivet_session"
    realm: ClassVar[str] = ""  # of its signatures
    session_s: ClassVar[int] = 12 * 3600

    store: StorePort
    key: bytes
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)
    _right: dict[bytes, float] = field(default_factory=dict)

    @staticmethod
    def plain(name: str) -> str:
        """One spelling for names that mean the same: else guessing goes on under the next spelling."""
        return name

    async def _find(self, session: AsyncSession, name: str) -> Login | None:
        row = await session.get(LoginRow, name)
        return Login(User(row.user, row.role), row.password_hash) if row else None

    async def login(self, name: str, password: str) -> User | None:
        """The user whose password this is, or None. After repeated failures answers 429 until some time is over."""
        name = self.plain(name)
        self._refuse_when_guessing(name)
        async with self.store.reading() as session:
            found = await self._find(session, name)
        digest = hmac.digest(self.key, f"{name}\0{password}\0{found and found.password_hash}".encode(), "sha256")
        now = time.monotonic()
        if found is not None and self._right.get(digest, 0) > now:
            return found.user
        stored = found.password_hash if found else ""
        if found is None or not await asyncio.to_thread(verify_password, password, stored):
            count = self._failures.get(name, (0, 0.0))[0] + 1
            if len(self._failures) >= FAILURES_KEPT:
                self._failures.clear()
            self._failures[name] = count, time.monotonic()  # from the answer on: hashing takes its time
            return None
        self._failures.pop(name, None)
        self._right = {d: until for d, until in self._right.items() if until > now} | {digest: now + CACHE_S}
        return found.user

    def _refuse_when_guessing(self, name: str) -> None:
        count, at = self._failures.get(name, (0, 0.0))
        if count < FREE_FAILURES:
            return
        wait = at + min(2.0 ** (count - FREE_FAILURES), 300.0) - time.monotonic()
        if wait > 0:
            after = str(max(1, round(wait)))
            raise ProblemError(429, "too-many-attempts", f"Try again in {after} s.", headers={"Retry-After": after})

    def _signer(self, use: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.key, salt=f"trivet {self.realm}{use}")

    async def issue(self, user: User, use: str) -> str:
        """A signed cookie (`use` "session") or token ("token") for the user."""
        async with self.store.reading() as session:
            found = await self._find(session, user.name)
        if found is None:
            raise ProblemError(401, "not-logged-in", "This login was removed.")
        return str(self._signer(use).dumps([user.name, binding(found.password_hash)]))

    async def redeem(self, value: str, use: str) -> User | None:
        """The user of a signed cookie or token; None when altered, too old, or made with an older password."""
        try:
            name, bound = self._signer(use).loads(value, max_age=self.session_s if use == "session" else TOKEN_S)
        except (BadSignature, ValueError, TypeError):
            return None
        async with self.store.reading() as session:
            found = await self._find(session, name)
        if found is None or not hmac.compare_digest(bound, binding(found.password_hash)):
            return None
        return found.user

    async def _program(self, said: str) -> User | None:
        """The program behind an API key."""
        async with self.store.reading() as session:
            key = await api_keys.recognise(session, said)
        if key is None:
            return None
        if key.used_on != utcnow().date():
            async with self.store.writing() as session:
                await api_keys.used(session, key)
        return User(f"key:{key.id}", key.role, scopes=frozenset(key.scopes))

    async def identify(self, connection: HTTPConnection) -> User | None:
        """The user behind a request or websocket: Authorization header first, then the session cookie."""
        scheme, _, value = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
            return await self.login(name, password)
        if scheme.lower() == "bearer":
            said = value.strip()
            return await (self._program(said) if said.startswith(api_keys.PREFIX) else self.redeem(said, "token"))
        cookie = connection.cookies.get(self.cookie)
        return await self.redeem(cookie, "session") if cookie else None


class OwnerGuard(Guard):
    """Checks which owner asks; their name is their mail address. No API key opens an owner's door."""

    async def _program(self, said: str) -> User | None:
        return None

    cookie = "trivet_my"
    realm = "owner "
    session_s = 30 * 24 * 3600  # a phone of one's own

    @staticmethod
    def plain(name: str) -> str:
        """Mail addresses are compared without regard to case."""
        return name.strip().casefold()

    async def _find(self, session: AsyncSession, name: str) -> Login | None:
        row = await session.scalar(select(OwnerLoginRow).where(OwnerLoginRow.mail == self.plain(name)))
        return Login(User(row.mail, "owner", row.owner), row.password_hash) if row else None


def binding(password_hash: str) -> str:
    """Changes with the password; says nothing about it."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def signing_key(folder: Path) -> bytes:
    """The key that signs sessions of this cloud; made at first use, readable by its user alone."""
    path = folder / "session.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(draft, path)  # whoever comes first wins, whole
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
