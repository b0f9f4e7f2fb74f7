"""The tables of the ways out: what is yet to be told, to whom, how often it was tried. Takes nothing, gives the mapped
classes; never runs a query.

`outbox` is filled by the database itself (a trigger on `case_events`, made in migration 0011), in the transaction that
writes the timeline: whoever writes there, nothing is forgotten, and what is rolled back is not told.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow

OPEN, DELIVERED, FAILED, DROPPED = "open", "delivered", "failed", "dropped"


class OutboxRow(Base):
    """A line of a timeline that nobody was told of yet."""

    __tablename__ = "outbox"

    event: Mapped[int] = mapped_column(
        Id, ForeignKey("case_events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_at: Mapped[dt.datetime | None]  # null: at the next turn


class WebhookRow(Base):
    """A receiver of webhooks. `secrets` is sealed."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(64), default="")
    kinds_json: Mapped[list[Any]] = mapped_column(default=list)  # of timeline entries; empty: all
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    made_by: Mapped[str] = mapped_column(String(64))
    failing_since: Mapped[dt.datetime | None]  # nothing was taken since then
    disabled_at: Mapped[dt.datetime | None]
    disabled_why: Mapped[str] = mapped_column(Text, default="")


class DeliveryRow(Base):
    """One message to one receiver: the same bytes under the same id until it is taken, or its schedule is over."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("deliveries_due", "state", "next_at"),
        Index("deliveries_of", "webhook", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    webhook: Mapped[int] = mapped_column(Id, ForeignKey("webhooks.id", ondelete="CASCADE"))
    case: Mapped[int | None] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    message: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(12), default=OPEN)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    leased_until: Mapped[dt.datetime | None]  # somebody is sending it
    ended_at: Mapped[dt.datetime | None]
    last_at: Mapped[dt.datetime | None]
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(Text, default="")
