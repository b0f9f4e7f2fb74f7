"""Owners' accounts. Takes what stands on a sticker and what the owner types, opens an account or adds an appliance to
one; makes and redeems one-time links that set a password. Never joins people by a mail address or number that nobody
proved: only the sticker of each appliance brings that appliance into an account.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from trivet import phones
from trivet.api.auth import OwnerGuard, User, binding
from trivet.api.ports import StorePort
from trivet.consent import security
from trivet.errors import KindError
from trivet.passwords import hash_password
from trivet.registry import bind, check_sticker, owner_of
from trivet.store.tables import OwnerLoginRow, OwnerRow, OwnershipRow

LINK_MADE = "A one-time link was made with which your password can be set"
LINK_USED = "Your password was set with a one-time link"
LINK_S = 3 * 24 * 3600
MIN_PASSWORD, MAX_PASSWORD = 10, 256
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}\.[^@\s.]{1,63}")


class AccountError(KindError):
    """One of mail, password, name, known, owned, link."""


@dataclass(frozen=True)
class Person:
    """Who opens an account, as they typed it."""

    name: str
    mail: str
    phone: str | None = None
    language: str = "en"


class Accounts:
    """`key` signs the links; the same as the guards'."""

    def __init__(self, store: StorePort, key: bytes) -> None:
        self._store = store
        self._signer = URLSafeTimedSerializer(key, salt="trivet owner link")

    async def open(self, device: str, secret: str, person: Person, password: str) -> int:
        """Makes an account and brings the appliance into it; gives the owner's number. Raises RegistryError for a
        sticker that does not fit, AccountError for everything else; then nothing was made.

        An appliance that support registered for this very person (same mail or phone, no account yet) becomes theirs.
        """
        mail = checked_mail(person.mail)
        _check(person.name, mail, password)
        async with self._store.reading() as session:
            await check_sticker(session, device, secret)  # before the costly hash
        hashed = await asyncio.to_thread(hash_password, password)
        try:
            async with self._store.writing() as session:
                await check_sticker(session, device, secret)
                if await session.scalar(select(OwnerLoginRow.owner).where(OwnerLoginRow.mail == mail)):
                    raise AccountError("known", "there is an account with this mail address: sign in, then register")
                owner = await _newcomer(session, device, person, mail)
                session.add(OwnerLoginRow(owner=owner, mail=mail, password_hash=hashed))
                return owner
        except IntegrityError as error:  # two browsers at once
            raise AccountError("owned", "this appliance or mail address was registered a moment ago") from error

    async def add(self, owner: int, device: str, secret: str) -> None:
        """Brings one more appliance into an account. Raises RegistryError or AccountError."""
        async with self._store.writing() as session:
            await check_sticker(session, device, secret)
            login, person = await session.get(OwnerLoginRow, owner), await session.get(OwnerRow, owner)
            if login is None or person is None:
                raise AccountError("link", "this account is gone")
            if await owner_of(session, device) == owner:
                return
            before = await _before(session, device, login.mail, person.phone)
            if before is None:
                await bind(session, device, owner)
            else:
                before.owner = owner

    async def link(self, owner: int) -> str:
        """A token for one setting of this owner's password, good for three days or until it was used. That it was made
        stands on the owner's page: nobody comes in unnoticed."""
        async with self._store.writing() as session:
            if await session.get(OwnerRow, owner) is None:
                raise AccountError("link", f"there is no owner {owner}")
            login = await session.get(OwnerLoginRow, owner)
            await _note(session, owner, LINK_MADE)
        return str(self._signer.dumps([owner, binding(login.password_hash if login else "")]))

    async def linked(self, token: str) -> tuple[int, str]:
        """Whom a link is for: number, and mail address where one is known. AccountError when it is spent."""
        try:
            owner, bound = self._signer.loads(token, max_age=LINK_S)
        except (BadSignature, ValueError, TypeError):
            raise AccountError("link", "this link is too old or was altered: ask for another") from None
        async with self._store.reading() as session:
            login, person = await session.get(OwnerLoginRow, owner), await session.get(OwnerRow, owner)
        if person is None or bound != binding(login.password_hash if login else ""):
            raise AccountError("link", "this link was used already: ask for another")
        return owner, login.mail if login else person.email or ""

    async def set_password(self, token: str, mail: str, password: str) -> str:
        """Redeems a link; gives the mail address that the account is signed in with. The first password of an account
        brings its address along, later ones leave it."""
        owner, known = await self.linked(token)
        mail = checked_mail(mail or known)
        _check("owner", mail, password)
        hashed = await asyncio.to_thread(hash_password, password)
        try:
            async with self._store.writing() as session:
                await _note(session, owner, LINK_USED)
                login = await session.get(OwnerLoginRow, owner)
                if login is not None:
                    login.password_hash = hashed
                    return login.mail
                session.add(OwnerLoginRow(owner=owner, mail=mail, password_hash=hashed))
                person = await session.get_one(OwnerRow, owner)
                person.email = person.email or mail
        except IntegrityError as error:
            raise AccountError("known", "another account has this mail address") from error
        return mail

    async def change(self, user: User, password: str) -> None:
        """The owner, who proved the present password, sets another one."""
        _check("owner", user.name, password)
        hashed = await asyncio.to_thread(hash_password, password)
        async with self._store.writing() as session:
            (await session.get_one(OwnerLoginRow, user.owner)).password_hash = hashed


async def _note(session: AsyncSession, owner: int, words: str) -> None:
    query = select(OwnershipRow.device).where(OwnershipRow.owner == owner, OwnershipRow.until.is_(None))
    for device in (await session.scalars(query)).all():
        await security.record(session, device, security.ACCOUNT, words)


async def _newcomer(session: AsyncSession, device: str, person: Person, mail: str) -> int:
    """The owner's number: a new one, or the one that support registered this appliance for."""
    before = await _before(session, device, mail, person.phone)
    if before is not None:
        others = select(func.count()).where(OwnershipRow.owner == before.owner, OwnershipRow.until.is_(None))
        if await session.scalar(others) == 1:
            return before.owner
    owner = OwnerRow(name=person.name.strip(), phone=person.phone, email=mail, language=person.language)
    session.add(owner)
    await session.flush()
    if before is None:
        await bind(session, device, owner.id)
    else:
        before.owner = owner.id
    return owner.id


async def _before(session: AsyncSession, device: str, mail: str, phone: str | None) -> OwnershipRow | None:
    """The present ownership where support registered this person, who has no account yet; None without an owner.
    AccountError when it is somebody else's."""
    query = select(OwnershipRow).where(OwnershipRow.device == device, OwnershipRow.until.is_(None))
    present = await session.scalar(query)
    if present is None:
        return None
    person = await session.get_one(OwnerRow, present.owner)
    same = phones.equal(phone, person.phone) or OwnerGuard.plain(person.email or "") == mail
    if not same or await session.get(OwnerLoginRow, present.owner) is not None:
        raise AccountError("owned", "this appliance has an owner: they give it away, or a factory reset does")
    return present


def checked_mail(mail: str) -> str:
    """The address as it is compared; AccountError unless it looks like one."""
    plain = OwnerGuard.plain(mail)
    if not _MAIL.fullmatch(plain):
        raise AccountError("mail", "this is no mail address")
    return plain


def _check(name: str, mail: str, password: str) -> None:
    if not 0 < len(name.strip()) <= 128:
        raise AccountError("name", "a name is needed, 128 characters at most")
    plain = password.casefold()
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or plain in (mail, name.casefold()) or len(set(plain)) < 4:
        raise AccountError(
            "password", f"at least {MIN_PASSWORD} characters, not your name, mail or one repeated letter"
        )
