"""The cloud's tables, typed. Takes nothing, gives the mapped classes; never runs a query.

Keys and counters that the appliance sends are unsigned 32-bit: they are `BigInteger` here, because PostgreSQL's
`integer` is signed. Times are UTC with their zone on both databases (SQLite keeps none by itself).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = BigInteger().with_variant(Integer(), "sqlite")
Device = String(16)

NEW, ONGOING, ESCALATING, REGRESSED, RESOLVED = "new", "ongoing", "escalating", "regressed", "resolved"
STATES = (NEW, ONGOING, ESCALATING, REGRESSED, RESOLVED)
ACTORS = ("appliance", "owner", "agent", "technician", "system")


def utcnow() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A point in time; naive values are refused, SQLite's naive answers are read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored: give it in UTC")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.UTC)


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: UtcDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}  # noqa: RUF012


class DeviceRow(Base):
    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(Device, primary_key=True)
    model: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128), default="")
    enrolled_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    revoked_at: Mapped[dt.datetime | None]
    key_epoch: Mapped[int] = mapped_column(SmallInteger, default=1)
    pending_epoch: Mapped[int | None] = mapped_column(SmallInteger)  # offered, and accepted as soon as it is used
    old_epoch_until: Mapped[dt.datetime | None]  # the epoch before is accepted until then
    cert_serial: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)  # of its signing key: x ‖ y, 64 bytes
    claim_hash: Mapped[bytes] = mapped_column(LargeBinary)
    firmware: Mapped[str | None] = mapped_column(String(64))
    catalogue: Mapped[int | None] = mapped_column(BigInteger)
    consent_mask: Mapped[int] = mapped_column(SmallInteger, default=1)
    consent_seq: Mapped[int] = mapped_column(BigInteger, default=0)  # decision that `consent_mask` is after
    last_seen_at: Mapped[dt.datetime | None]
    last_boot: Mapped[int] = mapped_column(BigInteger, default=0)
    connected: Mapped[bool] = mapped_column(default=False)
    erased_consent_seq: Mapped[int] = mapped_column(BigInteger, default=0)  # decisions up to it were another owner's
    releasing: Mapped[bool] = mapped_column(default=False)  # the next factory reset is the one that we asked for
    command_counter: Mapped[int] = mapped_column(BigInteger, default=0)  # of the last command; never goes back


class CommandRow(Base):
    """A command to one appliance. Open while `reason` is null: sent again on every HELLO until its result comes.
    What is signed and sent is made from this row each time."""

    __tablename__ = "commands"
    __table_args__ = (
        Index(
            "commands_open",
            "device",
            "counter",
            unique=True,
            sqlite_where=text("reason IS NULL"),
            postgresql_where=text("reason IS NULL"),
        ),
    )

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    counter: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    command: Mapped[int] = mapped_column(SmallInteger)  # ids.C_*
    grant: Mapped[int] = mapped_column(SmallInteger)  # ids.G_*
    args: Mapped[bytes] = mapped_column(LargeBinary)  # canonical CBOR array
    who: Mapped[str] = mapped_column(String(64))  # asked for it
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]  # null: to be sent at the next chance
    answered_at: Mapped[dt.datetime | None]
    reason: Mapped[int | None] = mapped_column(SmallInteger)  # 0 done, else why it was refused (ids.R_*)


class OwnerRow(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    phone: Mapped[str | None] = mapped_column(String(40), index=True)
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    language: Mapped[str] = mapped_column(String(8), default="en")


class OwnerLoginRow(Base):
    """An owner's own login. `mail` is folded to lower case; agents' logins stand apart, in `logins`."""

    __tablename__ = "owner_logins"

    owner: Mapped[int] = mapped_column(Id, ForeignKey("owners.id"), primary_key=True, autoincrement=False)
    mail: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    made_at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class OwnershipRow(Base):
    __tablename__ = "ownerships"
    __table_args__ = (
        Index(
            "one_owner",
            "device",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    owner: Mapped[int] = mapped_column(Id, ForeignKey("owners.id"), index=True)
    since: Mapped[dt.datetime] = mapped_column(default=utcnow)
    until: Mapped[dt.datetime | None]


class MessageRow(Base):
    """One message as it came; the key absorbs every duplicate and is the guard against replays."""

    __tablename__ = "messages"
    __table_args__ = (Index("messages_kind", "device", "kind"),)

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    boot: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    purpose: Mapped[int] = mapped_column(SmallInteger)
    uptime_ms: Mapped[int] = mapped_column(BigInteger)
    wall_s: Mapped[int | None] = mapped_column(BigInteger)
    consent_seq: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    # by the appliance's own key, verified; false: it sent none, or no key of it is known here; null: not of a kind
    # that is signed
    signed: Mapped[bool | None]
    body_json: Mapped[dict[str, Any]]


class RefusedRow(Base):
    """A verified message that was refused: receipted with its reason, so the floor rises over it. Content is
    never kept here; `digest` tells the same message again from another one under the same number."""

    __tablename__ = "refused"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    boot: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    reason: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class ReceiptRow(Base):
    """Every message of (device, boot) up to `floor` is stored or refused, or lost before a HELLO said so."""

    __tablename__ = "receipts"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    boot: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    floor: Mapped[int] = mapped_column(BigInteger, default=0)
    gone: Mapped[int] = mapped_column(BigInteger, default=0)  # up to here removed: erased, or its time was over


class ConsentRow(Base):
    """What the owner had agreed to after decision `consent_seq`. `purpose` is null where only the appliance's
    HELLO told the state and the decision itself has not come."""

    __tablename__ = "consents"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    consent_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    purpose: Mapped[int | None] = mapped_column(SmallInteger)
    granted: Mapped[bool | None]
    mask: Mapped[int] = mapped_column(SmallInteger)
    text_hash: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(String(16))
    channel: Mapped[int | None] = mapped_column(SmallInteger)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    wall_s: Mapped[int | None] = mapped_column(BigInteger)  # the appliance's clock at the decision, Unix seconds
    boot: Mapped[int | None] = mapped_column(BigInteger)  # (boot, seq): the message that told it
    seq: Mapped[int | None] = mapped_column(BigInteger)


class CaseRecord(Base):
    """One per appliance and root cause. `operation` is the boot in which it was opened; a returning fault
    reopens its case, so at most one case of a code is open on an appliance."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("device", "code", "operation", name="case_once"),
        Index(
            "case_open_once",
            "device",
            "code",
            unique=True,
            sqlite_where=text("state <> 'resolved'"),
            postgresql_where=text("state <> 'resolved'"),
        ),
        Index("case_queue", "state", "severity"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    event: Mapped[int] = mapped_column(Integer)
    catalogue: Mapped[int] = mapped_column(BigInteger, ForeignKey("catalogues.id"))
    operation: Mapped[int] = mapped_column(BigInteger)
    last_boot: Mapped[int] = mapped_column(BigInteger)  # (last_boot, last_seq): newest message that `status` is from
    last_seq: Mapped[int] = mapped_column(BigInteger)
    evidence_boot: Mapped[int] = mapped_column(BigInteger, default=-1)  # message that `evidence_json` is from
    evidence_seq: Mapped[int] = mapped_column(BigInteger, default=-1)
    state: Mapped[str] = mapped_column(String(12), default=NEW)
    opened_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    purpose: Mapped[int] = mapped_column(SmallInteger, default=1)  # whose consent covers it
    severity: Mapped[int] = mapped_column(SmallInteger)
    hazard: Mapped[bool]
    ne107: Mapped[str] = mapped_column(String(1))
    first_occurrence: Mapped[int] = mapped_column(Integer, default=1)  # the appliance's counter, lowest and
    occurrences: Mapped[int] = mapped_column(Integer, default=1)  # highest value seen for this case
    status: Mapped[int] = mapped_column(SmallInteger)
    sensor_doubt: Mapped[float] = mapped_column(Float, default=0.0)
    first_cause: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    next_step: Mapped[str] = mapped_column(String(24), default="watch")
    triage_json: Mapped[dict[str, Any]] = mapped_column(default=dict)
    evidence_json: Mapped[dict[str, Any] | None]
    inhibited: Mapped[int] = mapped_column(BigInteger, default=0)  # mask by function index


class CaseEventRow(Base):
    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    actor: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(24))
    text: Mapped[str] = mapped_column(Text)
    data_json: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CatalogueRow(Base):
    """Every catalogue ever released: `id` is what messages name (first 4 bytes of SHA-256 over `packed`)."""

    __tablename__ = "catalogues"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    model: Mapped[str] = mapped_column(String(64))
    packed: Mapped[bytes] = mapped_column(LargeBinary)
    rich_json: Mapped[dict[str, Any]]


class LoginRow(Base):
    __tablename__ = "logins"

    user: Mapped[str] = mapped_column(String(64), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    role: Mapped[str] = mapped_column(String(16))
