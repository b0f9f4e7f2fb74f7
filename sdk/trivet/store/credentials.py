"""The table of technicians' credentials. Takes nothing, gives the mapped class; never runs a query. Keys of technicians
are public ones; their own are in their own files.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow


class CredentialRow(Base):
    """One that was issued. `serial` is what an appliance knows it by."""

    __tablename__ = "credentials"

    serial: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    may: Mapped[int] = mapped_column(SmallInteger)  # ids.MAY_*
    regions_json: Mapped[list[Any]]
    issued_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    issued_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(64))
