"""The tables of tickets: which case is which ticket, what is yet to be done there, how far its changes were read. Takes
nothing, gives the mapped classes; never runs a query.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow


class TicketRow(Base):
    """A case's ticket in the vendor's system; `number` is null until it is open there."""

    __tablename__ = "tickets"
    __table_args__ = (UniqueConstraint("system", "number", name="ticket_once"),)

    case: Mapped[int] = mapped_column(
        Id, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    system: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str | None] = mapped_column(String(64))
    closed_there: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class TicketJobRow(Base):
    """One thing to do there. Of a case's jobs the oldest is done first."""

    __tablename__ = "ticket_jobs"
    __table_args__ = (Index("ticket_jobs_due", "state", "next_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    event: Mapped[int] = mapped_column(Id, ForeignKey("case_events.id", ondelete="CASCADE"), unique=True)
    act: Mapped[str] = mapped_column(String(12))  # open | comment | close
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | done | failed | dropped
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    leased_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")


class TicketCursorRow(Base):
    """How far the changes of a ticket system were read."""

    __tablename__ = "ticket_cursors"

    system: Mapped[str] = mapped_column(String(16), primary_key=True)
    cursor: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
