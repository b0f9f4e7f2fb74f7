"""people on call, paged for hazards until somebody takes the case"""

import sqlalchemy as sa
from alembic import op

revision = "0018_pages"
down_revision = "0017_remote"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("event", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("leased_until", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["case_events.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event", name="page_once"),
    )
    op.create_index("pages_due", "pages", ["state", "due_at"])
    op.create_index(op.f("ix_pages_case"), "pages", ["case"])


def downgrade() -> None:
    op.drop_table("pages")
