"""The tables of what others send in: mentions, mails, chats, calls, and who may send them. Takes nothing, gives the
mapped classes; never runs a query.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow

LANDED, WAITING, DISMISSED = "landed", "waiting", "dismissed"


class SourceRow(Base):
    """A system that may send letters in. `secrets` is sealed."""

    __tablename__ = "inbound_sources"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    made_by: Mapped[str] = mapped_column(String(64))
    last_at: Mapped[dt.datetime | None]  # of its last letter


class LetterRow(Base):
    """One letter as it came. The key (source, message) absorbs every repetition. What landed on a case goes with it."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("source", "message", name="letter_once"),
        Index("letters_waiting", "state", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    message: Mapped[str] = mapped_column(String(128))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    kind: Mapped[str] = mapped_column(String(16))  # mention | mail | chat | call
    sender: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    case: Mapped[int | None] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    how: Mapped[str] = mapped_column(Text)  # it found its case, or why it waits
    candidates_json: Mapped[list[Any]] = mapped_column(default=list)  # numbers of cases that it may belong to
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[dt.datetime | None]
