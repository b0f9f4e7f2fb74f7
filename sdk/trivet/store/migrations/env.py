"""Alembic's entry: runs the migrations over the connection that `Store.open` hands in; never opens one itself."""

from typing import Any, Literal

from alembic import context
from trivet.store.tables import Base, UtcDateTime


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations stand alone: they spell our types out instead of importing today's classes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
context.run_migrations()
