"""The tables of the owner's rights: who read what, what was refused or went wrong, decisions made in an account, every
text ever shown, every erasure. Takes nothing, gives the mapped classes; never runs a query.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, Id, utcnow

PENDING, SYNCED, SUPERSEDED, REFUSED = "pending", "synced", "superseded", "refused"


class UseRow(Base):
    """One line of the owner's log: who read what of this appliance, for which purpose, why. `window` is the number of
    ten minutes since 1970 in which it was read: a page that draws itself anew makes one line in each."""

    __tablename__ = "uses"
    __table_args__ = (Index("uses_by_device", "device", "at"),)

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    who: Mapped[str] = mapped_column(String(128), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class SecurityEventRow(Base):
    """Something that must not happen: a message without consent, a signature that does not fit, an old flash put back.
    The same again within an hour counts up. `device` is null where none is to blame."""

    __tablename__ = "security_events"
    __table_args__ = (Index("security_by_device", "device", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str | None] = mapped_column(Device, ForeignKey("devices.id"))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    last_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    count: Mapped[int] = mapped_column(BigInteger, default=1)
    kind: Mapped[str] = mapped_column(String(24))
    reason: Mapped[int | None] = mapped_column(SmallInteger)
    words: Mapped[str] = mapped_column(Text)
    data_json: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RequestRow(Base):
    """A decision that the owner made in their account. Pending until the appliance confirms it: never a yes before."""

    __tablename__ = "consent_requests"
    __table_args__ = (Index("requests_by_device", "device", "state"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    purpose: Mapped[int] = mapped_column(SmallInteger)
    granted: Mapped[bool]
    text_hash: Mapped[int] = mapped_column(BigInteger)
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    counter: Mapped[int | None] = mapped_column(BigInteger)  # of the command that tells the appliance
    state: Mapped[str] = mapped_column(String(12), default=PENDING)
    settled_at: Mapped[dt.datetime | None]
    settled_seq: Mapped[int | None] = mapped_column(BigInteger)  # the appliance's decision that settled it
    reason: Mapped[int | None] = mapped_column(SmallInteger)  # why the appliance refused it


class ConsentTextRow(Base):
    """Every version of a consent text that was ever shown, by the hash that decisions carry."""

    __tablename__ = "consent_texts"

    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    text_json: Mapped[dict[str, Any]]
    first_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class ErasureRow(Base):
    """That something was erased, when, at whose wish, how much, and what the scan afterwards found. Nothing of the
    owner; `device` is null where an owner without appliance was erased."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str | None] = mapped_column(Device, ForeignKey("devices.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    cause: Mapped[str] = mapped_column(String(24))  # erasure | ownership | factory reset
    by: Mapped[str] = mapped_column(String(16))  # role of who asked
    rows_json: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table -> rows removed
    proof_json: Mapped[dict[str, Any] | None]
