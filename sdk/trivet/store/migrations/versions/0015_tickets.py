"""tickets in the vendor's own system"""

import sqlalchemy as sa
from alembic import op

revision = "0015_tickets"
down_revision = "0014_notices"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("case", _ID, nullable=False, autoincrement=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("closed_there", sa.Boolean(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("system", "number", name="ticket_once"),
    )
    op.create_table(
        "ticket_jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("event", _ID, nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("leased_until", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["event"], ["case_events.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event"),
    )
    op.create_index("ticket_jobs_due", "ticket_jobs", ["state", "next_at"])
    op.create_index(op.f("ix_ticket_jobs_case"), "ticket_jobs", ["case"])
    op.create_table(
        "ticket_cursors",
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("system"),
    )


def downgrade() -> None:
    op.drop_table("ticket_cursors")
    op.drop_table("ticket_jobs")
    op.drop_table("tickets")
