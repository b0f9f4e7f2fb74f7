"""Words of the pages by language. Takes a key of texts.toml (desk) or my*.toml (owners), gives the word; never falls
back in silence to a key.

Texts that come with a case (titles, causes, functions) are tables by language too: `pick` chooses from them.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from trivet_wire import ids

from trivet.consent import texts

LANGUAGES = ("en", "de")
FILES = ("texts.toml", "my.toml", "my_cases.toml")
MINUTE, HOUR, DAY = 60, 3600, 86400


@functools.cache
def table() -> dict[str, dict[str, str]]:
    """Every text by its dotted key, then by language."""
    folder = resources.files("trivet.desk")
    files = {name: tomllib.loads(folder.joinpath(name).read_text("utf-8")) for name in FILES}
    return {key: entry for name, raw in files.items() for key, entry in _flatten(name, raw, "")}


def _flatten(name: str, raw: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for key, value in raw.items():
        if isinstance(value, dict) and set(value) == set(LANGUAGES) and all(isinstance(v, str) for v in value.values()):
            yield prefix + key, value
        elif isinstance(value, dict):
            yield from _flatten(name, value, f"{prefix}{key}.")
        else:
            raise ValueError(f"{name}: {prefix}{key} needs exactly the languages {', '.join(LANGUAGES)}")


class Words:
    """The pages' words in one language; called with a key and the values to fill in."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]

    def __call__(self, key: str, **values: object) -> str:
        return table()[key][self.language].format_map(values)

    def lines(self, key: str) -> list[str]:
        """A text of several lines, divided by |."""
        return self(key).split("|")

    def known(self, group: str, name: str) -> str:
        """The word for a name that comes from data: one that the table does not know is shown as it is."""
        entry = table().get(f"{group}.{name}")
        return entry[self.language] if entry else name.replace("_", " ")

    def known_with(self, group: str, name: str, **values: object) -> str:
        """`known`, with values to fill in."""
        return self.known(group, name).format_map(values)

    def pick(self, texts: Mapping[str, Any] | None, otherwise: Any = "") -> Any:
        """The entry of a table by language: this one, else English, else any."""
        if not texts:
            return otherwise
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()))

    def title(self, texts: Mapping[str, str] | None, otherwise: str = "") -> str:
        """`pick`, with a capital first letter: catalogues write causes as they stand within a sentence."""
        text = str(self.pick(texts, otherwise))
        return text[:1].upper() + text[1:]

    def percent(self, share: float) -> int:
        """A share 0..1 as whole percent; never 100 nor 0 unless it is exactly that."""
        percent = round(share * 100)
        return min(max(percent, 1 if share > 0 else 0), 99 if share < 1 else 100)

    def age(self, since: dt.datetime, now: dt.datetime) -> str:
        """How long ago, in its largest unit; the same rule as `age()` in desk.js."""
        seconds = (now - since).total_seconds()
        for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
            if seconds >= size:
                return self(f"age.{unit}", n=int(seconds // size))
        return self("age.now")

    def when(self, at: dt.datetime) -> str:
        """Date and time, in UTC; the browser turns it into its own zone."""
        return f"{at:%d.%m.%Y %H:%M}" if self.language == "de" else f"{at:%d %b %Y %H:%M}"

    def date(self, at: dt.datetime) -> str:
        """A day, in UTC; the browser turns it into its own zone."""
        return f"{at:%d.%m.%Y}" if self.language == "de" else f"{at:%d %b %Y}"

    def day(self, day: dt.date) -> str:
        """A day with its weekday, as it stands on the calendar there: no zone is applied."""
        weekday, month = self(f"weekday.{day.weekday()}"), self(f"month.{day.month}")
        return f"{weekday}, {day.day}. {month}" if self.language == "de" else f"{weekday} {day.day} {month}"

    def money(self, minor: int, currency: str) -> str:
        """Cents as people read them: 118.00 EUR."""
        text = f"{minor // 100}.{minor % 100:02d} {currency}"
        return text.replace(".", ",") if self.language == "de" else text

    def number(self, value: float) -> str:
        """At most four significant digits, no exponent, with the language's decimal sign."""
        text = f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
        return text.replace(".", ",") if self.language == "de" else text

    def size(self, count: int) -> str:
        """Bytes, as people say them."""
        if count < 10_000:
            return self("my.bytes", n=count)
        return self("my.kilobytes", n=self.number(round(count / 1000, 1)))

    def days(self, count: int) -> str:
        """Days, as years where they are whole ones."""
        if count % 365 or count < 365:
            return self("my.days", n=count)
        return self("my.year") if count == 365 else self("my.years", n=count // 365)

    def span(self, seconds: int) -> str:
        """How long, in its largest unit."""
        for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
            if seconds >= size:
                return self(f"age.{unit}", n=seconds // size)
        return f"{seconds} s"

    def purpose(self, name: str) -> str:
        """A purpose by the title under which its owner decides on it."""
        return texts.text(name, self.language).title if name in ids.PURPOSE_NAMES else name

    def refusal(self, kind: str, text: str) -> str:
        """Why something was not done: the service speaks English; other languages say it by its kind."""
        entry = table().get(f"refusal.{kind}")
        return text[:1].upper() + text[1:] if self.language == LANGUAGES[0] or entry is None else entry[self.language]

    def subject(self, subject: str) -> str:
        """What was looked at, from the log of uses: words, and a number at the end of some."""
        words, _, number = subject.rpartition(" ")
        return self.known_with("subject", words, n=number) if number.isdigit() else self.known("subject", subject)

    def security(self, event: Any) -> str:
        """A security event in plain words; where this language has none, as it was written."""
        known = table().get(f"security_text.{event.words}") or table().get(f"security_text.{event.what}")
        return known[self.language] if known else str(event.words)
