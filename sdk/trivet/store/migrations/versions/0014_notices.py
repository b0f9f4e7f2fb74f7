"""what owners are told, and how they want to be told"""

import sqlalchemy as sa
from alembic import op

revision = "0014_notices"
down_revision = "0013_letters"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notify_choices",
        sa.Column("owner", _ID, nullable=False, autoincrement=False),
        sa.Column("channels_json", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=False),
        sa.Column("quiet_until", sa.SmallInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["owners.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("event", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("owner", _ID, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("leased_until", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["case_events.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner"], ["owners.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event", "channel", name="notice_once"),
    )
    op.create_index("notices_due", "notices", ["state", "due_at"])
    op.create_index(op.f("ix_notices_case"), "notices", ["case"])
    op.create_index(op.f("ix_notices_owner"), "notices", ["owner"])


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_table("notify_choices")
