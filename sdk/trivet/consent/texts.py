"""The texts an owner is shown before a decision, and their hashes. Takes texts.toml and how long data stays, gives
`Text`; keeps every version that was ever shown in the database: the hash in an old decision still finds its words.
"""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING

import msgspec
from trivet_wire import ids

from trivet.consent.periods import DEFAULT, Periods

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

LANGUAGES = ("en", "de")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One version of what is shown for a purpose in a language. `hash` travels with every decision made on it."""

    purpose: str
    language: str
    title: str
    sends: str  # what is sent
    use: str  # what for
    gives: str  # what the owner gets
    keeps: str  # for how long
    declining: str  # what a no changes

    @property
    def words(self) -> str:
        """Everything that the owner reads, one part a line: what the hash is taken over."""
        return "\n".join((self.title, self.sends, self.use, self.gives, self.keeps, self.declining))

    @property
    def hash(self) -> int:
        """First four bytes of SHA-256 over the words, uint32."""
        return int.from_bytes(hashlib.sha256(self.words.encode()).digest()[:4], "big")


@functools.cache
def _sources() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(resources.files("trivet.consent").joinpath("texts.toml").read_text("utf-8"))


def text(purpose: str, language: str = "en", periods: Periods = DEFAULT) -> Text:
    """The present text; English where the language has none. Raises KeyError for a purpose that does not exist."""
    languages = _sources()[purpose]
    language = language if language in languages else "en"
    parts = dict(languages[language])
    parts["keeps"] = parts["keeps"].format(days=periods.of(purpose))
    return Text(purpose=purpose, language=language, use=parts.pop("for"), **parts)


def all_texts(periods: Periods = DEFAULT) -> list[Text]:
    """Every purpose in every language, as shown now."""
    return [text(purpose, language, periods) for purpose in ids.PURPOSE_NAMES for language in LANGUAGES]


async def keep(session: AsyncSession, periods: Periods = DEFAULT) -> None:
    """Notes every present text for ever; done at each start, before one can be shown."""
    from trivet.store.privacy import ConsentTextRow

    for shown in all_texts(periods):
        row = await session.get(ConsentTextRow, shown.hash)
        if row is None:
            fields = msgspec.structs.asdict(shown)
            session.add(
                ConsentTextRow(hash=shown.hash, purpose=shown.purpose, language=shown.language, text_json=fields)
            )
            await session.flush()


async def find(session: AsyncSession, hashes: set[int]) -> dict[int, Text]:
    """The words behind the hashes of decisions, old ones too."""
    from sqlalchemy import select

    from trivet.store.privacy import ConsentTextRow

    rows = await session.scalars(select(ConsentTextRow).where(ConsentTextRow.hash.in_(hashes)))
    return {row.hash: msgspec.convert(row.text_json, Text) for row in rows}
