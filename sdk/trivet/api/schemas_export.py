"""The shape of an export, field by field, with units: what GET /api/devices/{id}/export answers and what the file that
an owner takes along can be checked against. Takes nothing, gives types.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field

from trivet.api.schemas import Case, ConsentRequest, Decision, Schema, SecurityEvent, Texts
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
    security: list[SecurityEvent] = Field(description="What went wrong, newest first")
    erasures: list[ExportedErasure] = Field(description="What was erased before")
    retention_days: dict[str, int] = Field(description="Days after reception until data of a purpose or log goes")
