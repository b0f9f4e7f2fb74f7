"""To which case a letter belongs. Takes what it says of itself (case, appliance, code, sender), gives one case with
how it was found, or none with why and which ones it may be. Reads the database, never writes.

What is named counts before what is guessed; where two things disagree a person decides. A case that its owner's consent
does not cover is none: what lands there nobody could read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire.code import CodeError, code_text, parse

from trivet.consent import state
from trivet.phones import FEWEST_DIGITS, digits_of
from trivet.store.tables import RESOLVED, CaseRecord, OwnerLoginRow, OwnerRow, OwnershipRow

RECENT = dt.timedelta(days=90)  # a resolved case that is named is still the right one
MOST_CANDIDATES = 20
_CASE = re.compile(r"(?:\b(?:case|fall)[\s:#-]*|(?<!\w)#)(\d{1,15})\b", re.IGNORECASE)
_DEVICE = re.compile(r"(?<![0-9a-z])[0-9a-f]{16}(?![0-9a-z])", re.IGNORECASE)
_CODE = re.compile(r"(?<![0-9a-z])[a-z]\d{2}-?\d[a-z](?![0-9a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """`case`: where it belongs, else None. `how`: by what it was found, or why it waits. `owners`: whether the sender
    is the owner of its appliance, as far as an address tells."""

    case: CaseRecord | None
    how: str
    owners: bool = False
    candidates: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Hints:
    """What a letter names: each from its own field, else from its text."""

    case: int | None
    device: str | None
    code: str | None


def hints(words: str, case: int | None = None, device: str | None = None, code: str | None = None) -> Hints:
    """`words`: subject and text. A code counts only with its right check character."""
    named = _CASE.search(words)
    stands = _DEVICE.search(words)
    codes = [code] if code else _CODE.findall(words)
    return Hints(
        case if case is not None else int(named[1]) if named else None,
        (device or (stands[0] if stands else "")).lower() or None,
        next((read for read in map(_code, codes) if read), None),
    )


def _code(text: str) -> str | None:
    try:
        return code_text(parse(text))
    except CodeError:
        return None


async def find(session: AsyncSession, sender: str, said: Hints, now: dt.datetime) -> Found:
    """The case of a letter. `sender`: a mail address or phone number; anything else is nobody's."""
    theirs = await _devices(session, sender)
    if said.case is not None:
        named = await session.get(CaseRecord, said.case)
        if named is not None:
            return await _judged(session, [named], theirs, f"it names case {said.case}")
    if said.device is not None:
        cases = await _cases(session, {said.device}, said.code, now)
        return await _judged(session, cases, theirs, f"it names appliance {said.device}")
    if theirs:
        cases = await _cases(session, theirs, said.code, now)
        by = "sent by its owner" + (f", names {said.code}" if said.code else "")
        return await _judged(session, cases, theirs, by)
    if said.code is not None:
        query = select(CaseRecord).where(CaseRecord.code == said.code, CaseRecord.state != RESOLVED)
        alike = await _covered(session, (await session.scalars(query.limit(MOST_CANDIDATES))).all())
        return Found(None, f"it names {said.code} alone: which appliance?", candidates=[case.id for case in alike])
    return Found(None, "it names no case and no appliance, and its sender is nobody's owner")


async def _judged(session: AsyncSession, cases: Sequence[CaseRecord], theirs: set[str], how: str) -> Found:
    covered = await _covered(session, cases)
    numbers = [case.id for case in covered][:MOST_CANDIDATES]
    if not covered:
        why = "its owner's consent does not cover that case" if cases else "no case fits"
        return Found(None, f"{how}, but {why}")
    if theirs and any(case.device not in theirs for case in covered):
        return Found(None, f"{how}, but its sender owns another appliance", candidates=numbers)
    if len(covered) > 1:
        return Found(None, f"{how}, which has {len(covered)} cases: which one?", candidates=numbers)
    return Found(covered[0], how, owners=covered[0].device in theirs)


async def _cases(session: AsyncSession, devices: set[str], code: str | None, now: dt.datetime) -> list[CaseRecord]:
    """The open cases, of the named code where one of them has it; else the newest that was resolved not long ago."""
    query = select(CaseRecord).where(CaseRecord.device.in_(devices))
    query = query.where(or_(CaseRecord.state != RESOLVED, CaseRecord.updated_at > now - RECENT))
    every = (await session.scalars(query.order_by(CaseRecord.id.desc()))).all()
    named = [case for case in every if case.code == code] or every
    return [case for case in named if case.state != RESOLVED] or list(named[:1])


async def _covered(session: AsyncSession, cases: Sequence[CaseRecord]) -> list[CaseRecord]:
    masks = await state.masks(session, {case.device for case in cases})
    return [case for case in cases if masks[case.device] >> case.purpose & 1]


async def _devices(session: AsyncSession, sender: str) -> set[str]:
    """The appliances of whoever has this mail address or phone number."""
    mail, digits = sender.strip().casefold(), digits_of(sender)
    owners: set[int] = set()
    if "@" in mail:
        logins = select(OwnerLoginRow.owner).where(OwnerLoginRow.mail == mail)
        owners |= set(await session.scalars(logins))
        owners |= set(await session.scalars(select(OwnerRow.id).where(func.lower(func.trim(OwnerRow.email)) == mail)))
    elif len(digits) >= FEWEST_DIGITS:
        phones = await session.execute(select(OwnerRow.id, OwnerRow.phone).where(OwnerRow.phone.is_not(None)))
        owners |= {number for number, phone in phones if _same_phone(digits_of(phone or ""), digits)}
    query = select(OwnershipRow.device).where(OwnershipRow.owner.in_(owners), OwnershipRow.until.is_(None))
    return set(await session.scalars(query))


def _same_phone(one: str, other: str) -> bool:
    """With or without the country's number: the longer one ends with the shorter, both being long enough."""
    short, long = sorted((one, other), key=len)
    return len(short) >= FEWEST_DIGITS and (short == long or (len(short) >= FEWEST_DIGITS + 2 and long.endswith(short)))
