"""What the REST interface says, field by field, with units. Takes views, gives JSON; never holds a database object."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "de"]
Texts = dict[str, str]


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Owner(Schema):
    """The person whom an appliance belongs to."""

    id: int = Field(description="Owner's number in this cloud")
    name: str = Field(description="Full name")
    phone: str | None = Field(description="Phone number as given, with country code")
    email: str | None = Field(description="Mail address")
    language: str = Field(description="Language of every notice (BCP 47)")


class Device(Schema):
    """One appliance."""

    id: str = Field(pattern="^[0-9a-f]{16}$", description="Device id, 16 hexadecimal digits")
    model: str = Field(description="Model, names its board and catalogues")
    name: str = Field(description="Name for people")
    firmware: str | None = Field(description="Firmware version it reported last; null before its first message")
    catalogue: int | None = Field(ge=0, description="Id of its fault catalogue, unsigned 32 bits")
    consent: dict[str, bool] = Field(description="Owner's consent by purpose, as the appliance confirmed it last")
    connected: bool = Field(description="Whether it holds a connection now")
    enrolled_at: dt.datetime = Field(description="UTC")
    revoked_at: dt.datetime | None = Field(description="UTC; set when it may not connect any more")
    last_seen_at: dt.datetime | None = Field(description="UTC, last message of any kind")
    last_boot: int = Field(ge=0, description="Its boot counter, never goes back")
    owner: Owner | None = Field(description="Present owner; null when nobody claimed it")
    open_cases: int = Field(ge=0, description="Cases that are not resolved")
    refused: int = Field(ge=0, description="Messages of it that verified and were refused")
    withheld: int = Field(ge=0, description="Open cases that its owner's consent does not cover now: not shown")
    security: int = Field(ge=0, description="Security events of it")


class CaseSummary(Schema):
    """One line of the queue."""

    id: int = Field(description="Case number")
    state: Literal["new", "ongoing", "escalating", "regressed", "resolved"] = Field(description="Where it stands")
    device: str = Field(description="Device id")
    device_name: str = Field(description="The appliance's name for people")
    model: str = Field(description="The appliance's model")
    owner: str | None = Field(description="Owner's name")
    code: str = Field(description="Code with its check character, as on the appliance's display")
    title: Texts = Field(description="The code in plain words, by language")
    ne107: Literal["F", "C", "S", "M"] = Field(
        description="NAMUR NE 107: Failure, function Check, out of Specification, Maintenance required"
    )
    severity: int = Field(ge=1, le=5, description="1 is worst")
    hazard: bool = Field(description="Whether people may be hurt")
    first_cause: str | None = Field(description="Name of the likeliest cause")
    first_cause_text: Texts = Field(description="The likeliest cause in plain words, by language")
    confidence: float = Field(ge=0, le=1, description="Probability of the likeliest cause")
    sensor_doubt: float = Field(ge=0, le=1, description="Probability that a sensor is wrong")
    next_step: str = Field(description="self_help, remote_test, remote_fix, visit, watch or escalate")
    opened_at: dt.datetime = Field(description="UTC")
    updated_at: dt.datetime = Field(description="UTC")
    occurrences: int = Field(ge=0, description="How many times the fault came")
    assigned: str | None = Field(description="Login of who has it")
    tier: int = Field(ge=1, le=3, description="Line of support")
    queue: str = Field(description="Queue of the desk")
    escalated: bool = Field(description="A person must look at it now")
    resolve_by: dt.datetime | None = Field(description="UTC: promised by then")
    waits_since: dt.datetime | None = Field(description="UTC: its owner's word is waited for, and the clock stands")


class Part(Schema):
    """A spare part."""

    number: str = Field(description="Part number")
    text: Texts = Field(description="What it is, by language")
    price: str | None = Field(description="Price with its currency")
    van: bool = Field(description="Whether it is on every van")


class Cause(Schema):
    """One possible cause, with what speaks for it."""

    name: str = Field(description="Stable name within the catalogue")
    text: Texts = Field(description="In plain words, by language")
    kind: str = Field(description="part, sensor, mains, use or wiring")
    probability: float = Field(ge=0, le=1, description="All causes together make 1")
    part: Part | None = Field(description="What to replace if it is this cause")
    why: list[str] = Field(description="What the probability rests on")


class Limit(Schema):
    """A value at which a monitor says that something is wrong."""

    event: str = Field(description="The monitor's event")
    value: float = Field(description="In the series' unit")
    text: Texts = Field(description="In plain words, by language")


class Series(Schema):
    """One signal before the fault."""

    name: str = Field(description="Signal")
    text: Texts = Field(description="In plain words, by language")
    unit: str = Field(description="Unit of `samples` and `limits`; empty for switches and counts")
    validity: str = Field(description="valid, or why the sensor is not believed")
    times_s: list[float] = Field(description="Seconds relative to the trigger, before it negative")
    samples: list[float] = Field(description="In `unit`, one for each time")
    limits: list[Limit] = Field(description="Lines to draw")


class Verdict(Schema):
    """What another monitor said at that moment."""

    event: str = Field(description="The monitor's event")
    code: str | None = Field(description="Its code, where it has one")
    verdict: str = Field(description="passed or failed")


class Evidence(Schema):
    """What the appliance sent with its fault."""

    trigger: str = Field(description="What made it be taken: fdc, test failed, pending or confirmed")
    cycle: int = Field(description="Operation cycle it belongs to")
    occurrence: int = Field(description="Which occurrence it shows")
    fdc_max: int = Field(ge=-128, le=127, description="Highest fault detection counter")
    period_ms: int = Field(gt=0, description="Milliseconds between samples")
    series: list[Series] = Field(description="Signals before the trigger")
    verdicts: list[Verdict] = Field(description="Other monitors at that moment")
    received_at: dt.datetime | None = Field(description="UTC")


class Function(Schema):
    """Something that the appliance does for its owner."""

    name: str = Field(description="Stable name")
    text: Texts = Field(description="In plain words, by language")
    hazardous: bool = Field(description="Denied whenever in doubt")


class NextStep(Schema):
    """What to do now."""

    name: str = Field(description="self_help, remote_test, remote_fix, visit, watch or escalate")
    text: str = Field(description="In plain words")
    part: Part | None = Field(description="What to take along")
    needs_human: bool = Field(description="Whether a person must decide")
    parts: list[Part] = Field(description="Everything to take along, `part` first")
    routine: str | None = Field(description="Self-test to run")
    fix: str | None = Field(description="What the appliance is to do by itself: relearn, recover or restart")


class Impact(Schema):
    """What the owner has lost."""

    level: Literal["none", "limited", "unusable"] = Field(description="Nothing, something or everything is off")
    text: str = Field(description="In plain words")


class TimelineEntry(Schema):
    """Something that happened."""

    at: dt.datetime = Field(description="UTC")
    actor: str = Field(description="appliance, owner, agent, technician or system")
    kind: str = Field(description="What kind of thing")
    text: str = Field(description="In plain words")
    who: str = Field(description="Login of who did it, or the actor")
    why: str = Field(description="Their reason; empty where none was asked")
    boot: int | None = Field(description="Start of the appliance that the message belongs to which told it")
    seq: int | None = Field(description="That message's number within the start")


class Case(Schema):
    """One case, whole."""

    row: CaseSummary = Field(description="Its line in the queue")
    device: Device = Field(description="The appliance")
    owner: Owner | None = Field(description="Whom to call")
    code: str = Field(description="Code with its check character")
    event: str = Field(description="Event that the code stands for")
    text: dict[str, Texts] = Field(description="language → title, owner, now")
    technician: dict[str, list[str]] = Field(description="language → steps")
    status: int = Field(ge=0, le=255, description="Status byte (ISO 14229-1, annex D.2)")
    status_bits: list[str] = Field(description="Names of the bits that are set")
    evidence: Evidence | None = Field(description="Null when none came, or `withheld`")
    withheld: bool = Field(description="Evidence came, but its owner's consent does not cover it now")
    quarantined: list[Function] = Field(description="Functions that the appliance switched off")
    working: list[Function] = Field(description="Functions that it did not switch off")
    impact: Impact = Field(description="What the owner has lost")
    causes: list[Cause] = Field(description="Likeliest first")
    confidence: float = Field(ge=0, le=1, description="Probability of the first cause")
    sensor_doubt: float = Field(ge=0, le=1, description="Probability that a sensor is wrong")
    sensor_why: list[str] = Field(description="What the doubt rests on")
    conflicts: list[str] = Field(description="Where sources contradict each other: a person decides")
    next_step: NextStep = Field(description="What to do now")
    timeline: list[TimelineEntry] = Field(description="Oldest first")


class Message(Schema):
    """One message that the appliance sent; its content stays inside."""

    boot: int = Field(description="Boot counter")
    seq: int = Field(description="Number within that boot")
    kind: str = Field(description="fault, evidence, heartbeat, …")
    purpose: str = Field(description="Purpose that covers it")
    received_at: dt.datetime = Field(description="UTC")
    size: int = Field(description="Bytes on the wire")


class Decision(Schema):
    """One decision of the owner, as the appliance confirmed it."""

    seq: int = Field(description="The appliance's number of it; the newest wins")
    purpose: str = Field(description="safety, service, improve, personal or offers")
    granted: bool = Field(description="yes or no")
    at: dt.datetime = Field(description="UTC, by the appliance's clock where it had one, else when it came")
    received_at: dt.datetime = Field(description="UTC")
    channel: str = Field(description="appliance, serial, account or factory reset")
    language: str = Field(description="Language of the text shown")
    text_hash: int = Field(ge=0, description="Version of the text shown; 0 where none was")
    mask: int = Field(ge=0, description="What held after it, bit 1 << purpose")


class ConsentRequest(Schema):
    """A decision made in the owner's account."""

    id: int = Field(description="Its number")
    purpose: str = Field(description="Purpose")
    granted: bool = Field(description="yes or no")
    at: dt.datetime = Field(description="UTC")
    language: str = Field(description="Language of the text shown")
    text_hash: int = Field(ge=0, description="Version of the text shown")
    state: Literal["pending", "synced", "superseded", "refused"] = Field(
        description="pending until the appliance confirms it; superseded when it was decided otherwise meanwhile"
    )
    settled_at: dt.datetime | None = Field(description="UTC; null while pending")
    reason: int | None = Field(description="Why the appliance refused it")


class Standing(Schema):
    """One purpose, now."""

    purpose: str = Field(description="safety, service, improve, personal or offers")
    granted: bool = Field(description="What the appliance confirmed last")
    allowed: bool = Field(description="What this cloud acts on: a pending yes is none, a pending no already holds")
    sync: Literal["pending", "synced"] = Field(description="Whether account and appliance agree")
    decision: Decision | None = Field(description="The newest decision on it; null before the first")
    pending: ConsentRequest | None = Field(
        description="The decision in the account that the appliance has not confirmed"
    )


class SecurityEvent(Schema):
    """Something that must not happen and did."""

    at: dt.datetime = Field(description="UTC, the first time")
    last_at: dt.datetime = Field(description="UTC, the last time within an hour of the one before")
    count: int = Field(ge=1, description="How many times")
    kind: str = Field(description="consent, signature, ledger, replay, …")
    reason: int | None = Field(description="Stable number of the reason, where it has one")
    words: str = Field(description="In plain words")


class DeviceDetail(Schema):
    """One appliance with its history, as far as its owner's consent covers it now."""

    device: Device = Field(description="The appliance")
    consents: list[Standing] = Field(description="Every purpose, now")
    cases: list[CaseSummary] = Field(description="Its cases, newest change first")
    messages: list[Message] = Field(description="Its newest messages")
    security: list[SecurityEvent] = Field(description="Newest first")


class Claim(BaseModel):
    """Binds an appliance to its owner. Device id and secret stand on the sticker."""

    model_config = ConfigDict(extra="forbid")

    secret: str = Field(min_length=1, max_length=64, description="Claim secret from the sticker")
    name: str = Field(min_length=1, max_length=128, description="Owner's full name")
    phone: str | None = Field(None, max_length=40, description="With country code")
    email: str | None = Field(None, max_length=254, description="Mail address")
    language: str = Field("en", max_length=8, description="Language of every notice (BCP 47)")


class Claimed(Schema):
    """The appliance's owner from now on."""

    device: str = Field(description="Device id")
    owner: int = Field(description="Owner's number in this cloud")


class DeadLetterCount(Schema):
    """How many messages were refused for one reason."""

    reason: int = Field(description="Stable number of the reason")
    name: str = Field(description="The reason in plain words")
    count: int = Field(ge=0, description="Messages kept")


class Token(Schema):
    """A bearer token (RFC 6750)."""

    access_token: str = Field(description="Send as `Authorization: Bearer …`")
    token_type: Literal["bearer"] = Field(default="bearer", description="Always bearer")
    expires_in: int = Field(description="Seconds")


class Health(Schema):
    """Whether this cloud works."""

    status: Literal["ok", "degraded"] = Field(description="ok, or degraded when a part does not answer")
    database: bool = Field(description="The database answers")
    engine: bool = Field(description="The message engine answers")
