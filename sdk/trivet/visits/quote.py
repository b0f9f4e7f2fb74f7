"""What a visit costs at most, before anybody books it. Takes a catalogue's parts and an area's fee, gives a `Quote`.
Pure. What no price is known of is not booked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trivet.cases.rich import Catalogue
from trivet.visits.problem import VisitError

MINOR = 100  # cents of one
_PRICE = re.compile(r"(\d{1,6})(?:[.,](\d{2}))? ([A-Z]{3})")


@dataclass(frozen=True)
class QuotedPart:
    number: str
    text: dict[str, str]  # by language
    price_minor: int  # cents
    van: bool  # it is on every van


@dataclass(frozen=True)
class Quote:
    """Amounts in cents of `currency`. Under warranty the owner pays nothing; the list still says what it would be."""

    parts: list[QuotedPart]
    fee_minor: int
    currency: str
    warranty: bool

    @property
    def total_minor(self) -> int:
        return 0 if self.warranty else self.fee_minor + sum(part.price_minor for part in self.parts)


def quote(catalogue: Catalogue, numbers: Sequence[str], *, fee_minor: int, currency: str, warranty: bool) -> Quote:
    """VisitError for a part that the catalogue does not have, or has no price of."""
    return Quote([_part(catalogue, number, currency) for number in numbers], fee_minor, currency, warranty)


def _part(catalogue: Catalogue, number: str, currency: str) -> QuotedPart:
    part = catalogue.part(number)
    if part is None:
        raise VisitError("no-such-part", f"the catalogue of {catalogue.model} has no part {number}")
    priced = _PRICE.fullmatch(part.price or "")
    if priced is None or priced[3] != currency:
        raise VisitError(
            "no-price", f"the catalogue names no price in {currency} for part {number}: it is said before it is booked"
        )
    return QuotedPart(number, part.text, MINOR * int(priced[1]) + int(priced[2] or 0), part.van)


def plain(amount_minor: int, currency: str) -> str:
    """As people read it: 118.00 EUR."""
    return f"{amount_minor // MINOR}.{amount_minor % MINOR:02d} {currency}"
