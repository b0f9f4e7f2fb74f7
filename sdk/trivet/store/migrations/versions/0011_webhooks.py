"""webhooks, and the outbox that the timeline feeds

The trigger stands on `case_events`: a later migration that makes that table anew on SQLite (batch mode) must make the
trigger anew too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_webhooks"
down_revision = "0010_visits"

_TIME = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FILL = "INSERT INTO outbox (event) VALUES (NEW.id)"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("event", _ID, nullable=False, autoincrement=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["event"], ["case_events.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event"),
    )
    if _postgres():
        op.execute(
            f"CREATE FUNCTION fill_outbox() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_FILL}; RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_events_outbox AFTER INSERT ON case_events FOR EACH ROW EXECUTE FUNCTION fill_outbox()"
        )
    else:
        op.execute(f"CREATE TRIGGER case_events_outbox AFTER INSERT ON case_events BEGIN {_FILL}; END")
    op.create_table(
        "webhooks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kinds_json", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("failing_since", _TIME, nullable=True),
        sa.Column("disabled_at", _TIME, nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("webhook", _ID, nullable=False),
        sa.Column("case", _ID, nullable=True),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("leased_until", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("last_at", _TIME, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("deliveries_due", "webhook_deliveries", ["state", "next_at"])
    op.create_index("deliveries_of", "webhook_deliveries", ["webhook", "id"])
    op.create_index(op.f("ix_webhook_deliveries_case"), "webhook_deliveries", ["case"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
    op.execute("DROP TRIGGER case_events_outbox" + (" ON case_events" if _postgres() else ""))
    if _postgres():
        op.execute("DROP FUNCTION fill_outbox()")
    op.drop_table("outbox")


def _postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
