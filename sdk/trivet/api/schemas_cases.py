"""What the REST interface says and takes about people's work on cases, field by field. Takes values of `trivet.cases`,
gives JSON; never holds a database object.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trivet.api.schemas import Schema, Texts

StepName = Literal["self_help", "remote_test", "remote_fix", "visit", "watch", "escalate"]
Act = Literal["approve", "refuse", "accept", "decline", "withdraw", "reopen", "finish"]
OutcomeKind = Literal["fixed", "wrong_part", "no_fault_found", "sensor", "use_error"]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Why(_Body):
    """A decision's reason, for the timeline."""

    why: _Text = Field(description="In plain words; its owner can read it")


class Assign(Why):
    """Who is to have the case."""

    to: _Name | None = Field(description="Login of an agent, engineer or admin; null: nobody")


class Place(Why):
    """Where the case belongs."""

    tier: int | None = Field(None, ge=1, le=3, description="Line of support; a new one winds the clock")
    queue: _Name | None = Field(None, description="One of the desk's queues")


class Escalation(Why):
    """Whether a person must look at it now."""

    up: bool = Field(description="false takes it back")


class Note(_Body):
    """What people should know."""

    text: _Text = Field(description="Shown as text")


class ProposalWish(Why):
    """A step to decide about."""

    step: StepName | None = Field(None, description="Absent: what triage says now")
    part: _Name | None = Field(None, description="Part to bring along")
    routine: _Name | None = Field(None, description="Self-test to run")
    fix: _Name | None = Field(None, description="What the appliance is to do: relearn, recover")
    despite: bool = Field(default=False, description="A visit against the rule: engineers only, with a reason")


class TestResult(_Body):
    """What a self-test said, wherever it was run."""

    passed: bool = Field(description="Whether the part did what it should")


class OutcomeForm(_Body):
    """What it was in the end."""

    kind: OutcomeKind = Field(description="fixed, wrong_part, no_fault_found, sensor or use_error")
    cause: _Name | None = Field(None, description="Name of the cause in the catalogue; absent: the likeliest that fits")
    part: _Name | None = Field(None, description="Part that was fitted")
    visit: bool = Field(default=True, description="Somebody went there")
    note: Annotated[str, StringConstraints(max_length=2000)] = Field("", description="For the timeline")


class Clock(Schema):
    """What was promised: by when a person has it, by when it is solved."""

    started_at: dt.datetime = Field(description="UTC: opened, or came back")
    respond_by: dt.datetime = Field(description="UTC")
    responded_at: dt.datetime | None = Field(description="UTC; null until a person did something")
    respond_late: bool = Field(description="The first promise was broken, or is")
    resolve_by: dt.datetime = Field(description="UTC")
    resolved_at: dt.datetime | None = Field(description="UTC; null while it is open")
    resolve_late: bool = Field(description="The second promise was broken, or is")
    waits_since: dt.datetime | None = Field(description="UTC: the second clock stands, its owner's word is waited for")


class Proposal(Schema):
    """A step and what people decided about it."""

    id: int = Field(description="Its number")
    step: StepName = Field(description="What is to be done")
    part: str | None = Field(description="Part to bring along")
    routine: str | None = Field(description="Self-test to run")
    fix: str | None = Field(description="What the appliance is to do")
    price: str | None = Field(description="What the part would cost the owner, with its currency; nothing is 0")
    warranty: str | None = Field(description="covered, over or unknown; null where no part is meant")
    why: str = Field(description="Reason of who proposed it")
    basis: dict[str, Any] = Field(description="What it rested on then: confidence, sensor_doubt, causes, evidence")
    by: str = Field(description="Who proposed it")
    at: dt.datetime = Field(description="UTC")
    state: str = Field(
        description="open, approved, accepted, ordered, done, failed, refused, declined or withdrawn; a step that was "
        "declined leaves the warranty as it is"
    )
    decided_by: str | None = Field(description="Who decided last")
    decided_at: dt.datetime | None = Field(description="UTC")
    acts: list[Act] = Field(description="What can be done with it now")


class Test(Schema):
    """The last result of a self-test."""

    routine: str = Field(description="Name of the self-test")
    passed: bool = Field(description="Whether the part did what it should")
    by: str = Field(description="Who reported it")
    at: dt.datetime = Field(description="UTC")


class Outcome(Schema):
    """What it was, of one attempt to mend it."""

    id: int = Field(description="Its number")
    at: dt.datetime = Field(description="UTC")
    by: str = Field(description="Who reported it")
    kind: OutcomeKind = Field(description="fixed, wrong_part, no_fault_found, sensor or use_error")
    cause: str | None = Field(description="Name of the cause in the catalogue")
    part: str | None = Field(description="Part that was fitted")
    visit: bool = Field(description="Somebody went there")
    attempt: int = Field(ge=1, description="1 is the first attempt")
    stands: bool = Field(description="false: it was taken back")


class Work(Schema):
    """People's work on a case; each list oldest first."""

    case: int = Field(description="Case number")
    owner: str | None = Field(description="Login of who has it")
    tier: int = Field(ge=1, le=3, description="Line of support")
    queue: str = Field(description="Queue of the desk")
    escalated: bool = Field(description="A person must look at it now")
    clock: Clock = Field(description="What was promised")
    proposals: list[Proposal] = Field(description="Steps and decisions")
    tests: list[Test] = Field(description="Self-tests")
    outcomes: list[Outcome] = Field(description="What it was")


class PartStanding(Schema):
    """A part and what it would cost this owner now."""

    part: str = Field(description="Part number")
    text: Texts = Field(description="What it is, by language")
    van: bool = Field(description="Whether it is on every van")
    warranty: Literal["covered", "over", "unknown"] = Field(description="From the day of the first registration")
    until: dt.date | None = Field(description="Last day of the warranty; null without a registration")
    price: str | None = Field(description="The part's own, with its currency")
    owner_pays: str | None = Field(description="What the owner would pay for it; nothing is 0")


class Rates(Schema):
    """How good the desk is. Shares are null where nothing was counted."""

    outcomes: int = Field(ge=0, description="Outcomes that stand")
    judged: int = Field(ge=0, description="Outcomes that named a cause, ruled one out, or found none")
    right: int = Field(ge=0, description="The first cause was it")
    visits: int = Field(ge=0, description="Somebody went there")
    first_visits: int = Field(ge=0, description="First attempts at a case with somebody there")
    first_time_fixed: int = Field(ge=0, description="First visits that mended it")
    nothing_found: int = Field(ge=0, description="Visits that found no fault")
    precision: float | None = Field(ge=0, le=1, description="right / judged")
    first_time_fix: float | None = Field(ge=0, le=1, description="first_time_fixed / first_visits")
    no_fault_found: float | None = Field(ge=0, le=1, description="nothing_found / visits")
    asked: int = Field(ge=0, description="Owners were asked after a closing whether it is mended")
    answered: int = Field(ge=0, description="They answered")
    said_fixed: int = Field(ge=0, description="They said that it is")
    fixed_by_owner: float | None = Field(ge=0, le=1, description="said_fixed / answered")
