"""Phone numbers as they are compared. Takes what people wrote, gives digits; pure, and never says whose a number is."""

from __future__ import annotations

import re

FEWEST_DIGITS = 6  # of a phone number that tells people apart
_WRITTEN = re.compile(r"[\s+()/.\-0-9]*")


def digits_of(phone: str) -> str:
    """Digits alone, without the zeros that dial out; empty for what is no phone number."""
    return re.sub(r"[^0-9]", "", phone).lstrip("0") if _WRITTEN.fullmatch(phone) else ""


def equal(one: str | None, other: str | None) -> bool:
    """The same number, however it is written: with + or 00, blanks or strokes. A number without its country's is
    another one: people are not joined by a guess."""
    digits = digits_of(one or "")
    return len(digits) >= FEWEST_DIGITS and digits == digits_of(other or "")
