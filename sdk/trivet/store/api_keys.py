"""The table of API keys. Takes nothing, gives the mapped class; never runs a query. No row lets anybody in: of a key
only the SHA-256 of its secret is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, utcnow


class ApiKeyRow(Base):
    """Who made it and who revoked it stays: a row is never deleted."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  # part of the key, not secret
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    scopes_json: Mapped[list[Any]]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    made_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]  # the day on which it was last used
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(64))
