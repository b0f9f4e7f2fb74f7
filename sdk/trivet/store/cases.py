"""The tables of people's work on cases: who has it, what was proposed and decided, what self-tests said, what it was in
the end, and what that taught. Takes nothing, gives the mapped classes; never runs a query.

What is an owner's goes with its case. Of an outcome the row stays without its case: counts for the rates, nobody's
data.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trivet.store.tables import Base, Id, utcnow

_WITH_CASE = "CASCADE"


class CaseWorkRow(Base):
    """One for each case that is or was open. `responded_at`: when a person first took it or decided something.
    `waits_since`: their owner's word is waited for, and the clock of the solution stands; `waited_s`: working time that
    it stood before."""

    __tablename__ = "case_work"
    __table_args__ = (Index("case_work_queue", "queue", "tier"),)

    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete=_WITH_CASE), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(64), index=True)  # login of who has it
    tier: Mapped[int] = mapped_column(SmallInteger, default=1)
    queue: Mapped[str] = mapped_column(String(32))
    escalated: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[dt.datetime]  # the clock's zero: opened, or came back
    respond_by: Mapped[dt.datetime]
    responded_at: Mapped[dt.datetime | None]
    resolve_by: Mapped[dt.datetime]
    resolved_at: Mapped[dt.datetime | None]
    waits_since: Mapped[dt.datetime | None]
    waited_s: Mapped[int] = mapped_column(Integer, default=0)


class ProposalRow(Base):
    """A step that was proposed, and what people decided about it. `basis_json`: what it rested on then."""

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete=_WITH_CASE), index=True)
    step: Mapped[str] = mapped_column(String(24))
    part: Mapped[str | None] = mapped_column(String(64))
    routine: Mapped[str | None] = mapped_column(String(64))
    fix: Mapped[str | None] = mapped_column(String(24))
    price: Mapped[str | None] = mapped_column(String(64))  # what the owner would pay, as shown before booking
    warranty: Mapped[str | None] = mapped_column(String(16))  # covered | over | unknown
    why: Mapped[str] = mapped_column(Text)
    basis_json: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[dt.datetime | None]


class CaseTestRow(Base):
    """The last result of one self-test on a case."""

    __tablename__ = "case_tests"

    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete=_WITH_CASE), primary_key=True)
    routine: Mapped[str] = mapped_column(String(64), primary_key=True)
    passed: Mapped[bool]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class OutcomeRow(Base):
    """What it was in the end, of one attempt to mend it. `stated_json`: probabilities before sharpening, by cause;
    `taught_json`: what it added to the weights, so that it can be taken back."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("outcomes_by_code", "model", "code"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case: Mapped[int | None] = mapped_column(Id, ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    by: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))  # cases.outcomes.KINDS
    cause: Mapped[str | None] = mapped_column(String(64))
    part: Mapped[str | None] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(12))
    predicted: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float] = mapped_column(Float)
    visit: Mapped[bool]  # somebody went there
    attempt: Mapped[int] = mapped_column(SmallInteger)  # 1 for the first of its case
    stated_json: Mapped[dict[str, Any]]
    taught_json: Mapped[dict[str, Any]]
    withdrawn_at: Mapped[dt.datetime | None]


class FeedbackRow(Base):
    """One question to an owner after their case was closed, and their answer. `outcome`: what was reported before, of
    cases.outcomes.KINDS; null where the appliance alone said that it was over."""

    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_by_code", "model", "code"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case: Mapped[int] = mapped_column(Id, ForeignKey("cases.id", ondelete=_WITH_CASE), index=True)
    model: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str | None] = mapped_column(String(16))
    asked_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    answered_at: Mapped[dt.datetime | None]
    fixed: Mapped[bool | None]
    words: Mapped[str] = mapped_column(Text, default="")


class CauseWeightRow(Base):
    """Outcomes that named this cause, of all appliances of the model."""

    __tablename__ = "cause_weights"

    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    cause: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[float] = mapped_column(Float, default=0.0)


class SharpnessRow(Base):
    """How far stated probabilities are to be sharpened, from the newest outcomes. One row."""

    __tablename__ = "sharpness"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Float)
    outcomes: Mapped[int] = mapped_column(Integer)
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)


class IdempotencyRow(Base):
    """The answer to a request that makes something, kept so that the same request again makes nothing more."""

    __tablename__ = "idempotency"

    who: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of method, path and body
    status: Mapped[int] = mapped_column(SmallInteger)
    body_json: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime] = mapped_column(default=utcnow, index=True)
