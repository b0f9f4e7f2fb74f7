"""Every code of every board known here: takes what somebody read out over the phone, gives what it means on which
appliance, or refuses it and offers the nearest codes that there are. Never guesses and needs no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trivet_wire import code as wire_code

from trivet import boards
from trivet.boards import Board, Code
from trivet.errors import TrivetError

from .words import word

# What eyes and ears take for one another: half as far apart as any two characters.
_ALIKE = (
    *("0ODQ", "1IJL", "2Z", "5S", "6G", "8B", "UV", "VW", "MN", "EF", "CG", "4A", "7T"),
    *("BDEGPTVC", "AHJK", "FSX", "MN", "IY", "QU"),
)
_PAIRS = {a + b for group in _ALIKE for a in group for b in group}
_HALF, _WHOLE = 1, 2  # steps
REACH = 4  # steps: two whole mistakes, beyond which a code is no neighbour
MOST = 3  # codes offered


class UnknownCodeError(TrivetError):
    """No board known here has this code, or it is none."""

    def __init__(self, text: str, why: str, there: list[Meaning]) -> None:
        super().__init__(f"{text.strip()}: {why}")
        self._text, self._there = text, there

    @property
    def near(self) -> tuple[Meaning, ...]:
        """The nearest codes that there are, the likeliest first."""
        return near(self._text, self._there)


@dataclass(frozen=True)
class Meaning:
    """A code on one board."""

    board: Board
    code: Code


def shelf(folders: Iterable[str | Path] = ()) -> list[Board]:
    """The boards named, or all that come with the SDK. BoardError for one that is none."""
    return [boards.load(name) for name in (list(folders) or boards.available())]


def explain(text: str, known: Iterable[Board], language: str = "en") -> list[Meaning]:
    """What the code means on each board that has it; UnknownCodeError with the nearest codes otherwise."""
    there = list(_all(known))
    try:
        number = wire_code.parse(text)
    except wire_code.CodeError as error:
        why = str(error) if language == "en" else word(_wrong(text), language)
        raise UnknownCodeError(text, why, there) from None
    found = [one for one in there if one.code.number == number]
    if not found:
        where = ", ".join(dict.fromkeys(one.board.name for one in there))
        raise UnknownCodeError(text.upper(), f"{word('no_code', language)} {where}", there)
    return found


def _wrong(text: str) -> str:
    """What the English text of the contract says, as a key of `words`."""
    try:
        wire_code.parse_stem(_plain(text)[:-1])
    except wire_code.CodeError:
        return "no_form"
    return "no_fit"


def near(text: str, there: Iterable[Meaning]) -> tuple[Meaning, ...]:
    """At most `MOST` codes; several boards may have the same."""
    said = _plain(text)
    by_code: dict[str, list[Meaning]] = {}
    for one in there:
        by_code.setdefault(one.code.code, []).append(one)
    rows = sorted((distance(said, _plain(code)), code) for code in by_code)
    return tuple(one for steps, code in rows[:MOST] if steps <= REACH for one in by_code[code])


def distance(said: str, meant: str) -> int:
    """Steps from one text to another: a wrong, missing or further character, or two neighbours swapped, is two steps;
    one that looks or sounds alike is one (optimal string alignment)."""
    before: list[int] = []
    row = [_WHOLE * at for at in range(len(meant) + 1)]
    for i, a in enumerate(said, 1):
        before, last = row, before
        row = [_WHOLE * i]
        for j, b in enumerate(meant, 1):
            best = min(before[j] + _WHOLE, row[j - 1] + _WHOLE, before[j - 1] + _apart(a, b))
            if i > 1 and j > 1 and a == meant[j - 2] and said[i - 2] == b:
                best = min(best, last[j - 2] + _WHOLE)
            row.append(best)
    return row[-1]


def _apart(a: str, b: str) -> int:
    if a == b:
        return 0
    return _HALF if a + b in _PAIRS else _WHOLE


def _plain(text: str) -> str:
    return "".join(one for one in text.upper() if one.isascii() and one.isalnum())[:12]


def _all(known: Iterable[Board]) -> Iterator[Meaning]:
    for board in known:
        for code in board.codes:
            yield Meaning(board, code)
