"""heads of the appliances' ledgers"""

import sqlalchemy as sa
from alembic import op

revision = "0007_ledger_heads"
down_revision = "0006_key_epochs"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ledger_heads",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=True),
        sa.Column("wrong", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.SmallInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ledger_heads_by_counter", "ledger_heads", ["device", "counter"])
    op.create_table(
        "ledger_states",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("uptime_ms", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("anchor", sa.BigInteger(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device"),
    )


def downgrade() -> None:
    op.drop_table("ledger_states")
    op.drop_table("ledger_heads")
