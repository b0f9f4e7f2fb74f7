"""The rich side of a catalogue: texts, causes, parts, units and limits, as stored in `catalogues.rich_json`.

Takes the JSON of one catalogue, gives typed values looked up by event; never touches the packed form.
"""

from __future__ import annotations

from typing import Any

import msgspec

Texts = dict[str, str]


class Ratio(msgspec.Struct, frozen=True):
    """How many times likelier a cause makes it that the monitor of `event` failed, or passed."""

    event: str
    failed: float = 1.0
    passed: float = 1.0


class Cause(msgspec.Struct, frozen=True):
    name: str
    text: Texts
    kind: str  # part | sensor | mains | use | wiring
    weight: float
    part: str | None = None
    evidence: list[Ratio] = msgspec.field(default_factory=list)
    fix: str | None = None  # relearn | recover | restart: what the appliance can do against it itself


class Part(msgspec.Struct, frozen=True):
    number: str
    text: Texts
    price: str | None = None
    van: bool = False
    warranty_months: int | None = None  # from the first registration; None: as the vendor says for all


class Limit(msgspec.Struct, frozen=True):
    """A value, scaled as the signal is, at which the monitor of `event` fails."""

    event: str
    value: int
    text: Texts = msgspec.field(default_factory=dict)


class Signal(msgspec.Struct, frozen=True):
    """Position in `Catalogue.signals` is the signal's index; outputs follow inputs. `scale`: steps per unit."""

    name: str
    unit: str = ""
    scale: int = 1
    text: Texts = msgspec.field(default_factory=dict)
    limits: list[Limit] = msgspec.field(default_factory=list)


class Function(msgspec.Struct, frozen=True):
    name: str
    text: Texts
    hazardous: bool = False


class Routine(msgspec.Struct, frozen=True):
    """A self-test. `finds`: the causes under which it fails, as `cause` (of whatever code) or `event.cause`."""

    name: str
    text: Texts = msgspec.field(default_factory=dict)
    finds: list[str] = msgspec.field(default_factory=list)

    def fails(self, event: str, cause: str) -> bool:
        """Whether it fails when the fault of `event` is this cause."""
        return cause in self.finds or f"{event}.{cause}" in self.finds


class Care(msgspec.Struct, frozen=True):
    """What the owner is to do after `every` operation cycles."""

    name: str
    every: int
    title: Texts = msgspec.field(default_factory=dict)
    now: Texts = msgspec.field(default_factory=dict)


class Code(msgspec.Struct, frozen=True):
    code: str  # with its check character
    event: str
    ne107: str
    severity: int
    hazard: bool
    purpose: int
    text: dict[str, Texts]  # language -> {title, owner, now}
    technician: dict[str, list[str]] = msgspec.field(default_factory=dict)
    causes: list[Cause] = msgspec.field(default_factory=list)


class Event(msgspec.Struct, frozen=True):
    """Position in `Catalogue.events` is the event's index. `judges`: the signal whose sensor its monitor doubts."""

    name: str
    judges: str | None = None


class Catalogue(msgspec.Struct, frozen=True):
    model: str
    events: list[Event]
    signals: list[Signal]
    codes: list[Code]
    name: Texts = msgspec.field(default_factory=dict)
    functions: list[Function] = msgspec.field(default_factory=list)
    parts: list[Part] = msgspec.field(default_factory=list)
    routines: list[Routine] = msgspec.field(default_factory=list)
    care: list[Care] = msgspec.field(default_factory=list)

    def code(self, event: int) -> Code | None:
        """The row of an event index; None where the catalogue has none."""
        if not 0 <= event < len(self.events):
            return None
        name = self.events[event].name
        return next((row for row in self.codes if row.event == name), None)

    def part(self, number: str | None) -> Part | None:
        return next((part for part in self.parts if part.number == number), None)

    def cause(self, event: int, name: str | None) -> Cause | None:
        code = self.code(event)
        return None if code is None else next((cause for cause in code.causes if cause.name == name), None)


def load(rich_json: dict[str, Any]) -> Catalogue:
    """Raises `msgspec.ValidationError`, naming the key, when the JSON is not a catalogue."""
    return msgspec.convert(rich_json, Catalogue, strict=False)
