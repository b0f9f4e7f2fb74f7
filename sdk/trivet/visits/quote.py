"""What a visit costs at most, before anybody books it. Takes a catalogue's parts, an area's fee and what the warranty
bears, gives a `Quote`. Pure. What no price is known of is not booked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trivet.cases import warranty
from trivet.cases.problem import CaseError
from trivet.cases.rich import Catalogue
from trivet.cases.terms import Terms

MINOR = 100  # cents of one
_PRICE = re.compile(r"(\d{1,6})(?:[.,](\d{2}))? ([A-Z]{3})")


@dataclass(frozen=True)
class Basis:
    """What a price follows from. `fee_minor`: of coming at all, in cents; `registered`: by its first owner."""

    fee_minor: int
    currency: str
    terms: Terms
    registered: dt.date | None
    today: dt.date


@dataclass(frozen=True)
class QuotedPart:
    """Amounts in cents: its price, and what of that the owner pays."""

    number: str
    text: dict[str, str]  # by language
    price_minor: int
    owner_minor: int
    warranty: str  # covered | over | unknown
    van: bool  # it is on every van


@dataclass(frozen=True)
class Quote:
    """Amounts in cents of `currency`. Where the warranty bears every part, or without parts the appliance, it bears
    the fee too; the list still says what it would be."""

    parts: list[QuotedPart]
    fee_minor: int
    currency: str
    warranty: bool

    @property
    def total_minor(self) -> int:
        """What the owner pays at most."""
        return (0 if self.warranty else self.fee_minor) + sum(part.owner_minor for part in self.parts)


def quote(catalogue: Catalogue, numbers: Sequence[str], basis: Basis) -> Quote:
    """CaseError for a part that the catalogue does not have, or has no price of."""
    parts = [_part(catalogue, number, basis) for number in numbers]
    whole = warranty.holds(basis.terms.warranty_months, basis.registered, basis.today)[0]
    words = {part.warranty for part in parts} or {whole}
    return Quote(parts, basis.fee_minor, basis.currency, words == {warranty.COVERED})


def _part(catalogue: Catalogue, number: str, basis: Basis) -> QuotedPart:
    part = catalogue.part(number)
    if part is None:
        raise CaseError("no-such-part", f"the catalogue of {catalogue.model} has no part {number}")
    stands = warranty.standing(part, basis.terms, basis.registered, basis.today)
    price = _minor(number, part.price, basis.currency)
    owner = 0 if stands.warranty == warranty.COVERED else price
    return QuotedPart(number, part.text, price, owner, stands.warranty, part.van)


def _minor(number: str, price: str | None, currency: str) -> int:
    priced = _PRICE.fullmatch(price or "")
    if priced is None or priced[3] != currency:
        raise CaseError(
            "no-price", f"the catalogue names no price in {currency} for part {number}: it is said before it is booked"
        )
    return MINOR * int(priced[1]) + int(priced[2] or 0)


def plain(amount_minor: int, currency: str) -> str:
    """As people read it: 118.00 EUR."""
    return f"{amount_minor // MINOR}.{amount_minor % MINOR:02d} {currency}"
