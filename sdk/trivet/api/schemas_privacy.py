"""What the routes of the owner's rights say, field by field. Takes views, gives JSON."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import ConsentRequest, Decision, Language, Schema, Standing


class Wish(BaseModel):
    """A decision of the owner, made in their account."""

    model_config = ConfigDict(extra="forbid")

    purpose: Literal["service", "improve", "personal", "offers"] = Field(description="Purpose")
    granted: bool = Field(description="yes or no")
    language: Language = Field("en", description="Language of the text that was shown")


class Consents(Schema):
    """What an owner agreed to."""

    device: str = Field(description="Device id")
    seq: int = Field(description="The appliance's newest decision")
    purposes: list[Standing] = Field(description="Every purpose, now")
    history: list[Decision] = Field(description="Every decision, oldest first")
    requests: list[ConsentRequest] = Field(description="Every decision made in the account, newest first")


class UseLine(Schema):
    """Who read what."""

    at: dt.datetime = Field(description="UTC; at most one line in ten minutes for the same")
    who: str = Field(description="Login")
    purpose: str = Field(description="What it was read for")
    subject: str = Field(description="What was read")
    why: str = Field(description="Why, as whoever read it said")


class ConsentText(Schema):
    """What an owner is shown before a decision."""

    purpose: str = Field(description="Purpose")
    language: str = Field(description="Language")
    title: str = Field(description="Its heading")
    sends: str = Field(description="What is sent")
    use: str = Field(description="What for")
    gives: str = Field(description="What the owner gets")
    keeps: str = Field(description="For how long")
    declining: str = Field(description="What a no changes")
    hash: int = Field(ge=0, description="Version: first four bytes of SHA-256 over the parts, one a line")


class Promise(Schema):
    """For one purpose: how long, how much, until when."""

    purpose: str = Field(description="Purpose")
    days: int = Field(ge=1, description="Days after reception")
    messages: int = Field(ge=0, description="Messages there are")
    oldest_at: dt.datetime | None = Field(description="UTC, reception of the oldest")
    next_deletion_at: dt.datetime | None = Field(description="UTC; from then on the oldest goes")


class Erasing(BaseModel):
    """What else must not stand anywhere afterwards."""

    model_config = ConfigDict(extra="forbid")

    markers: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=list, max_length=100, description="Words that the scan looks for besides name, phone and mail"
    )


class Proof(Schema):
    """What a scan of database, streams, files and logs found after an erasure."""

    at: dt.datetime = Field(description="UTC")
    markers: int = Field(ge=0, description="How many words it looked for; they are kept nowhere")
    looked: dict[str, int] = Field(description="How many rows, streams and files it looked through")
    found: dict[str, int] = Field(description="place → hits; empty when nothing is left")


class Erased(Schema):
    """What went."""

    clean: bool = Field(description="The scan found nothing")
    erasure: int = Field(description="Its number")
    devices: list[str] = Field(description="Appliances")
    rows: dict[str, int] = Field(description="Rows removed, by table")
    messages: int = Field(ge=0, description="Messages removed from the engine")
    proof: Proof = Field(description="The scan")


class Erasure(Schema):
    """One erasure."""

    at: dt.datetime = Field(description="UTC")
    cause: str = Field(description="ownership, factory reset or erasure")
    by: str = Field(description="Role of who asked")
    rows: dict[str, int] = Field(description="Rows removed, by table")
    proof: Proof | None = Field(description="The scan; null where none was asked for")
