"""signatures"""

import sqlalchemy as sa
from alembic import op

revision = "0005_signatures"
down_revision = "0004_owner_rights"


def upgrade() -> None:
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public_key", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signed", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_column("signed")
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_column("public_key")
