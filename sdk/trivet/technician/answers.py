"""What the service port answers, typed (firmware/appliance/service/README.md). Made from rows by `msgspec.convert`;
keys that a later appliance adds are passed over, one that is missing or of another type is a GarbledError.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

State = Literal["active", "confirmed", "pending", "healed", "aged", "none"]
VALID = "valid"


class Who(Struct, frozen=True):
    """`uptime_s` seconds since the start; `catalogue` as 8 hex digits; `heap_free` bytes."""

    model: str | None
    device: str | None
    firmware: str
    bundle: str | None
    base: int | None
    catalogue: str | None
    uptime_s: int
    boot: int
    cause: str
    locked: bool
    language: str
    region: str | None
    heap_free: int


class Found(Struct, frozen=True):
    """One code of `codes`. `seen`: how often; `off`: names of functions that it switched off; severity 1 worst … 5;
    `status`: DTC status byte (ISO 14229-1, D.2)."""

    code: str
    title: str
    ne107: str
    severity: int
    state: State
    status: int
    seen: int
    off: list[str]
    hazard: bool


class Facts(Struct, frozen=True):
    """Counters of a code. `fdc`: fault detection counter, -128 … 127."""

    bits: list[str]
    fdc: int
    fdc_max: int


class Stamp(Struct, frozen=True):
    """When: start number, seconds since that start, Unix seconds or 0 where the clock was not set."""

    boot: int
    s: int
    wall: int


class Times(Struct, frozen=True):
    first: Stamp
    last: Stamp


class Now(Struct, frozen=True):
    """A signal that the code's monitor needs, as it is now."""

    signal: str
    value: float
    unit: str
    validity: str


class Frame(Struct, frozen=True):
    """One moment of the freeze frame: `s` seconds before its last, at most 0; values in their units."""

    frame: int
    s: float
    values: dict[str, float]


class Step(Struct, frozen=True):
    step: int
    text: str


class Cause(Struct, frozen=True):
    """Likeliest first. `van`: whether the part is on the van."""

    cause: str
    part: str | None
    part_text: str = ""
    van: bool = False


class Shown(Struct):
    """Everything about one code."""

    found: Found
    facts: Facts | None = None
    times: Times | None = None
    owner: str = ""
    now: str = ""
    signals: list[Now] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    validity: dict[str, str] = field(default_factory=dict)  # of the freeze frame's signals
    frames: list[Frame] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    cleared: Stamp | None = None  # when somebody cleared it last


class Sample(Struct, frozen=True):
    """One look: ms since the start, and name → value in its unit, and how far that may be believed."""

    at_ms: int
    values: dict[str, tuple[float, str]]


class Named(Struct, frozen=True):
    """A self-test or a fix."""

    name: str
    text: str


class Tested(Struct, frozen=True):
    """How a self-test ended: `result` 0 or why not (ids.R_*); `measured`: name, value, unit, what it should be."""

    result: int
    step: int
    measured: list[tuple[str, str, str, str]]


class Nonce(Struct, frozen=True):
    """`nonce` None: wait so many seconds. `revoked`: number of the list that the appliance has."""

    nonce: str | None
    wait_s: int = 0
    revoked: int = 0
