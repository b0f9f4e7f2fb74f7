"""What the REST interface says about how an owner is told. Takes values of `trivet.notify`, gives JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Schema


class Telling(Schema):
    """How the owner is told what happens."""

    channels: dict[str, str] = Field(description="Channels in use: name → address")
    offered: dict[str, str] = Field(
        description="Channels that there are: name → what they need (mail, phone, or given: an address that you type)"
    )
    zone: str = Field(description="Time zone (IANA)")
    language: str = Field(description="Of the messages: en or de")
    quiet: list[int] = Field(
        description="First hour and end of the hours without messages, hazards excepted; empty for none"
    )


class Tell(BaseModel):
    """How the owner wants to be told from now on."""

    model_config = ConfigDict(extra="forbid")

    channels: dict[str, str | None] = Field(
        max_length=16, description="name → address; null: the known mail address or phone number. {}: tell me nothing"
    )
    zone: str = Field(min_length=1, max_length=64, description="Time zone (IANA), e.g. Europe/Berlin")
    language: Literal["en", "de"] | None = Field(None, description="Of the messages; null leaves it as it is")
    quiet: list[int] = Field(max_length=2, description="Two hours of 0 to 23, e.g. [22, 7]; [] for none")
