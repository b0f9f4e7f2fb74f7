"""On what terms the desk works: hours, holidays, targets for each tier, queues, warranty. Takes `service.toml` of a
cloud's folder, gives `Terms`; what it does not say stays as it is here.

    # DATA/service.toml
    zone = "Europe/Berlin"
    holidays = [2026-12-25, 2026-12-26]
    queues = ["desk", "field", "engineering"]
    warranty_months = 24
    [hours]
    mon = ["08:00", "18:00"]     # a day that is not named is free; without [hours] Monday to Friday, 8 to 18
    [targets.1]                  # tiers 1 to 3, and `hazard`, whose clock runs day and night
    respond_h = 4
    resolve_h = 40
"""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from trivet.cases.sla import Calendar

FILE = "service.toml"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIERS = (1, 2, 3)
HAZARD = "hazard"
_OFFICE = ["08:00", "18:00"]
_Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Hours = Annotated[float, Meta(gt=0, le=2000)]


class TermsError(ValueError):
    """`service.toml` cannot be used; the text says what to write."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours until a person has taken it, and until it is solved: working hours, but for hazards."""

    respond_h: _Hours
    resolve_h: _Hours

    @property
    def respond(self) -> dt.timedelta:
        return dt.timedelta(hours=self.respond_h)

    @property
    def resolve(self) -> dt.timedelta:
        return dt.timedelta(hours=self.resolve_h)


TARGETS = {
    "1": Target(respond_h=4, resolve_h=40),
    "2": Target(respond_h=2, resolve_h=24),
    "3": Target(respond_h=1, resolve_h=16),
    HAZARD: Target(respond_h=0.25, resolve_h=24),
}


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """`holidays`: days on which nobody works. `warranty_months`: from the first registration, for every part that says
    nothing else (the two years of Directive (EU) 2019/771, article 10)."""

    zone: str = "UTC"
    holidays: list[dt.date] = msgspec.field(default_factory=list)
    hours: dict[str, tuple[_Clock, _Clock]] = msgspec.field(
        default_factory=lambda: dict.fromkeys(DAYS[:5], (_OFFICE[0], _OFFICE[1]))
    )
    targets: dict[str, Target] = msgspec.field(default_factory=dict)
    queues: Annotated[list[Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]], Meta(min_length=1)] = (
        msgspec.field(default_factory=lambda: ["desk", "field", "engineering"])
    )
    warranty_months: Annotated[int, Meta(ge=0, le=240)] = 24

    def target(self, tier: int, *, hazard: bool) -> Target:
        name = HAZARD if hazard else str(tier)
        return self.targets.get(name, TARGETS[name])

    @cached_property
    def calendar(self) -> Calendar:
        """Of everything but hazards."""
        hours = {
            DAYS.index(day): (dt.time.fromisoformat(opens), dt.time.fromisoformat(closes))
            for day, (opens, closes) in self.hours.items()
        }
        return Calendar(ZoneInfo(self.zone), hours, frozenset(self.holidays))


DEFAULT = Terms()


def load(folder: Path) -> Terms:
    """The terms of a cloud's folder; the defaults where it has no file. Raises TermsError."""
    path = folder / FILE
    if not path.exists():
        return DEFAULT
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Terms)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise TermsError(f"{path}: {error}. Its lines are: {', '.join(Terms.__struct_fields__)}.") from error
    _judge(path, found)
    return found


def _judge(path: Path, terms: Terms) -> None:
    try:
        ZoneInfo(terms.zone)
    except (ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError, see below
        raise TermsError(f"{path}: zone = {terms.zone!r} is none. Write one such as Europe/Berlin.") from error
    except KeyError as error:
        raise TermsError(f"{path}: there is no zone {terms.zone!r}. Write one such as Europe/Berlin.") from error
    for day, (opens, closes) in terms.hours.items():
        if day not in DAYS:
            raise TermsError(f"{path}: [hours] has no day {day!r}. Write one of {', '.join(DAYS)}.")
        if opens >= closes:
            raise TermsError(f'{path}: {day} = ["{opens}", "{closes}"] ends before it begins.')
    if not terms.hours:
        raise TermsError(f"{path}: [hours] names no day: no clock would ever end. Name one, or leave [hours] out.")
    for name in terms.targets:
        if name not in TARGETS:
            raise TermsError(f"{path}: there is no [targets.{name}]. Write one of {', '.join(TARGETS)}.")
