"""how much an appliance was used since its owner cared for it"""

import sqlalchemy as sa
from alembic import op

revision = "0019_care"
down_revision = "0018_pages"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "care",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cycles", sa.BigInteger(), nullable=False),
        sa.Column("counted_until", _TIME, nullable=False),
        sa.Column("done_at", _TIME, nullable=True),
        sa.Column("told_at", _TIME, nullable=True),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device", "name"),
    )


def downgrade() -> None:
    op.drop_table("care")
