"""The tables of the appliances' ledgers: every head that was ever heard, and what was heard last. Takes nothing, gives
the mapped classes; never runs a query. Nothing of an owner is in them.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, Id, utcnow


class LedgerHeadRow(Base):
    """One head of an appliance's ledger: after record `counter` its hash was `head` (from a HELLO: the first 8 bytes).
    Kept for ever, so that no older or other ledger can take its place."""

    __tablename__ = "ledger_heads"
    __table_args__ = (Index("ledger_heads_by_counter", "device", "counter"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    counter: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    boot: Mapped[int] = mapped_column(BigInteger)
    signed: Mapped[bool | None]  # by the appliance's own key, verified; null: in a HELLO
    wrong: Mapped[int] = mapped_column(BigInteger, default=0)  # record that the appliance itself found wrong
    why: Mapped[int] = mapped_column(SmallInteger, default=0)  # ids.L_*
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class LedgerStateRow(Base):
    """The last HELLO of an appliance: what the next one is held against."""

    __tablename__ = "ledger_states"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    boot: Mapped[int] = mapped_column(BigInteger)
    uptime_ms: Mapped[int] = mapped_column(BigInteger)
    counter: Mapped[int] = mapped_column(BigInteger)  # the highest, of a LEDGER_HEAD too
    anchor: Mapped[int] = mapped_column(BigInteger)
    arrival: Mapped[int] = mapped_column(BigInteger)  # number of that message at the engine
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
