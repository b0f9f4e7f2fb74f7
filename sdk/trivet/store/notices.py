"""The tables of what owners are told: how each wants to be told, and every message on its way. Takes nothing, gives the
mapped classes; never runs a query. No message's text is kept: it is made anew from the case when it goes.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow

WAITING, SENT, FAILED, WITHHELD, OVERTAKEN = "waiting", "sent", "failed", "withheld", "overtaken"


class NotifyChoiceRow(Base):
    """How an owner wants to be told. Without one: as the vendor's configuration says."""

    __tablename__ = "notify_choices"

    owner: Mapped[int] = mapped_column(
        Id, ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    channels_json: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name -> address, null: the known one
    zone: Mapped[str] = mapped_column(String(64))
    quiet_from: Mapped[int] = mapped_column(SmallInteger)  # hours of their day; the same twice: none
    quiet_until: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class NoticeRow(Base):
    """One entry of a timeline, told to one owner over one channel, once."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("event", "channel", name="notice_once"),
        Index("notices_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    event: Mapped[int] = mapped_column(Id, ForeignKey("case_events.id", ondelete="CASCADE"))
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    owner: Mapped[int] = mapped_column(Id, ForeignKey("owners.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(24))
    urgent: Mapped[bool]
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    due_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    leased_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
