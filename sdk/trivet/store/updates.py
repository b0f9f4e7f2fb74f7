"""The tables of updates: what was published, what is offered to which appliance and how far it is, what is installed,
which hours an owner excluded. Takes nothing, gives the mapped classes; never runs a query. Payloads are files
(`trivet.updates.payloads`); rows name them by their SHA-256.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Device, Id, utcnow

Sha = String(64)  # hexadecimal
# How far an offer is: before the appliance answered, then in the words of ids.UPDATE_STATES, or the vendor's own end.
QUEUED, WITHDRAWN = "queued", "withdrawn"
OFFERED, DOWNLOADING, VERIFIED, STAGED = "offered", "downloading", "verified", "staged"
TRIAL, CONFIRMED, ROLLED_BACK, REFUSED = "on trial", "confirmed", "rolled back", "refused"
ENDS = (CONFIRMED, ROLLED_BACK, REFUSED, WITHDRAWN)


class ReleaseRow(Base):
    """A release that verified when it was published. `manifest`: SHA-256 of the signed manifest, by whose first bytes
    appliances report; `envelope`: of the file that an offer names."""

    __tablename__ = "releases"
    __table_args__ = (
        UniqueConstraint("model", "version", name="release_version_once"),
        UniqueConstraint("model", "sequence", name="release_sequence_once"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    model: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(BigInteger)
    security: Mapped[bool]
    manifest: Mapped[str] = mapped_column(Sha)
    envelope: Mapped[str] = mapped_column(Sha)
    expires: Mapped[int | None] = mapped_column(BigInteger)  # Unix time
    deadline: Mapped[int | None] = mapped_column(BigInteger)  # Unix time: from then on no postponing counts
    components_json: Mapped[list[Any]]  # [{name, size, digest, deltas: [{old, size, digest}]}]
    payloads_json: Mapped[dict[str, Any]]  # sha256 -> bytes
    notes_json: Mapped[dict[str, Any]]  # language -> text
    catalogue: Mapped[int | None] = mapped_column(BigInteger)  # of its bundle: what its reports' events mean
    sbom: Mapped[str | None] = mapped_column(Sha)
    signers_json: Mapped[list[Any]]  # key ids, hexadecimal
    published_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    published_by: Mapped[str] = mapped_column(String(64))


class KeyManifestRow(Base):
    """A set of release keys that took the place of the one before it. `number` is the new set's."""

    __tablename__ = "key_manifests"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    payload: Mapped[str] = mapped_column(Sha)
    size: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    taken_by: Mapped[str] = mapped_column(String(64))


class OfferRow(Base):
    """One update for one appliance, and how far it is. Of each kind (ids.W_*) at most one is open. An update that came
    over the service port has a row too, from the appliance's first report on: without `counter` and `who`."""

    __tablename__ = "offers"
    __table_args__ = (
        Index(
            "offer_open_once",
            "device",
            "what",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("offers_by_manifest", "device", "manifest"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"))
    what: Mapped[int] = mapped_column(SmallInteger)  # ids.W_*
    release: Mapped[int | None] = mapped_column(Id, ForeignKey("releases.id"))
    keys: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("key_manifests.number"))
    payload: Mapped[str | None] = mapped_column(Sha)  # what C_UPDATE named
    manifest: Mapped[str] = mapped_column(String(16))  # first 8 bytes of its digest: by these it is reported
    version: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    counter: Mapped[int | None] = mapped_column(BigInteger)  # of the command that offered it
    state: Mapped[str] = mapped_column(String(12), default=QUEUED)
    reason: Mapped[int] = mapped_column(SmallInteger, default=0)  # ids.R_*: why it ended so, or waits
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[dt.datetime | None]
    withdraw_counter: Mapped[int | None] = mapped_column(BigInteger)  # of the command that takes it back
    withdrawn_by: Mapped[str] = mapped_column(String(64), default="")
    fetched_json: Mapped[dict[str, Any]] = mapped_column(default=dict)  # sha256 -> how far it was asked for
    served: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes in all
    # The appliance's last word on it.
    report_boot: Mapped[int | None] = mapped_column(BigInteger)
    report_seq: Mapped[int | None] = mapped_column(BigInteger)
    report_signed: Mapped[bool | None]
    from_version: Mapped[str] = mapped_column(String(64), default="")
    trial_s: Mapped[int] = mapped_column(BigInteger, default=0)
    trial_cycles: Mapped[int] = mapped_column(BigInteger, default=0)
    event: Mapped[int | None] = mapped_column(Integer)
    # The owner's word on it.
    answer: Mapped[int | None] = mapped_column(SmallInteger)  # ids.A_*
    answer_until: Mapped[int] = mapped_column(BigInteger, default=0)  # Unix time, 0: no limit
    answer_at: Mapped[dt.datetime | None]
    answer_counter: Mapped[int | None] = mapped_column(BigInteger)
    answer_state: Mapped[str | None] = mapped_column(String(12))  # pending, synced, refused
    answer_reason: Mapped[int] = mapped_column(SmallInteger, default=0)


class InstalledRow(Base):
    """What an appliance confirmed last: which release, which set of keys. Without one: what it was delivered with."""

    __tablename__ = "installed"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), default="")
    sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    manifest: Mapped[bytes | None] = mapped_column(LargeBinary)  # first 8 bytes of its digest
    at: Mapped[dt.datetime | None]
    boot: Mapped[int] = mapped_column(BigInteger, default=0)  # (boot, seq): the report that said so
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    keys: Mapped[int] = mapped_column(BigInteger, default=0)  # number of its set of keys; 0: as delivered


class UpdateHoursRow(Base):
    """Hours of the owner's day in which nothing installs. `zone`: of the owner's browser; where its offset changes the
    appliance is told again."""

    __tablename__ = "update_hours"

    device: Mapped[str] = mapped_column(Device, ForeignKey("devices.id"), primary_key=True)
    mask: Mapped[int] = mapped_column(Integer)  # bit by hour of the day, set: excluded
    minutes: Mapped[int] = mapped_column(Integer)  # east of UTC
    zone: Mapped[str] = mapped_column(String(64), default="")  # IANA name
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    counter: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12))  # pending, synced, refused
    reason: Mapped[int] = mapped_column(SmallInteger, default=0)
    known_mask: Mapped[int] = mapped_column(Integer, default=0)  # what the appliance confirmed last
