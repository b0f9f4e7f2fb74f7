"""What the service port answers, typed (firmware/appliance/service/README.md). Made from rows by `msgspec.convert`;
keys that a later appliance adds are passed over, one that is missing or of another type is a GarbledError.
"""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["active", "confirmed", "pending", "healed", "aged", "none"]
STATES: tuple[State, ...] = ("active", "confirmed", "pending", "healed", "aged", "none")


class Who(msgspec.Struct, frozen=True):
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


class Found(msgspec.Struct, frozen=True):
    """One code of `codes`. `seen`: how often; `off`: names of functions that it switched off; severity 1 worst … 5."""

    code: str
    title: str
    ne107: str
    severity: int
    state: State
    status: int
    seen: int
    off: list[str]
    hazard: bool


class Sample(msgspec.Struct, frozen=True):
    """One look of `live`. `at_ms` since the start; values as they are in the units of `signals`; validity 0 is
    valid."""

    at_ms: int
    values: dict[str, tuple[float | None, int | str]]


class Said(msgspec.Struct, frozen=True):
    """A line in plain words."""

    text: str
