"""areas that technicians serve, and visits"""

import sqlalchemy as sa
from alembic import op

revision = "0010_visits"
down_revision = "0009_credentials"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "areas",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("postcodes_json", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("a_day", sa.SmallInteger(), nullable=False),
        sa.Column("a_window", sa.SmallInteger(), nullable=False),
        sa.Column("weekdays", sa.SmallInteger(), nullable=False),
        sa.Column("closed_json", sa.JSON(), nullable=False),
        sa.Column("fee_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "visits",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=True),
        sa.Column("seat", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("parts_json", sa.JSON(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("warranty", sa.Boolean(), nullable=False),
        sa.Column("agreed_at", _TIME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("booked_by", sa.String(length=64), nullable=False),
        sa.Column("booked_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.ForeignKeyConstraint(["area"], ["areas.name"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
        sa.UniqueConstraint("area", "day", "place", name="visit_place_once"),
        sa.UniqueConstraint("area", "day", "hour", "seat", name="visit_seat_once"),
    )
    op.create_index("visits_case", "visits", ["case"])
    op.create_index("visits_device", "visits", ["device"])


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_table("areas")
