"""What the REST interface says about webhooks. Takes values of `trivet.webhooks`, gives JSON; a secret is in it only
where it was made by this very request.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Schema

PLAIN = r"^[^\x00-\x1f]*$"  # one line: PostgreSQL keeps no NUL in a text
Kind = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,23}$")]


class Wanted(BaseModel):
    """A receiver of webhooks."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=8,
        max_length=2000,
        description="Where events are posted to: https, or http into a network that the operator allowed",
    )
    name: str = Field("", max_length=64, pattern=PLAIN, description="For people")
    kinds: list[Kind] = Field(
        default_factory=list,
        max_length=32,
        description="Kinds of timeline entries, e.g. opened or visit-booked; empty: all",
    )


class Webhook(Schema):
    """A receiver, and how it does."""

    id: int = Field(description="Its number")
    url: str = Field(description="Where events are posted to")
    name: str = Field(description="For people")
    kinds: list[str] = Field(description="Kinds of timeline entries that it gets; empty: all")
    made_at: dt.datetime = Field(description="UTC")
    made_by: str = Field(description="Login that made it")
    failing_since: dt.datetime | None = Field(description="Nothing was taken since then; null: the last one was")
    disabled_at: dt.datetime | None = Field(description="Nothing is sent to it since then")
    disabled_why: str = Field(description="Why nothing is sent to it")
    waiting: int = Field(ge=0, description="Deliveries that are still tried")
    secrets: int = Field(ge=1, description="Secrets that sign now: two or more while one is being replaced")


class Made(Schema):
    """A receiver with its new secret."""

    webhook: Webhook = Field(description="The receiver")
    secret: str = Field(description="Key of its signatures (Standard Webhooks). Shown this once")


class Tested(Schema):
    """What a receiver answered to one test event."""

    taken: bool = Field(description="It answered with 2xx")
    status: int | None = Field(description="Its HTTP status; null when no answer came")
    says: str = Field(description="What went wrong, in words; empty when it was taken")


class Delivery(Schema):
    """One event on its way to one receiver."""

    id: int = Field(description="Its number")
    message: str = Field(description="`webhook-id`, the same at every try")
    kind: str = Field(description="Type of the CloudEvent")
    case: int | None = Field(description="Case number")
    made_at: dt.datetime = Field(description="UTC")
    state: Literal["open", "delivered", "failed", "dropped"] = Field(
        description="open: still tried; failed: the schedule is over; dropped: receiver disabled or consent withdrawn"
    )
    tries: int = Field(ge=0, description="How often it was sent")
    next_at: dt.datetime = Field(description="UTC; when it is tried next, while open")
    last_at: dt.datetime | None = Field(description="UTC; the last try")
    last_status: int | None = Field(description="HTTP status of the last answer")
    last_error: str = Field(description="What went wrong at the last try")


class Since(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid")

    since: dt.datetime = Field(description="With its zone; deliveries that are at most 30 days old are kept")


class Resent(Schema):
    """How many go out again."""

    count: int = Field(ge=0, description="Deliveries, each with the id that it had")


class Schedule(Schema):
    """When a delivery that was not taken is tried again."""

    delays_s: list[int] = Field(description="Seconds before each try; the first is at once")
    jitter: float = Field(description="Each wait is up to this share shorter or longer")
    timeout_s: float = Field(description="Seconds for the whole request and answer")
