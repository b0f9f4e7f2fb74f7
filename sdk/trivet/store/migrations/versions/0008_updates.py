"""updates"""

import sqlalchemy as sa
from alembic import op

revision = "0008_updates"
down_revision = "0007_ledger_heads"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    _released()
    _offers()
    op.create_table(
        "installed",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("at", _TIME, nullable=True),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device"),
    )
    op.create_table(
        "update_hours",
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("mask", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("known_mask", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.PrimaryKeyConstraint("device"),
    )


def _released() -> None:
    op.create_table(
        "releases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("security", sa.Boolean(), nullable=False),
        sa.Column("manifest", sa.String(length=64), nullable=False),
        sa.Column("envelope", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("components_json", sa.JSON(), nullable=False),
        sa.Column("payloads_json", sa.JSON(), nullable=False),
        sa.Column("notes_json", sa.JSON(), nullable=False),
        sa.Column("catalogue", sa.BigInteger(), nullable=True),
        sa.Column("sbom", sa.String(length=64), nullable=True),
        sa.Column("signers_json", sa.JSON(), nullable=False),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("model", "sequence", name="release_sequence_once"),
        sa.UniqueConstraint("model", "version", name="release_version_once"),
    )
    op.create_table(
        "key_manifests",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken_at", _TIME, nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("what", sa.SmallInteger(), nullable=False),
        sa.Column("release", _ID, nullable=True),
        sa.Column("keys", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.String(length=64), nullable=True),
        sa.Column("manifest", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("withdraw_counter", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=False),
        sa.Column("fetched_json", sa.JSON(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.Column("report_boot", sa.BigInteger(), nullable=True),
        sa.Column("report_seq", sa.BigInteger(), nullable=True),
        sa.Column("report_signed", sa.Boolean(), nullable=True),
        sa.Column("from_version", sa.String(length=64), nullable=False),
        sa.Column("trial_s", sa.BigInteger(), nullable=False),
        sa.Column("trial_cycles", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=True),
        sa.Column("answer", sa.SmallInteger(), nullable=True),
        sa.Column("answer_until", sa.BigInteger(), nullable=False),
        sa.Column("answer_at", _TIME, nullable=True),
        sa.Column("answer_counter", sa.BigInteger(), nullable=True),
        sa.Column("answer_state", sa.String(length=12), nullable=True),
        sa.Column("answer_reason", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"]),
        sa.ForeignKeyConstraint(["keys"], ["key_manifests.number"]),
        sa.ForeignKeyConstraint(["release"], ["releases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("offers_by_manifest", "offers", ["device", "manifest"])
    op.create_index(
        "offer_open_once", "offers", ["device", "what"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    for table in ("update_hours", "installed", "offers", "key_manifests", "releases"):
        op.drop_table(table)
