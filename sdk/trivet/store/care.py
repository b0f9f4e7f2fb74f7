"""The table of care: how much an appliance was used since its owner last did something for it. Takes nothing, gives the
mapped class; never runs a query.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, utcnow


class CareRow(Base):
    """One tip for one appliance. There only while its owner agrees to `personal`."""

    __tablename__ = "care"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)  # in the catalogue
    cycles: Mapped[int] = mapped_column(BigInteger, default=0)  # since it was done, or since the yes
    counted_until: Mapped[dt.datetime] = mapped_column(default=utcnow)  # messages received by then are in `cycles`
    done_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]  # reminded, once for each time that it is due
    off: Mapped[bool] = mapped_column(default=False)  # the owner wants no reminder of this one
