"""The shape of an export, field by field, with units: what GET /api/devices/{id}/export answers and what the file that
an owner takes along can be checked against. Takes nothing, gives types.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field

from trivet.api.schemas import Case, ConsentRequest, Decision, Schema, SecurityEvent, Texts
from trivet.api.schemas_remote import Session
from trivet.api.schemas_updates import Updates
from trivet.api.schemas_visits import Visit


class ExportedDevice(Schema):
    """The appliance."""

    id: str = Field(pattern="^[0-9a-f]{16}$", description="Device id, 16 hexadecimal digits")
    model: str = Field(description="Model")
    name: str = Field(description="Name for people")
    firmware: str | None = Field(description="Software version it reported last")
    catalogue: int | None = Field(description="Version of its fault catalogue")
    enrolled_at: dt.datetime = Field(description="UTC")
    last_seen_at: dt.datetime | None = Field(description="UTC")
    last_boot: int = Field(ge=0, description="Starts so far")


class ExportedOwnership(Schema):
    """Whom it belongs to, since when. Nothing of earlier owners."""

    since: dt.datetime = Field(description="UTC")
    name: str = Field(description="Name as given")
    phone: str | None = Field(description="Phone number as given")
    email: str | None = Field(description="Mail address as given")
    language: str = Field(description="Language of every notice (BCP 47)")


class ExportedConsent(Decision):
    """A decision with the words that were shown."""

    text: str | None = Field(description="The text shown, one part a line; null where that version is not known")


class ExportedField(Schema):
    """What a number means."""

    unit: str = Field(description="Unit; empty for counts, names and flags")
    en: str = Field(description="Meaning, in English")
    de: str = Field(description="Meaning, in German")


class ExportedSeries(Schema):
    """One signal, measured just before a fault."""

    signal: str = Field(description="Signal")
    unit: str = Field(description="Unit of `samples`")
    validity: str = Field(description="valid, or why the sensor is not believed")
    times_s: list[float] = Field(description="Seconds relative to the trigger, before it negative")
    samples: list[float] = Field(description="Scaled, in `unit`")


class ExportedMeaning(Schema):
    """A fault or evidence, in words."""

    code: str | None = Field(description="Code as on the display")
    title: Texts = Field(description="In plain words, by language")
    status: list[str] = Field(description="Status bits that are set (ISO 14229-1, annex D.2)")
    series: list[ExportedSeries] = Field(description="Signals of an evidence message")


class ExportedMessage(Schema):
    """One message that the appliance sent."""

    boot: int = Field(ge=0, description="Which start of the appliance")
    seq: int = Field(ge=0, description="Number within it")
    kind: str = Field(description="fault, evidence, heartbeat, …: the key into `units`")
    purpose: str = Field(description="Whose consent covers it")
    uptime_s: float = Field(ge=0, description="Seconds since that start")
    at: dt.datetime | None = Field(description="UTC by the appliance's clock; null before it had one")
    received_at: dt.datetime = Field(description="UTC")
    delete_after: dt.datetime = Field(description="UTC; from then on the retention job removes it")
    consent_seq: int = Field(ge=0, description="The decision that it was recorded under")
    size: int = Field(ge=0, description="Bytes on the wire")
    values: dict[str, Any] = Field(description="Its fields; `units` says unit and meaning of each")
    meaning: ExportedMeaning | None = Field(description="For faults and evidence")
    raw: str | None = Field(description="The bytes themselves in base64, where they carry a signature")


class ExportedUse(Schema):
    """Who read what."""

    at: dt.datetime = Field(description="UTC")
    who: str = Field(description="Login")
    purpose: str = Field(description="What it was read for")
    subject: str = Field(description="What was read")
    why: str = Field(description="Why, as whoever read it said")


class ExportedCommand(Schema):
    """Something the cloud asked of the appliance."""

    counter: int = Field(ge=1, description="Its number")
    command: str = Field(description="What")
    grant: str = Field(description="Under what: vendor, account, service, technician or presence")
    who: str = Field(description="Who asked")
    at: dt.datetime = Field(description="UTC")
    answered_at: dt.datetime | None = Field(description="UTC")
    state: str = Field(description="open, done, refused or expired")
    reason: int | None = Field(description="Why it was refused; 0 when done")


class ExportedErasure(Schema):
    """That something of this appliance was erased before."""

    at: dt.datetime = Field(description="UTC")
    cause: str = Field(description="ownership, factory reset or erasure")
    rows: dict[str, int] = Field(description="How much, by table")


class ExportedFeedback(Schema):
    """A question whether it is mended, and the answer."""

    case: int = Field(description="Case number")
    asked_at: dt.datetime = Field(description="UTC")
    answered_at: dt.datetime | None = Field(description="UTC; null without an answer")
    fixed: bool | None = Field(description="The answer")
    words: str = Field(description="What was said with it")


class ExportedCare(Schema):
    """How much the appliance was used since something was done for it."""

    name: str = Field(description="What is due after some runs")
    cycles: int = Field(ge=0, description="Runs since it was done, or since the yes to `personal`")
    counted_until: dt.datetime = Field(description="UTC; runs received by then are counted")
    done_at: dt.datetime | None = Field(description="UTC; null where nobody said so")
    told_at: dt.datetime | None = Field(description="UTC; null without a reminder")
    off: bool = Field(description="No reminder is wanted")


class ExportedLetter(Schema):
    """Something that its owner, or others about it, sent in."""

    at: dt.datetime = Field(description="UTC")
    source: str = Field(description="Through which system")
    kind: str = Field(description="mention, mail, chat or call")
    sender: str = Field(description="As it came")
    subject: str = Field(description="As it came")
    text: str = Field(description="As it came")
    state: str = Field(description="landed on a case, waiting for a person, or dismissed")
    case: int | None = Field(description="Case number")


class ExportedNotice(Schema):
    """Something that its owner was told. Its words were made from the case and are not kept."""

    made_at: dt.datetime = Field(description="UTC")
    case: int = Field(description="Case number")
    kind: str = Field(description="About what")
    channel: str = Field(description="Over which channel")
    state: str = Field(description="waiting, sent, failed, withheld or overtaken")
    ended_at: dt.datetime | None = Field(description="UTC; null while it waits")


class ExportedChoices(Schema):
    """How its owner wants to be told."""

    at: dt.datetime = Field(description="UTC; when they chose")
    channels: dict[str, str | None] = Field(description="Channel → address; null: the one known to the vendor")
    zone: str = Field(description="Time zone (IANA)")
    quiet_from_h: int = Field(ge=0, le=23, description="Hour of their day from which nobody disturbs them")
    quiet_until_h: int = Field(ge=0, le=23, description="Hour until which; the same twice: none")


class ExportedRecipient(Schema):
    """Whom something of a case was sent to (GDPR, article 15, 1 c): webhooks as long as what was delivered is kept."""

    who: str = Field(description="Name or address of the receiver, or the ticket system")
    case: int = Field(description="Case number")
    what: str = Field(description="Kind of entry, or ticket")
    at: dt.datetime | None = Field(description="UTC; when it was sent last")
    number: str | None = Field(description="Of the ticket there")
    state: str = Field(description="Of a message: open, delivered, failed or dropped; of a ticket: open or closed")


class Export(Schema):
    """Everything that this cloud holds about an appliance and its owner."""

    format: Literal["trivet-export-1"] = Field(description="Fields are only ever added")
    made_at: dt.datetime = Field(description="UTC")
    device: ExportedDevice = Field(description="The appliance")
    ownership: list[ExportedOwnership] = Field(description="The present owner; empty when nobody claimed it")
    consents: list[ExportedConsent] = Field(description="Every decision, oldest first")
    requests: list[ConsentRequest] = Field(description="Decisions made in the account, newest first")
    units: dict[str, dict[str, ExportedField]] = Field(description="kind → field → unit and meaning")
    messages: list[ExportedMessage] = Field(description="By start and number")
    cases: list[Case] = Field(description="Cases with evidence, causes and timeline")
    uses: list[ExportedUse] = Field(description="Who read what, newest first")
    commands: list[ExportedCommand] = Field(description="What was asked of the appliance")
    updates: Updates = Field(description="What is installed, offered, and what came of every update")
    visits: list[Visit] = Field(description="Who came or comes, when, at which price")
    feedback: list[ExportedFeedback] = Field(description="Whether it was mended, as they were asked and said")
    care: list[ExportedCare] = Field(description="What is due after some runs; only with a yes to `personal`")
    sessions: list[Session] = Field(description="The desk at the appliance from afar, newest first")
    letters: list[ExportedLetter] = Field(description="What was sent in, oldest first")
    notices: list[ExportedNotice] = Field(description="What its owner was told, oldest first")
    choices: ExportedChoices | None = Field(description="How its owner wants to be told; null where they never said")
    recipients: list[ExportedRecipient] = Field(description="Whom something of its cases was sent to")
    security: list[SecurityEvent] = Field(description="What went wrong, newest first")
    erasures: list[ExportedErasure] = Field(description="What was erased before")
    retention_days: dict[str, int] = Field(description="Days after reception until data of a purpose or log goes")
