"""What the routes of service sessions say and take, field by field. Takes the frozen values of `trivet.remote.listing`,
gives JSON."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from trivet_wire import ids

from trivet.api.schemas import Schema

_Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    why: _Text = Field(description="In plain words; its owner reads it")


class Begin(_Body):
    """For how long."""

    seconds: int = Field(900, ge=60, le=ids.MAX_SESSION_S, description="It ends by itself after so many seconds")


class Test(_Body):
    """Which self-test."""

    routine: _Name = Field(description="Name of a self-test of the appliance")
    proposal: int | None = Field(None, ge=1, le=2**62, description="The approved proposal that this carries out")


class Fix(_Body):
    """Which fix, and until when its monitors are waited for."""

    fix: Literal["relearn", "recover", "restart"]
    proposal: int = Field(ge=1, le=2**62, description="The approved proposal that this carries out")
    hours: int = Field(72, ge=1, le=720, description="So long its monitors have to say whether it helped")


class Undo(_Body):
    """Why what a fix replaced is put back."""


class Measured(Schema):
    """One expectation of a self-test."""

    signal: str
    expected: str = Field(description="As in < 0.8")
    measured: float
    unit: str


class Act(Schema):
    """A self-test or fix, and what it came to."""

    id: int
    what: Literal["test", "fix", "undo"]
    name: str
    by: str = Field(description="Who asked for it")
    why: str
    at: dt.datetime
    state: Literal[
        "asked",
        "running",
        "passed",
        "failed",
        "refused",
        "lost",
        "verifying",
        "clearing",
        "helped",
        "not_helped",
        "done",
    ] = Field(
        description="verifying: done, and the appliance's monitors have not said whether it helps; clearing: they pass "
        "again, its fault memory is being cleared"
    )
    reason: int | None = Field(description="The appliance's reason: 0 done or passed, else a stable number")
    says: str = Field(description="The reason in words")
    step: int | None = Field(description="Step of a self-test that ran last")
    steps: int | None
    measured: list[Measured]
    proposal: int | None
    decide_by: dt.datetime | None = Field(description="By then it is judged whether a fix helped")
    undoable: bool = Field(description="What it replaced can be put back")
    ended_at: dt.datetime | None


class Session(Schema):
    """A service session: the desk at the appliance from afar, for a while."""

    id: int
    device: str
    case: int
    state: Literal["asked", "open", "ended"] = Field(description="asked: the appliance has not answered yet")
    by: str = Field(description="Who asked for it")
    why: str
    seconds: int
    asked_at: dt.datetime
    begun_at: dt.datetime | None
    until: dt.datetime = Field(description="Over by then, whatever is heard")
    left_s: int = Field(description="Seconds from now")
    ended_at: dt.datetime | None
    ended_by: Literal["time", "desk", "account", "appliance", "consent", "restart", "silence"] | None
    ended_who: str | None
    reason: int | None = Field(description="Why the appliance refused it")
    says: str
    acts: list[Act]
