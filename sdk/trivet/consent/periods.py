"""How long data stays, in days per purpose. Takes `retention.toml` of a cloud's folder, gives `Periods`; deletes
nothing (that is `retention`).

    # DATA/retention.toml: whatever is not named stays as it is here
    [days]
    service = 730
    improve = 365
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

FILE = "retention.toml"
MAX_DAYS = 36500


class RetentionError(ValueError):
    """`retention.toml` cannot be used; the text says which line and what to write."""


class Periods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after reception until data is deleted. `safety`: product liability ends ten years after sale (Directive
    (EU) 2024/2853, article 17); `service`: the two years in which a seller is liable (Directive (EU) 2019/771,
    article 10); the others as short as they are of use. `uses` and `security` are the logs about the data,
    `letters` what people wrote that belongs to no case,
    `decisions` how long a decision that no longer holds can be proven (GDPR, article 7(1)), `dead` refused messages
    in the engine."""

    safety: int = 3650
    service: int = 730
    improve: int = 365
    personal: int = 90
    offers: int = 90
    uses: int = 365
    security: int = 730
    decisions: int = 1095
    dead: int = 30
    letters: int = 90

    def of(self, name: str) -> int:
        """Days for a purpose or log by its name."""
        return int(getattr(self, name))


DEFAULT = Periods()


def load(folder: Path) -> Periods:
    """The periods of a cloud's folder; the defaults where it has no file. Raises RetentionError."""
    path = folder / FILE
    if not path.exists():
        return DEFAULT
    try:
        said = tomllib.loads(path.read_text("utf-8"))
        found = msgspec.convert(said.get("days", {}), Periods)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise RetentionError(f"{path}: {error}. Write `[days]` and lines such as `service = 730`.") from error
    for name in Periods.__struct_fields__:
        if not 1 <= found.of(name) <= MAX_DAYS:
            raise RetentionError(f"{path}: {name} = {found.of(name)}. Write whole days from 1 to {MAX_DAYS}.")
    return found
