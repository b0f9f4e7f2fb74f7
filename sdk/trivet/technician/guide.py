"""What the bench knows beside the appliance: the board's own files, found by model and catalogue. Takes `who`, gives
names of signals and functions in the reader's language, and limits to draw. Without such a board it says what the
appliance says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trivet import boards
from trivet.boards import Board

from .answers import Cause, Found, Shown, Step, Who
from .plot import Point

_REACH = 1.0  # spans of a curve, beyond which a limit is not drawn


class Guide:
    """`board` None: nothing is known here."""

    def __init__(self, board: Board | None = None) -> None:
        self._board = board
        self._texts: dict[str, dict[str, str]] = {}
        if board is not None:
            self._texts = {one.name: one.text for one in board.signals} | {one.name: one.text for one in board.outputs}

    @staticmethod
    def of(who: Who, folders: Iterable[str] = ()) -> Guide:
        """The board whose catalogue the appliance has. Texts of another version might say what is not so."""
        for name in (*folders, *boards.available()):
            board = boards.load(name)
            if (board.model, f"{boards.catalogue_id(board):08x}") == (who.model, who.catalogue):
                return Guide(board)
        return Guide()

    def name(self, language: str) -> str:
        """The appliance's, such as Oven TO-60; empty when it is not known."""
        return "" if self._board is None else self._board.text[language]

    def title(self, found: Found, language: str) -> str:
        """In the reader's language rather than the appliance's, where that is known."""
        codes = {} if self._board is None else {one.code: one for one in self._board.codes}
        return codes[found.code].text[language]["title"] if found.code in codes else found.title

    def told(self, shown: Shown, language: str) -> Shown:
        """The same with texts in the reader's language."""
        rows = () if self._board is None else self._board.codes
        row = next((one for one in rows if one.code == shown.found.code), None)
        if self._board is None or row is None:
            return shown
        parts = {part.number: part for part in self._board.parts}
        causes = []
        for one in sorted(row.causes, key=lambda one: -one.weight):
            part = parts.get(one.part or "")
            text, van = ("", False) if part is None else (part.text[language], part.van)
            causes.append(Cause(one.text[language], one.part, text, van))
        return msgspec.structs.replace(
            shown,
            owner=row.text[language]["owner"],
            now=row.text[language]["now"],
            steps=[Step(at, text) for at, text in enumerate(row.technician[language], 1)],
            causes=causes,
        )

    def signal(self, name: str, language: str) -> str:
        return self._texts[name][language] if name in self._texts else name

    def functions(self, names: Iterable[str], language: str) -> list[str]:
        texts = {} if self._board is None else {one.name: one.text for one in self._board.functions}
        return [texts[name][language] if name in texts else name for name in names]

    def limits(self, code: str, signal: str, points: Sequence[Point]) -> list[float]:
        """Where this code's monitor fails, in the signal's unit, as far as that lies near the curve."""
        if self._board is None or signal not in [one.name for one in self._board.signals]:
            return []
        index = self._board.signal(signal)
        scale = self._board.signals[index].scale
        found = [
            limit.value / scale
            for monitor in self._board.monitors
            if self._board.codes[monitor.event].code == code
            for limit in monitor.limits
            if limit.signal == index
        ]
        values = [value for _, value in points]
        low, high = min(values), max(values)
        reach = _REACH * (high - low)
        return sorted({limit for limit in found if low - reach <= limit <= high + reach})
