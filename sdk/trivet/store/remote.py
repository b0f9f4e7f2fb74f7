"""The tables of service sessions: the desk at an appliance from afar, and each self-test and fix within one. Takes
nothing, gives the mapped classes; never runs a query. Both go with their case.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, Id, utcnow

ASKED, OPEN, ENDED = "asked", "open", "ended"


class RemoteSessionRow(Base):
    """One session. `asked` until the appliance answers; `ended_by` is ids.END_…, null where the appliance refused it
    (`reason`)."""

    __tablename__ = "remote_sessions"
    __table_args__ = (Index("remote_sessions_device", "device", "state"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(8), default=ASKED)
    by: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(Text)
    seconds: Mapped[int] = mapped_column(Integer)
    counter: Mapped[int] = mapped_column(BigInteger)  # of the command that begins it
    asked_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    begun_at: Mapped[dt.datetime | None]
    boot: Mapped[int | None] = mapped_column(BigInteger)  # the appliance's start that it belongs to
    until: Mapped[dt.datetime]  # over by then, whatever is heard
    reason: Mapped[int | None] = mapped_column(SmallInteger)  # why the appliance refused it
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[int | None] = mapped_column(SmallInteger)
    ended_who: Mapped[str | None] = mapped_column(String(128))


class RemoteActRow(Base):
    """One self-test or fix. `boot`, `seq`: the appliance's message that answered it; what its monitors say later than
    that says whether a fix helped."""

    __tablename__ = "remote_acts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    session: Mapped[int] = mapped_column(Id, ForeignKey("remote_sessions.id", ondelete="CASCADE"), index=True)
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    proposal: Mapped[int | None] = mapped_column(Id, ForeignKey("proposals.id", ondelete="SET NULL"))
    what: Mapped[str] = mapped_column(String(8))  # test | fix | undo
    name: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    counter: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))  # remote.acts.STATES
    reason: Mapped[int | None] = mapped_column(SmallInteger)  # ids.R_…, 0: done or passed
    step: Mapped[int | None] = mapped_column(SmallInteger)
    steps: Mapped[int | None] = mapped_column(SmallInteger)
    measured_json: Mapped[list[Any]] = mapped_column(default=list)  # in words: signal, expected, measured, unit
    boot: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    decide_by: Mapped[dt.datetime | None]  # of a fix: what its monitors say by then counts
    undone: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[dt.datetime | None]
