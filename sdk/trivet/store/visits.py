"""The tables of visits: the areas that technicians serve, and who comes to whom, when and with which parts. Takes
nothing, gives the mapped classes; never runs a query.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, Id, utcnow

BOOKED, DONE, CANCELLED = "booked", "done", "cancelled"


class AreaRow(Base):
    """Where one team of technicians works. Its days and hours are those of `zone`."""

    __tablename__ = "areas"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    postcodes_json: Mapped[list[Any]]  # beginnings of postcodes
    zone: Mapped[str] = mapped_column(String(64))  # IANA name
    a_day: Mapped[int] = mapped_column(SmallInteger)  # visits at most, and
    a_window: Mapped[int] = mapped_column(SmallInteger)  # at once
    weekdays: Mapped[int] = mapped_column(SmallInteger, default=0b0011111)  # mask, bit 0 is Monday
    closed_json: Mapped[list[Any]] = mapped_column(default=list)  # ISO dates of holidays
    fee_minor: Mapped[int] = mapped_column(Integer, default=0)  # of coming at all, in cents of
    currency: Mapped[str] = mapped_column(String(3), default="EUR")


class VisitRow(Base):
    """One visit. While it is booked it holds place number `place` of its area's day and `seat` of its window: what is
    taken can be taken by nobody else, whoever asks at the same time."""

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("area", "day", "place", name="visit_place_once"),
        UniqueConstraint("area", "day", "hour", "seat", name="visit_seat_once"),
        Index("visits_case", "case"),
        Index("visits_device", "device"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)  # of its calendar entry, for ever
    sequence: Mapped[int] = mapped_column(Integer, default=0)  # of the entry's newest version
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"))
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    area: Mapped[str] = mapped_column(String(64), ForeignKey("areas.name"))
    day: Mapped[dt.date]
    hour: Mapped[int] = mapped_column(SmallInteger)  # the window begins, in the area's zone
    place: Mapped[int | None] = mapped_column(SmallInteger)  # 1 … AreaRow.a_day; null once it is cancelled
    seat: Mapped[int | None] = mapped_column(SmallInteger)  # 1 … AreaRow.a_window, likewise
    state: Mapped[str] = mapped_column(String(12), default=BOOKED)
    address: Mapped[str] = mapped_column(Text)
    parts_json: Mapped[list[Any]] = mapped_column(default=list)  # numbers
    price_minor: Mapped[int] = mapped_column(BigInteger)  # what the owner agreed to pay at most, in cents of
    currency: Mapped[str] = mapped_column(String(3))
    warranty: Mapped[bool]
    agreed_at: Mapped[dt.datetime]  # the owner said yes to the day and the price
    why: Mapped[str] = mapped_column(Text)  # the evidence that sends somebody
    booked_by: Mapped[str] = mapped_column(String(64))
    booked_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(64))
