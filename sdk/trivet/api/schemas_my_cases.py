"""What the REST interface says to owners about their cases, field by field. Takes values of `trivet.owners`, gives
JSON; never holds a database object.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trivet.api.my_schemas import OwnTrouble
from trivet.api.schemas import Schema, Texts
from trivet.api.schemas_cases import OutcomeKind, StepName


class Offer(Schema):
    """A step that is proposed for your appliance."""

    id: int = Field(description="Its number")
    step: StepName = Field(description="What is to be done")
    state: str = Field(
        description="open, approved, accepted, ordered, done, failed or declined; a no leaves the warranty as it is"
    )
    why: str = Field(description="Reason of who proposed it")
    price: str | None = Field(description="What the part would cost you, with its currency; nothing is 0")
    warranty: Literal["covered", "over", "unknown"] | None = Field(description="null where no part is meant")
    part: str | None = Field(description="Number of the part to bring along")
    part_text: Texts = Field(description="What the part is, by language")
    routine_text: Texts = Field(description="What the self-test is, by language")
    at: dt.datetime = Field(description="UTC")
    decided_at: dt.datetime | None = Field(description="UTC")
    answers: list[Literal["accept", "decline"]] = Field(description="What you can say to it now")


class OwnCase(Schema):
    """A case of your appliance."""

    trouble: OwnTrouble = Field(description="What is wrong, in plain words")
    offers: list[Offer] = Field(description="What is proposed, the oldest first")
    closed_at: dt.datetime | None = Field(description="UTC; null while it is open")
    outcome: OutcomeKind | None = Field(description="What it was in the end; null where nobody said")
    asked: bool = Field(description="Whether we would like to know if it is mended")
    fixed: bool | None = Field(description="What you last answered; null where you did not")


class Feedback(BaseModel):
    """Whether it is mended."""

    model_config = ConfigDict(extra="forbid")

    fixed: bool = Field(description="false opens the case again, and a person looks at it")
    words: Annotated[str, StringConstraints(max_length=2000)] = Field("", description="If you like")
