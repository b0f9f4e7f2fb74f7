"""What the routes of visits say, field by field. Takes the frozen values of `trivet.visits`, gives JSON."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trivet.api.schemas import Schema, Texts

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Cents = Annotated[int, Field(ge=0, le=10_000_000, description="Amount in cents")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217")]
Hour = Annotated[Literal[8, 10, 12, 14, 16], Field(description="The window begins, by the area's clock")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Plan(Asked):
    """What an area's technicians can do."""

    postcodes: list[Annotated[str, Field(min_length=1, max_length=12)]] = Field(
        min_length=1, max_length=500, description="Beginnings of postcodes; the longest that fits wins"
    )
    zone: str = Field(max_length=64, description="IANA time zone, as Europe/Berlin")
    a_day: int = Field(ge=1, le=500, description="Visits in a day, at most")
    a_window: int = Field(ge=1, le=100, description="Visits at once, at most")
    weekdays: list[Day] = Field(["mon", "tue", "wed", "thu", "fri"], description="Working days")
    closed: list[dt.date] = Field(default_factory=list, max_length=400, description="Holidays")
    fee_minor: Cents = 0
    currency: Currency = "EUR"


class Area(Plan):
    """An area as it is kept."""

    name: str = Field(description="Its name")


class Window(Schema):
    """Two hours of a day."""

    day: dt.date = Field(description="Day, by the area's clock")
    hour: Hour
    begins: dt.datetime = Field(description="UTC")


class QuotedPart(Schema):
    """A part and its price."""

    number: str = Field(description="Part number")
    text: Texts = Field(description="What it is, by language")
    price_minor: Cents
    owner_minor: Cents = Field(description="What of its price the owner pays, in cents")
    warranty: Literal["covered", "over", "unknown"] = Field(description="Whether its warranty holds")
    van: bool = Field(description="It is on every van")


class VisitOffer(Schema):
    """What can be said to the owner before anything is booked."""

    area: str = Field(description="Whose technicians come")
    zone: str = Field(description="Its time zone")
    parts: list[QuotedPart] = Field(description="What is brought")
    fee_minor: Cents
    total_minor: Cents = Field(description="What the owner pays at most, in cents")
    currency: Currency
    warranty: bool = Field(description="The warranty bears parts and coming")
    proposed: list[Window] = Field(description="Three to propose")
    free: list[Window] = Field(description="Every free window, the soonest first")


class VisitWish(Asked):
    """What the owner said yes to."""

    day: dt.date = Field(description="Day, by the area's clock")
    hour: Hour
    postcode: str = Field(min_length=2, max_length=12, description="Of the address")
    address: str = Field(min_length=5, max_length=500, description="Where to come, and what to ring at")
    agreed_minor: Cents = Field(description="The price in cents that the owner was told and agreed to")
    parts: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list, max_length=20, description="Part numbers; empty: those of the proposal"
    )


class OtherWindow(Asked):
    """Where a visit is moved to."""

    day: dt.date = Field(description="Day, by the area's clock")
    hour: Hour


class Cancelled(Asked):
    """Why a visit is cancelled."""

    why: str = Field(min_length=3, max_length=200, description="In words, for the case's timeline")


class Visit(Schema):
    """A visit, booked or past."""

    id: int = Field(description="Its number")
    uid: str = Field(description="Of its calendar entry")
    sequence: int = Field(description="Version of the entry: rises with every change")
    case: int = Field(description="Case that it is for")
    code: str = Field(description="The case's code")
    device: str = Field(description="Device id")
    area: str = Field(description="Whose technicians come")
    zone: str = Field(description="Time zone of `day` and `hour`")
    day: dt.date = Field(description="Day")
    hour: Hour
    begins: dt.datetime = Field(description="UTC")
    ends: dt.datetime = Field(description="UTC")
    state: Literal["booked", "done", "cancelled"] = Field(description="How it stands")
    address: str = Field(description="Where")
    parts: list[str] = Field(description="Part numbers that are brought")
    price_minor: Cents = Field(description="What the owner agreed to pay at most, in cents")
    currency: Currency
    warranty: bool = Field(description="The warranty bears it")
    why: str = Field(description="The evidence that sends somebody")
    booked_by: str = Field(description="Login")
    booked_at: dt.datetime = Field(description="UTC")
    ended_at: dt.datetime | None = Field(description="UTC, when it was done or cancelled")
    ended_by: str | None = Field(description="By whom")
