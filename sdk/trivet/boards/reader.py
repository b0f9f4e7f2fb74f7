"""A table of a TOML file, read key by key. Takes what `tomllib` gave, gives typed values.

Every mistake raises BoardError with file, key and what to write instead; a key that nobody asked for is a mistake too.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from .errors import BoardError

LANGUAGES = ("en", "de")
_MISSING: Any = object()


class Table:
    """One table. `where` is its place as a person would say it: `monitor "ntc_open"`."""

    def __init__(self, file: Path, where: str, data: dict[str, Any]) -> None:
        self.file = file
        self.where = where
        self._data = data
        self._known: set[str] = set()

    @classmethod
    def open(cls, file: Path) -> Table:
        """The whole file."""
        try:
            return cls(file, "", tomllib.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise BoardError(f"{file} is missing: a board has board.toml, catalogue.toml and physics.py") from None
        except tomllib.TOMLDecodeError as error:
            raise BoardError(f"{file}: this is not TOML: {error}") from error

    def fail(self, key: str, wrong: str, write: str) -> NoReturn:
        place = f"{self.where}: {key}" if self.where and key else self.where or key
        raise BoardError(f"{self.file}: {place}: {wrong}; write {write}")

    def has(self, key: str) -> bool:
        return key in self._data

    def raw(self, key: str, default: Any = _MISSING, write: str = "a value") -> Any:
        self._known.add(key)
        if key in self._data:
            return self._data[key]
        if default is _MISSING:
            self.fail(key, "is missing", write)
        return default

    def _typed(self, key: str, types: tuple[type, ...], default: Any, write: str) -> Any:
        value = self.raw(key, default, write)
        if value is default and default is not _MISSING:
            return value
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            self.fail(key, f"{value!r} does not fit", write)
        return value

    def text(self, key: str, default: str = _MISSING) -> str:
        value: str = self._typed(key, (str,), default, f'{key} = "…"')
        return value

    def name(self, key: str = "name") -> str:
        """An identifier: small letters, digits and underscores."""
        value = self.text(key)
        if not value.isidentifier() or value != value.lower():
            self.fail(key, f"{value!r} is no name", "small letters, digits and underscores, beginning with a letter")
        return value

    def flag(self, key: str, default: bool = _MISSING) -> bool:
        value: bool = self._typed(key, (bool,), default, f"{key} = true or {key} = false")
        return value

    def integer(self, key: str, low: int, high: int, default: int = _MISSING) -> int:
        value: int = self._typed(key, (int,), default, f"a whole number from {low} to {high}")
        if not low <= value <= high:
            self.fail(key, f"{value} is out of range", f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, default: float = _MISSING) -> float:
        value: float = self._typed(key, (int, float), default, f"a number, as in {key} = 1.5")
        return value

    def choice(self, key: str, options: Collection[str], default: str = _MISSING) -> str:
        value = self.text(key, default)
        if value not in options:
            self.fail(key, f"{value!r} is not known", nearest(value, options))
        return value

    def strings(self, key: str, default: list[str] | None = None) -> list[str]:
        value = self.raw(key, _MISSING if default is None else default, f'a list of texts, as in {key} = ["…"]')
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fail(key, f"{value!r} does not fit", f'a list of texts, as in {key} = ["…"]')
        return value

    def texts(self, key: str) -> dict[str, str]:
        """A text in each language: `text = {en = "…", de = "…"}`."""
        table = self.table(key)
        made = {language: table.text(language) for language in LANGUAGES}
        table.done()
        return made

    def table(self, key: str, where: str | None = None, default: dict[str, Any] | None = None) -> Table:
        value = self.raw(key, _MISSING if default is None else default, f"a table [{key}]")
        if not isinstance(value, dict):
            self.fail(key, f"{value!r} does not fit", f"a table: [{key}] or {key} = {{…}}")
        place = where or (f"{self.where}: {key}" if self.where else f"[{key}]")
        return Table(self.file, place, value)

    def tables(self, key: str, what: str = "", needed: bool = False, label: str = "name") -> Iterator[Table]:
        """Each table of `[[key]]`, with its name (or number) in its place."""
        value = self.raw(key, _MISSING if needed else [], f"at least one [[{key}]]")
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fail(key, "does not fit", f"tables under [[{key}]]")
        for at, one in enumerate(value):
            named = one.get(label)
            place = f'{what or key} "{named}"' if isinstance(named, str) else f"{what or key} number {at + 1}"
            yield Table(self.file, f"{self.where}: {place}" if self.where else place, one)

    def keys(self) -> list[str]:
        return list(self._data)

    def done(self) -> None:
        """Nothing may be left that was not asked for: it is a misspelt key."""
        for key in self._data:
            if key not in self._known:
                self.fail(key, "is not a key here", nearest(key, self._known))


def nearest(word: str, options: Collection[str]) -> str:
    """What the writer may have meant: the nearest options first."""
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    listed = ", ".join(sorted(options)) or "nothing"
    return f"{close[0]} (or one of: {listed})" if close else f"one of: {listed}"
