"""How wide a text is in Helvetica-Bold, the widest letters of a label: takes a text, gives ems. From Adobe's metrics of
the fonts that every PDF reader has (AFM, "Core 14").
"""

from __future__ import annotations

import unicodedata

_FIRST = 32
_WIDTHS = (  # thousandths of an em, from the space on
    *(278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611),
    *(975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556),
    *(333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611),
    *(611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584),
)
_SHARP_S = 611
_OTHER = 1000  # what has no letter of the alphabet under its accents


def ems(text: str) -> float:
    return sum(_width(letter) for letter in text) / 1000


def _width(letter: str) -> int:
    """An accented letter is as wide as the one under its accents."""
    if letter == "ß":
        return _SHARP_S
    at = ord(unicodedata.normalize("NFKD", letter)[0]) - _FIRST
    return _WIDTHS[at] if 0 <= at < len(_WIDTHS) else _OTHER
