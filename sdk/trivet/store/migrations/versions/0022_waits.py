"""the clock of a case stands while its owner is waited for"""

import sqlalchemy as sa
from alembic import op

revision = "0022_waits"
down_revision = "0021_acts_alone"


def upgrade() -> None:
    with op.batch_alter_table("case_work") as work:
        work.add_column(sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
        work.add_column(sa.Column("waited_s", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("case_work") as work:
        work.alter_column("waited_s", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("case_work") as work:
        work.drop_column("waited_s")
        work.drop_column("waits_since")
