"""What the API and the desk show: plain frozen values, no database objects. Texts by language: `{"en": …, "de": …}`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from trivet.consent.state import Standing

Texts = dict[str, str]


@dataclass(frozen=True)
class Owner:
    id: int
    name: str
    phone: str | None
    email: str | None
    language: str


@dataclass(frozen=True)
class DeviceView:
    id: str
    model: str
    name: str
    firmware: str | None
    catalogue: int | None
    consent: dict[str, bool]  # by purpose's name, as the appliance last confirmed it
    connected: bool
    enrolled_at: dt.datetime
    revoked_at: dt.datetime | None
    last_seen_at: dt.datetime | None
    last_boot: int
    owner: Owner | None
    open_cases: int
    refused: int  # messages that verified and were refused
    withheld: int  # open cases that its owner's consent does not cover now
    security: int  # security events


@dataclass(frozen=True)
class CaseRow:
    """One line of the queue."""

    id: int
    state: str  # new | ongoing | escalating | regressed | resolved
    device: str
    device_name: str
    model: str
    owner: str | None
    code: str
    title: Texts
    ne107: str  # F | C | S | M (NAMUR NE 107)
    severity: int  # 1 worst … 5
    hazard: bool
    first_cause: str | None
    first_cause_text: Texts
    confidence: float  # 0..1
    sensor_doubt: float  # 0..1
    next_step: str
    opened_at: dt.datetime
    updated_at: dt.datetime
    occurrences: int
    assigned: str | None  # login of who has it
    tier: int
    queue: str
    escalated: bool
    resolve_by: dt.datetime | None  # None: nobody has looked at it since the desk keeps clocks
    waits_since: dt.datetime | None  # its owner's word is waited for: until it comes the clock stands

    def late(self, now: dt.datetime) -> bool:
        """Whether it is open and later than promised."""
        return self.state != "resolved" and self.resolve_by is not None and self.resolve_by < (self.waits_since or now)


@dataclass(frozen=True)
class Part:
    number: str
    text: Texts
    price: str | None
    van: bool


@dataclass(frozen=True)
class Cause:
    name: str
    text: Texts
    kind: str  # part | sensor | mains | use | wiring
    probability: float
    part: Part | None
    why: list[str]


@dataclass(frozen=True)
class Limit:
    """A line drawn into a plot: the value at which the monitor of `event` says that something is wrong."""

    event: str
    value: float
    text: Texts


@dataclass(frozen=True)
class Series:
    """One signal before the fault: `samples[i]` was taken at `times_s[i]` (0 is the trigger, before it negative)."""

    name: str
    text: Texts
    unit: str
    validity: str
    times_s: list[float]
    samples: list[float]
    limits: list[Limit] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    event: str
    code: str | None
    verdict: str  # passed | failed


@dataclass(frozen=True)
class Evidence:
    trigger: str  # fdc | test failed | pending | confirmed
    cycle: int
    occurrence: int
    fdc_max: int
    period_ms: int
    series: list[Series]
    verdicts: list[Verdict]
    received_at: dt.datetime | None


@dataclass(frozen=True)
class Function:
    name: str
    text: Texts
    hazardous: bool


@dataclass(frozen=True)
class NextStep:
    name: str  # self_help | remote_test | remote_fix | visit | watch | escalate
    text: str
    part: Part | None
    needs_human: bool
    parts: list[Part]  # to bring along, `part` first
    routine: str | None  # self-test to run
    fix: str | None  # what the appliance is to do by itself


@dataclass(frozen=True)
class Impact:
    """What the owner has lost."""

    level: str  # none | limited | unusable
    text: str


@dataclass(frozen=True)
class TimelineEntry:
    at: dt.datetime
    actor: str  # appliance | owner | agent | technician | system
    kind: str
    text: str
    who: str  # login, or the actor
    why: str
    boot: int | None = None  # (boot, seq): the appliance's message that told it
    seq: int | None = None


@dataclass(frozen=True)
class CaseView:
    """One case, whole."""

    row: CaseRow
    device: DeviceView
    owner: Owner | None
    code: str
    event: str
    text: dict[str, Texts]  # language -> {title, owner, now}
    technician: dict[str, list[str]]  # language -> steps
    status: int
    status_bits: list[str]
    evidence: Evidence | None
    withheld: bool  # there is evidence that its owner's consent does not cover now
    quarantined: list[Function]
    working: list[Function]  # what the appliance has not switched off
    impact: Impact
    causes: list[Cause]
    confidence: float
    sensor_doubt: float
    sensor_why: list[str]
    conflicts: list[str]  # sources that contradict each other: a person decides
    next_step: NextStep
    timeline: list[TimelineEntry]


@dataclass(frozen=True)
class Withheld:
    """A case that is not shown: its owner does not agree to `purpose`. `since`: when they withdrew it; None when they
    agree, but it was asked for another purpose."""

    id: int
    device: str
    purpose: str
    since: dt.datetime | None


@dataclass(frozen=True)
class SecurityEvent:
    at: dt.datetime
    last_at: dt.datetime
    count: int
    kind: str
    reason: int | None
    words: str


@dataclass(frozen=True)
class DeviceDetail:
    device: DeviceView
    consents: list[Standing]
    cases: list[CaseRow]
    messages: list[MessageView]
    security: list[SecurityEvent]


@dataclass(frozen=True)
class MessageView:
    boot: int
    seq: int
    kind: str
    purpose: str
    received_at: dt.datetime
    size: int  # bytes of the envelope
