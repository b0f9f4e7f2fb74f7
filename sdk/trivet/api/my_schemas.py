"""What the owners' interface says, field by field. Takes the frozen values of `trivet.owners` and `trivet.consent`,
gives JSON; never holds a database object.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Language, Schema, Texts

PurposeName = Literal["safety", "service", "improve", "personal", "offers"]


class OwnDevice(Schema):
    """One appliance of the owner who asks."""

    device: str = Field(pattern="^[0-9a-f]{16}$", description="Device id, 16 hexadecimal digits")
    name: str = Field(description="Name for people")
    model: str = Field(description="Model")
    firmware: str | None = Field(description="Firmware version it reported last")
    connected: bool = Field(description="Whether it holds a connection now")
    last_seen_at: dt.datetime | None = Field(description="UTC, last message of any kind")
    since: dt.datetime = Field(description="UTC, when it was registered for this owner")


class OwnDecision(Schema):
    """A decision as the appliance confirmed it."""

    seq: int = Field(description="The appliance's number of it; the newest wins")
    granted: bool = Field(description="Yes or no")
    at: dt.datetime = Field(description="UTC, by the appliance's clock where it had a trusted one")
    channel: str = Field(description="appliance, serial, account or factory reset")
    language: str = Field(description="Language of the text shown")
    text_hash: int = Field(ge=0, description="Version of the text shown; 0 where none was")


class OwnRequest(Schema):
    """A decision made in the account."""

    granted: bool = Field(description="Yes or no")
    at: dt.datetime = Field(description="UTC")
    state: Literal["pending", "synced", "superseded", "refused"] = Field(description="What became of it")
    reason: int | None = Field(description="Why the appliance refused it, stable number")


class OwnText(Schema):
    """What is shown before a decision."""

    hash: int = Field(ge=0, description="Version: first four bytes of SHA-256 over the words")
    language: str = Field(description="Its language")
    title: str = Field(description="Name of the purpose")
    sends: str = Field(description="What is sent")
    use: str = Field(description="What for")
    gives: str = Field(description="What the owner gets")
    keeps: str = Field(description="For how long")
    declining: str = Field(description="What a no changes")


class OwnConsent(Schema):
    """One purpose now."""

    purpose: PurposeName = Field(description="Purpose")
    granted: bool = Field(description="What the appliance confirmed last")
    allowed: bool = Field(description="What this cloud acts on: a pending yes is no yes, a pending no already is a no")
    sync: Literal["pending", "synced"] = Field(description="Whether the appliance has confirmed the newest decision")
    decision: OwnDecision | None = Field(description="The newest that the appliance confirmed")
    pending: OwnRequest | None = Field(description="Made in the account, not yet confirmed")
    text: OwnText = Field(description="The present text")


class OwnTrouble(Schema):
    """One open case, in words for the owner."""

    case: int = Field(description="Case number")
    code: str = Field(description="Code with its check character, as on the display")
    text: dict[str, Texts] = Field(description="language → title, owner (what it means), now (what to do)")
    severity: int = Field(ge=1, le=5, description="1 is worst")
    hazard: bool = Field(description="Whether people may be hurt")
    opened_at: dt.datetime = Field(description="UTC")
    off: list[Texts] = Field(description="Functions that are switched off, by language")


class OwnState(Schema):
    """The appliance with what is wrong with it and what it may send."""

    device: OwnDevice = Field(description="The appliance")
    troubles: list[OwnTrouble] = Field(description="Open cases, hazards first")
    consents: list[OwnConsent] = Field(description="Every purpose")


class OwnSent(Schema):
    """One message that the appliance sent, and why."""

    boot: int = Field(description="Boot counter")
    seq: int = Field(description="Number within that boot")
    at: dt.datetime = Field(description="UTC, by the appliance's clock where it had a trusted one, else when it came")
    what: str = Field(description="fault, fault_gone, evidence, heartbeat, inventory, consent_yes, consent_no, …")
    purpose: PurposeName = Field(description="Purpose that covers it")
    size: int = Field(ge=0, description="Bytes on the wire")
    code: str | None = Field(description="Code of the fault that it is about")
    title: Texts = Field(description="That fault in plain words, by language")
    detail: str = Field(description="Model and firmware, the purpose decided on, or a command's name")
    because: OwnDecision | None = Field(description="The yes that covers it; null where the law asks for it")


class OwnUse(Schema):
    """Somebody looked at something."""

    at: dt.datetime = Field(description="UTC")
    who: str = Field(description="Login")
    purpose: str = Field(description="Purpose that it was read for")
    subject: str = Field(description="What was read: case 12, contact, …")
    why: str = Field(description="In plain words")


class OwnHappening(Schema):
    """A command, a security event, or the registration."""

    at: dt.datetime = Field(description="UTC")
    kind: Literal["command", "security", "owned"] = Field(description="What kind of thing")
    what: str = Field(description="The command, or the kind of security event")
    grant: str = Field(description="What a command was done under")
    state: str = Field(description="What became of a command: open, done, refused or expired")
    reason: int | None = Field(description="Why it was refused, stable number")
    count: int = Field(ge=1, description="How many times within an hour")
    words: str = Field(description="A security event in plain words")


class Decide(BaseModel):
    """A yes or no on a text that was shown."""

    model_config = ConfigDict(extra="forbid")

    granted: bool = Field(description="Yes or no")
    text_hash: int = Field(ge=0, le=0xFFFFFFFF, description="`hash` of the text that was shown to the owner")
    language: Language = Field("en", description="Language of that text")


class Sticker(BaseModel):
    """Both stand on the appliance's sticker."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(pattern="^[0-9a-f]{16}$", description="Device id")
    secret: str = Field(min_length=1, max_length=64, description="Claim secret")


class Sure(BaseModel):
    """For what cannot be taken back."""

    model_config = ConfigDict(extra="forbid")

    sure: Literal[True] = Field(description="You know that it cannot be taken back")
