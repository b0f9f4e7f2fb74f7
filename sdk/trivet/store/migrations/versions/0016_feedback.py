"""whether it is mended, asked once after a case was closed"""

import sqlalchemy as sa
from alembic import op

revision = "0016_feedback"
down_revision = "0015_tickets"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("answered_at", _TIME, nullable=True),
        sa.Column("fixed", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("feedback_by_code", "feedback", ["model", "code"])
    op.create_index("ix_feedback_case", "feedback", ["case"])


def downgrade() -> None:
    op.drop_table("feedback")
