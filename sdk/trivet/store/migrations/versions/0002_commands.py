"""commands"""

import sqlalchemy as sa
from alembic import op

revision = "0002_commands"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "commands",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.SmallInteger(), nullable=False),
        sa.Column("grant", sa.SmallInteger(), nullable=False),
        sa.Column("args", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device", "counter"),
    )
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.create_index(
            "commands_open",
            ["device", "counter"],
            unique=True,
            sqlite_where=sa.text("reason IS NULL"),
            postgresql_where=sa.text("reason IS NULL"),
        )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("command_counter", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_column("command_counter")
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.drop_index("commands_open")
    op.drop_table("commands")
