"""The table of people paged for hazards. Takes nothing, gives the mapped class; never runs a query."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow

CALLING, TAKEN, OVER, UNANSWERED = "calling", "taken", "over", "unanswered"


class PageRow(Base):
    """A hazard that a person must take. `tries`: how often they were paged."""

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("event", name="page_once"), Index("pages_due", "state", "due_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    event: Mapped[int] = mapped_column(Id, ForeignKey("case_events.id", ondelete="CASCADE"))
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(12), default=CALLING)
    due_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    leased_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
