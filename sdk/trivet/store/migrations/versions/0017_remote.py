"""service sessions: self-tests and fixes from afar"""

import sqlalchemy as sa
from alembic import op

revision = "0017_remote"
down_revision = "0016_feedback"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "remote_sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("begun_at", _TIME, nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("until", _TIME, nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", sa.SmallInteger(), nullable=True),
        sa.Column("ended_who", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("remote_sessions_device", "remote_sessions", ["device", "state"])
    op.create_index(op.f("ix_remote_sessions_case"), "remote_sessions", ["case"])
    op.create_table(
        "remote_acts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("session", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("proposal", _ID, nullable=True),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=True),
        sa.Column("step", sa.SmallInteger(), nullable=True),
        sa.Column("steps", sa.SmallInteger(), nullable=True),
        sa.Column("measured_json", sa.JSON(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("decide_by", _TIME, nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["session"], ["remote_sessions.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["proposal"], ["proposals.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_remote_acts_case"), "remote_acts", ["case"])
    op.create_index(op.f("ix_remote_acts_session"), "remote_acts", ["session"])


def downgrade() -> None:
    op.drop_table("remote_acts")
    op.drop_table("remote_sessions")
