"""Opens the database, brings it to the newest schema, gives sessions. Takes an SQLAlchemy address; never knows
what is stored.

SQLite runs in WAL mode with an explicit BEGIN: a writer takes its lock at once (no upgrade that fails in
mid-transaction), a reader takes none. PostgreSQL needs nothing of this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """`async with Store(url) as store:` then `store.reading()` / `store.writing()`, each one transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        self._engine = create_async_engine(url, pool_pre_ping=not self.sqlite)
        self._writer = self._engine.execution_options(trivet_writing=True)
        if self.sqlite:
            _prepare_sqlite(self._engine)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Makes or migrates the schema; several processes may do it at once."""
        async with self._writer.begin() as connection:
            if not self.sqlite:
                await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7412953)")
            await connection.run_sync(migrate)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end, rolls back when the block raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session


def migrate(connection: Connection, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is late and breaks savepoints
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("trivet_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
