"""The cloud's database: typed tables, migrations that run by themselves, sessions."""

from trivet.store.database import Store

__all__ = ["Store"]
