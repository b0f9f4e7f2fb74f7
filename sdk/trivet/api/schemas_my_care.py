"""What the REST interface says to owners about care, field by field. Takes values of `trivet.care.tips`, gives JSON."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Schema, Texts


class Tip(Schema):
    """One thing to do now and then."""

    name: str = Field(description="Its name")
    title: Texts = Field(description="What, by language")
    now: Texts = Field(description="How, by language")
    every: int = Field(ge=1, description="Due after so many runs")
    cycles: int = Field(ge=0, description="Runs since it was done, or since your yes")
    due: bool = Field(description="It is time")
    off: bool = Field(description="You want no reminder of it")
    done_at: dt.datetime | None = Field(description="UTC; null where you never said so")
    told_at: dt.datetime | None = Field(description="UTC; when you were last reminded of it")


class Care(Schema):
    """Care for one appliance."""

    allowed: bool = Field(description="You said yes to `personal`: without it nothing is counted and nothing reminded")
    tips: list[Tip] = Field(description="What this model has; empty for none")


class Remind(BaseModel):
    """Whether to remind."""

    model_config = ConfigDict(extra="forbid")

    on: bool = Field(description="false: no more of this one")
