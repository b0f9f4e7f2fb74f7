"""the key epoch that is offered"""

import sqlalchemy as sa
from alembic import op

revision = "0006_key_epochs"
down_revision = "0005_signatures"


def upgrade() -> None:
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pending_epoch", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_column("pending_epoch")
