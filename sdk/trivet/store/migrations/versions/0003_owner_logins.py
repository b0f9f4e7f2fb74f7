"""owners have logins of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0003_owner_logins"
down_revision = "0002_commands"


def upgrade() -> None:
    op.create_table(
        "owner_logins",
        sa.Column("owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("mail", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["owners.id"]),
        sa.PrimaryKeyConstraint("owner"),
        sa.UniqueConstraint("mail"),
    )
