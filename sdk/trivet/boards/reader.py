"""A table of a TOML file, read key by key. Takes what `tomllib` gave, gives typed values.

Every mistake raises BoardError with file, key and what to write instead; a key that nobody asked for is a mistake too.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from .errors import NOTHING, BoardError, Mistake, Place

LANGUAGES = ("en", "de")
_FEW = 8  # options worth naming beside the one that was meant
_MISSING: Any = object()


class Table:
    """One table. `where` is its place as a person would say it: `monitor "ntc_open"`, `path` as a program would."""

    def __init__(self, file: Path, where: str, data: dict[str, Any], path: Place = ()) -> None:
        self.file = file
        self.where = where
        self.path = path
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

    def fail(self, key: str, wrong: str, write: str, item: str | None = None, stand: Any = NOTHING) -> NoReturn:
        """Raise the mistake at `key`, or in `item` of its list; `stand` would fit there."""
        said = f"{self.where}: {key}" if self.where and key else self.where or key
        raise Mistake(self.file, said, (*self.path, key) if key else self.path, wrong, write, item=item, stand=stand)

    def has(self, key: str) -> bool:
        return key in self._data

    def raw(self, key: str, default: Any = _MISSING, write: str = "a value", stand: Any = NOTHING) -> Any:
        self._known.add(key)
        if key in self._data:
            return self._data[key]
        if default is _MISSING:
            self.fail(key, "is missing", write, stand=stand)
        return default

    def _typed(self, key: str, types: tuple[type, ...], default: Any, write: str, stand: Any) -> Any:
        value = self.raw(key, default, write, stand)
        if value is default and default is not _MISSING:
            return value
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            self.fail(key, f"{value!r} does not fit", write, stand=stand)
        return value

    def text(self, key: str, default: str = _MISSING) -> str:
        value: str = self._typed(key, (str,), default, f'{key} = "…"', "?")
        if not value and default is _MISSING:
            self.fail(key, "is empty", f'{key} = "…"', stand="?")
        return value

    def name(self, key: str = "name") -> str:
        """An identifier: small letters, digits and underscores."""
        value = self.text(key)
        if not value.isidentifier() or value != value.lower():
            rule = "small letters, digits and underscores, beginning with a letter"
            self.fail(key, f"{value!r} is no name", rule, stand=re.sub(r"\W", "_", f"x{value.lower()}"))
        return value

    def flag(self, key: str, default: bool = _MISSING) -> bool:
        value: bool = self._typed(key, (bool,), default, f"{key} = true or {key} = false", False)
        return value

    def integer(self, key: str, low: int, high: int, default: int = _MISSING, usual: int = 1) -> int:
        """A whole number within; `usual` is taken by who looks past a mistake."""
        value: int = self._typed(
            key, (int,), default, f"a whole number from {low} to {high}", max(low, min(high, usual))
        )
        if not low <= value <= high:
            fits = max(low, min(high, value))
            self.fail(key, f"{value} is out of range", f"a whole number from {low} to {high}", stand=fits)
        return value

    def number(self, key: str, default: float = _MISSING) -> float:
        value: float = self._typed(key, (int, float), default, f"a number, as in {key} = 1.5", 1.0)
        if not math.isfinite(value):
            self.fail(key, f"{value} does not fit", f"a number, as in {key} = 1.5", stand=1.0)
        return value

    def choice(self, key: str, options: Collection[str], default: str = _MISSING) -> str:
        stand = next(iter(options), "?")
        value: str = self._typed(key, (str,), default, f'{key} = "…": {nearest("", options)}', stand)
        if value not in options:
            self.fail(key, f"{value!r} is not known", nearest(value, options), stand=closest(value, options) or stand)
        return value

    def strings(self, key: str, default: list[str] | None = None) -> list[str]:
        write = f'a list of texts, as in {key} = ["…"]'
        value = self.raw(key, _MISSING if default is None else default, write, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fail(key, f"{value!r} does not fit", write, stand=[])
        return value

    def texts(self, key: str) -> dict[str, str]:
        """A text in each language: `text = {en = "…", de = "…"}`."""
        table = self.table(key)
        made = {language: table.text(language) for language in LANGUAGES}
        table.done()
        return made

    def table(self, key: str, where: str | None = None, default: dict[str, Any] | None = None) -> Table:
        header = ".".join(step for step in (*self.path, key) if isinstance(step, str))
        write = f"a table: [{header}], or {key} = {{…}}"
        value = self.raw(key, _MISSING if default is None else default, write, {})
        if not isinstance(value, dict):
            self.fail(key, f"{value!r} does not fit", write, stand={})
        place = where or (f"{self.where}: {key}" if self.where else f"[{key}]")
        return Table(self.file, place, value, (*self.path, key))

    def tables(self, key: str, what: str = "", needed: bool = False, label: str = "name") -> Iterator[Table]:
        """Each table of `[[key]]`, with its name (or number) in its place."""
        value = self.raw(key, _MISSING if needed else [], f"at least one [[{key}]]", [{}])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fail(key, "does not fit", f"tables under [[{key}]]", stand=[{}])
        for at, one in enumerate(value):
            named = one.get(label)
            place = f'{what or key} "{named}"' if isinstance(named, str) else f"{what or key} number {at + 1}"
            yield Table(self.file, f"{self.where}: {place}" if self.where else place, one, (*self.path, key, at))

    def keys(self) -> list[str]:
        return list(self._data)

    def done(self) -> None:
        """Nothing may be left that was not asked for: it is a misspelt key."""
        for key in self._data:
            if key not in self._known:
                self.fail(key, "is not a key here", nearest(key, self._known))


def nearest(word: str, options: Collection[str]) -> str:
    """What the writer may have meant: the nearest options first."""
    close = closest(word, options)
    listed = ", ".join(sorted(options)) or "nothing"
    if close:
        return f"{close} (or one of: {listed})" if len(options) <= _FEW else close
    return f"one of: {listed}"


def closest(word: str, options: Collection[str]) -> str | None:
    """The one option that the writer most likely meant, if any is near."""
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    return close[0] if close else None
