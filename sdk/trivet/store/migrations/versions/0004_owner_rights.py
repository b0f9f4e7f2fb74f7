"""owner's rights: uses, security events, decisions in the account, texts, erasures"""

import sqlalchemy as sa
from alembic import op

revision = "0004_owner_rights"
down_revision = "0003_owner_logins"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _columns()
    _logs()
    _decisions()


def _columns() -> None:
    with op.batch_alter_table("devices") as table:
        table.add_column(sa.Column("erased_consent_seq", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("releasing", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("receipts") as table:
        table.add_column(sa.Column("gone", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("consents") as table:
        table.add_column(sa.Column("wall_s", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("boot", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("purpose", sa.SmallInteger(), nullable=False, server_default="1"))
    op.execute(sa.text("UPDATE cases SET purpose = 0 WHERE hazard"))


def _logs() -> None:
    op.create_table(
        "uses",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device", "window", "purpose", "who", "subject"),
    )
    op.create_index("uses_by_device", "uses", ["device", "at"])
    op.create_table(
        "security_events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data_json", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("security_by_device", "security_events", ["device", "at"])
    op.create_table(
        "erasures",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("rows_json", sa.JSON(), nullable=False),
        sa.Column("proof_json", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_device", "erasures", ["device"])


def _decisions() -> None:
    op.create_table(
        "consent_texts",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text_json", sa.JSON(), nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "consent_requests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.SmallInteger(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("text_hash", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("settled_seq", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("requests_by_device", "consent_requests", ["device", "state"])
