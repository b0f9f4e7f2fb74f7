"""A board as the SDK knows it: frozen values with physical quantities already scaled to the appliance's integers.

Made by `load`, read by `pack`, by the rich catalogue and by simulation; holds no behaviour but look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .pins import Chip

Texts = dict[str, str]  # by language


@dataclass(frozen=True)
class Input:
    """One raw reading, int32; its position is its place on the line."""

    name: str
    pin: str
    text: str


@dataclass(frozen=True)
class Output:
    name: str
    pin: str
    safe: int
    text: Texts


@dataclass(frozen=True)
class Signal:
    name: str
    unit: str
    scale: int  # steps per unit
    input: int
    purpose: int
    low: int  # what is VALID, scaled
    high: int
    points: tuple[tuple[int, int], ...]  # raw -> scaled, ascending
    text: Texts


@dataclass(frozen=True)
class Condition:
    """`source [- minus] operator value` for `ticks`; sources are indices of signals, then outputs."""

    source: int
    operator: int
    value: int
    minus: int
    ticks: int

    def row(self) -> tuple[int, ...]:
        return (self.source, self.operator, self.value, self.minus, self.ticks)


@dataclass(frozen=True)
class Debounce:
    kind: int  # 0 counter, 1 time
    t_fail: int
    t_pass: int
    inc: int = 1
    dec: int = 1
    jump_up: int = -32768
    jump_down: int = -32768
    on_disable: int = 0
    trigger: int = 1
    fdc: int = 64

    def row(self) -> tuple[int, ...]:
        return (
            *(self.kind, self.t_fail, self.t_pass, self.inc, self.dec),
            *(self.jump_up, self.jump_down, self.on_disable, self.trigger, self.fdc),
        )


@dataclass(frozen=True)
class Limit:
    """A line to draw into a plot of a signal: the scaled value at which a monitor fails."""

    signal: int
    value: int


@dataclass(frozen=True)
class Monitor:
    event: int
    kind: str
    number: int
    judges: int  # signal whose sensor it doubts, or -1
    validity: int
    conditions: tuple[Condition, ...]
    sources: tuple[int, ...]
    unless: tuple[int, ...]
    params: tuple[int, ...]
    debounce: Debounce
    limits: tuple[Limit, ...]


@dataclass(frozen=True)
class Function:
    name: str
    text: Texts
    hazardous: bool
    inhibited_by: tuple[tuple[int, int], ...]  # event, mask


@dataclass(frozen=True)
class Storage:
    """A storage condition: false, so that no entry of `events` is written, while all `conditions` hold."""

    name: str
    conditions: tuple[Condition, ...]
    events: tuple[int, ...]


@dataclass(frozen=True)
class Hold:
    """No update starts while `source` is above `limit`, or is not valid. `why`: position in `holds.WHYS`."""

    why: int
    source: int
    limit: int  # scaled
    scale: int  # steps per unit, for people

    def row(self) -> tuple[int, ...]:
        return (self.why, self.source, self.limit, self.scale)


@dataclass(frozen=True)
class Step:
    """Levels of all outputs for so many ticks; at the end of them every condition of `expect` holds in a sound part."""

    levels: tuple[int, ...]
    ticks: int
    expect: tuple[Condition, ...]


@dataclass(frozen=True)
class Routine:
    """A self-test; it runs only while all of `holds` hold."""

    name: str
    text: Texts
    holds: tuple[Condition, ...]
    steps: tuple[Step, ...]
    finds: tuple[str, ...] = ()  # causes of the catalogue, by name, under which it fails


@dataclass(frozen=True)
class Ratio:
    """How many times likelier a cause makes it that the monitor of `event` failed, or passed."""

    event: str
    failed: float
    passed: float


@dataclass(frozen=True)
class Cause:
    name: str
    text: Texts
    kind: str  # part | sensor | mains | use | wiring
    weight: float
    part: str | None
    evidence: tuple[Ratio, ...]
    fix: str | None = None  # what the appliance can do against it itself, from afar


@dataclass(frozen=True)
class Part:
    number: str
    text: Texts
    price: str | None
    van: bool
    warranty_months: int | None = None  # from the appliance's first registration; None: as the board says


@dataclass(frozen=True)
class Care:
    """What the owner is to do after so many operation cycles: descale, clean, change a filter."""

    name: str
    every: int  # cycles
    title: Texts
    now: Texts  # what to do


@dataclass(frozen=True)
class Code:
    """A row of the catalogue; its position in `Board.codes` is its event's index."""

    code: str  # with its check character
    number: int
    event: str
    ne107: str
    severity: int
    hazard: bool
    immediate: bool
    warning: bool
    purpose: int
    confirm: int
    heal: int
    age: int
    priority: int
    freeze: tuple[int, ...]
    text: dict[str, Texts]  # language -> title, owner, now
    technician: dict[str, list[str]]
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Board:
    name: str
    folder: Path
    model: str
    text: Texts
    tick_ms: int
    history_period_ms: int
    history_depth: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    signals: tuple[Signal, ...]
    monitors: tuple[Monitor, ...]
    functions: tuple[Function, ...]
    cycle: tuple[Condition, ...]
    gates: dict[str, tuple[Condition, ...]]
    internal: dict[str, int]  # what the firmware itself reports -> event
    storage: tuple[Storage, ...]
    codes: tuple[Code, ...]
    parts: tuple[Part, ...]
    holds: tuple[Hold, ...] = ()  # what an update waits for
    routines: tuple[Routine, ...] = ()  # self-tests
    care: tuple[Care, ...] = ()  # reminders, for owners who want them
    help: str = "{code}"  # what the picture of a code says: an address where it is explained, or the code alone
    chip: Chip = field(default_factory=Chip)
    internal_debounce: Debounce = field(default_factory=lambda: Debounce(0, 1, -1))

    def signal(self, name: str) -> int:
        """Index of a signal or output in the appliance's values; ValueError when there is none."""
        return self.names().index(name)

    def input(self, name: str) -> int:
        """Position of a raw input on the line."""
        return [one.name for one in self.inputs].index(name)

    def output(self, name: str) -> int:
        """Position of an output in the levels that the appliance drives."""
        return [one.name for one in self.outputs].index(name)

    def event(self, name: str) -> int:
        return [one.event for one in self.codes].index(name)

    def names(self) -> list[str]:
        """Signals, then outputs: the index space of monitors, conditions and evidence."""
        return [one.name for one in self.signals] + [one.name for one in self.outputs]
