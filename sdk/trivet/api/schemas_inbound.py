"""What the REST interface says about letters and their sources. Takes values of `trivet.inbound`, gives JSON."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Schema
from trivet.api.schemas_webhooks import PLAIN
from trivet.inbound.letters import MAX_SENDER, MAX_SUBJECT, MAX_TEXT


class LetterIn(BaseModel):
    """Something that a person wrote or said elsewhere. Kept and shown as plain text."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["mention", "mail", "chat", "call"] = Field(description="How it came")
    sender: str = Field(min_length=1, max_length=MAX_SENDER, description="Mail address, phone number or other name")
    text: str = Field(min_length=1, max_length=MAX_TEXT, description="What they wrote or said")
    subject: str = Field("", max_length=MAX_SUBJECT, description="Its heading")
    case: int | None = Field(None, ge=1, le=2**62, description="Case number, where the sending system knows it")
    device: str | None = Field(None, pattern="^[0-9a-fA-F]{16}$", description="Device id, where it knows it")
    code: str | None = Field(None, max_length=8, description="Code from the display, where it knows it")


class Taken(Schema):
    """What became of a letter."""

    id: int = Field(description="Its number")
    state: Literal["landed", "waiting", "dismissed"] = Field(
        description="landed: on a case's timeline; waiting: for a person; dismissed: a person said that it is no case's"
    )
    case: int | None = Field(description="The case that it landed on")


class Letter(Taken):
    """A letter, whole."""

    source: str = Field(description="System that sent it")
    at: dt.datetime = Field(description="UTC, when it came")
    kind: Literal["mention", "mail", "chat", "call"] = Field(description="How it came")
    sender: str = Field(description="As it was given")
    subject: str = Field(description="Plain text")
    text: str = Field(description="Plain text")
    how: str = Field(description="By what its case was found, or why it waits")
    candidates: list[int] = Field(description="Cases that it may belong to")
    decided_by: str = Field(description="Who decided; empty where nobody had to")


class Where(BaseModel):
    """Where a letter belongs."""

    model_config = ConfigDict(extra="forbid")

    case: int = Field(ge=1, le=2**62, description="Case number")


class NotACase(BaseModel):
    """Why a letter belongs to no case."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=200, pattern=PLAIN, description="In words")


class SourceIn(BaseModel):
    """A system that may send letters in."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9-]{0,31}$", description="Stands in the address that it posts to")


class Source(Schema):
    """A system that may send letters in."""

    name: str = Field(description="Stands in the address that it posts to")
    made_at: dt.datetime = Field(description="UTC")
    made_by: str = Field(description="Login that made it")
    last_at: dt.datetime | None = Field(description="UTC, its last letter")


class SourceMade(Schema):
    """A source with its new secret."""

    name: str = Field(description="Stands in the address that it posts to")
    address: str = Field(description="Where it posts letters to")
    secret: str = Field(description="Key of its signatures (Standard Webhooks). Shown this once")
