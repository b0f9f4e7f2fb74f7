"""people's work on cases, outcomes and what they taught"""

import sqlalchemy as sa
from alembic import op

revision = "0012_case_work"
down_revision = "0011_webhooks"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def _case(*, nullable: bool = False, gone: str = "CASCADE") -> sa.Column[int]:
    return sa.Column("case", _ID, sa.ForeignKey("cases.id", ondelete=gone), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "case_work",
        _case(),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("respond_by", _TIME, nullable=False),
        sa.Column("responded_at", _TIME, nullable=True),
        sa.Column("resolve_by", _TIME, nullable=False),
        sa.Column("resolved_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("case"),
    )
    op.create_index("ix_case_work_owner", "case_work", ["owner"])
    op.create_index("case_work_queue", "case_work", ["queue", "tier"])
    op.create_table(
        "proposals",
        sa.Column("id", _ID, nullable=False),
        _case(),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=True),
        sa.Column("routine", sa.String(length=64), nullable=True),
        sa.Column("fix", sa.String(length=24), nullable=True),
        sa.Column("price", sa.String(length=64), nullable=True),
        sa.Column("warranty", sa.String(length=16), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("basis_json", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("counter", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_proposals_case", "proposals", ["case"])
    op.create_table(
        "case_tests",
        _case(),
        sa.Column("routine", sa.String(length=64), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("case", "routine"),
    )
    _outcomes()
    op.create_table(
        "idempotency",
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body_json", sa.JSON(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("who", "key"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", _ID, nullable=False),
        _case(nullable=True, gone="SET NULL"),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("part", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("predicted", sa.String(length=64), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("visit", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("stated_json", sa.JSON(), nullable=False),
        sa.Column("taught_json", sa.JSON(), nullable=False),
        sa.Column("withdrawn_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outcomes_case", "outcomes", ["case"])
    op.create_index("outcomes_by_code", "outcomes", ["model", "code"])
    op.create_table(
        "cause_weights",
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("model", "code", "cause"),
    )
    op.create_table(
        "sharpness",
        sa.Column("id", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    for table in ("sharpness", "cause_weights", "outcomes", "idempotency", "case_tests", "proposals", "case_work"):
        op.drop_table(table)
