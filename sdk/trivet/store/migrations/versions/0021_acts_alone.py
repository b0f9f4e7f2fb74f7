"""a proposal is carried out by an act of a service session, which has the command's number"""

import sqlalchemy as sa
from alembic import op

revision = "0021_acts_alone"
down_revision = "0020_api_keys"


def upgrade() -> None:
    op.drop_column("proposals", "counter")


def downgrade() -> None:
    op.add_column("proposals", sa.Column("counter", sa.Integer(), nullable=True))
