"""Which cases words mean: code, title, cause, owner, phone, mail, appliance, model, number, who has it. Takes a
`Reading` and what somebody typed, gives conditions for a query that `queue` has joined; never looks into evidence, nor
at a cause that only evidence named where its owner does not agree to service.
"""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from trivet_wire import ids

from trivet.cases import rich
from trivet.cases.coverage import agreed
from trivet.cases.rows import catalogues
from trivet.consent.access import Reading
from trivet.store.cases import CaseWorkRow
from trivet.store.tables import CaseRecord, CatalogueRow, DeviceRow, OwnerRow

MOST_WORDS = 8
MAX_NUMBER = 2**62  # a case has no higher one
PHONE = re.compile(r"\+?[\d\s()/.-]{5,}")
_TEXTS: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    CaseRecord.code,
    CaseRecord.device,
    DeviceRow.name,
    DeviceRow.model,
    OwnerRow.name,
    OwnerRow.email,
    CaseWorkRow.owner,
)
_BARE = str.maketrans("", "", " -/().")


def words(find: str) -> list[str]:
    """What somebody typed; what looks like a phone number is one word."""
    find = find.replace("\0", "").strip()
    return [find] if PHONE.fullmatch(find) else find.split()[:MOST_WORDS]


async def matching(read: Reading, find: str) -> list[ColumnElement[bool]]:
    """One condition for each word; all must hold."""
    typed = words(find)
    if not typed:
        return []
    known = await catalogues(read.session, set(await read.session.scalars(select(CatalogueRow.id))))
    return [_matches(read, word, known) for word in typed]


def _matches(read: Reading, word: str, known: dict[int, rich.Catalogue]) -> ColumnElement[bool]:
    ways = [column.icontains(word, autoescape=True) for column in _TEXTS]
    bare = word.translate(_BARE)
    if bare:
        ways.append(func.replace(CaseRecord.code, "-", "").icontains(bare, autoescape=True))
    digits = re.sub(r"\D", "", word).lstrip("0")
    if digits and PHONE.fullmatch(word):
        ways.append(digits_of_phone().contains(digits, autoescape=True))
    number = word.removeprefix("#")
    if number.isascii() and number.isdecimal() and int(number) < MAX_NUMBER:
        ways.append(CaseRecord.id == int(number))
    return or_(*ways, *_by_catalogue(read, word.casefold(), known))


def digits_of_phone() -> ColumnElement[str]:
    """Of an owner who is joined: as it would be dialled."""
    bare: ColumnElement[str] = func.coalesce(OwnerRow.phone, "")
    for sign in " -/().":
        bare = func.replace(bare, sign, "")
    return bare


def _by_catalogue(read: Reading, word: str, known: dict[int, rich.Catalogue]) -> list[ColumnElement[bool]]:
    """Titles and causes stand in catalogues: those that hold the word, as conditions on the case."""
    found: list[ColumnElement[bool]] = []
    seen = agreed(read, ids.SERVICE)
    for number, catalogue in known.items():
        ours = CaseRecord.catalogue == number
        events = {event.name: index for index, event in enumerate(catalogue.events)}
        titled = [events[code.event] for code in catalogue.codes if _holds(word, *_titles(code))]
        if titled:
            found.append(and_(ours, CaseRecord.event.in_(titled)))
        caused = [
            and_(CaseRecord.event == events[code.event], CaseRecord.first_cause == cause.name)
            for code in catalogue.codes
            for cause in code.causes
            if _holds(word, *cause.text.values())
        ]
        if caused:
            found.append(and_(ours, seen, or_(false(), *caused)))
    return found


def _titles(code: rich.Code) -> list[str]:
    return [text.get("title", "") for text in code.text.values()]


def _holds(word: str, *texts: str) -> bool:
    return any(word in text.casefold() for text in texts)
