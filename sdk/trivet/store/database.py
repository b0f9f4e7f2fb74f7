"""Opens the database, brings it to the newest schema, gives sessions. Takes an SQLAlchemy address; never knows
what is stored.

What is deleted is overwritten (`secure_delete`), and `compact` leaves nothing of it in any of the database's files.
What SQLite needs besides stands in `sqlite`; PostgreSQL needs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from trivet.store import sqlite

_CHECKPOINTS = 40  # tries, 50 ms apart
_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """`async with Store(url) as store:` then `store.reading()` / `store.writing()`, each one transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        self._engine = create_async_engine(
            url,
            pool_pre_ping=not self.sqlite,
            json_serializer=_to_json,
            json_deserializer=msgspec.json.decode,
            connect_args=sqlite.CONNECT if self.sqlite else {},
            hide_parameters=True,  # an error that is logged names no values
        )
        self._writer = self._engine.execution_options(trivet_writing=True)
        if self.sqlite:
            sqlite.prepare(self._engine)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Makes or migrates the schema; several processes may do it at once. Where nothing is to be done, nobody is
        waited for: a worker starts beside others that write all the time."""
        async with self._engine.connect() as connection:
            if await connection.run_sync(_is_newest):
                return
        async with self._writer.begin() as connection:
            if not self.sqlite:
                await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7412953)")
            await connection.run_sync(migrate)

    async def close(self) -> None:
        await self._engine.dispose()

    async def compact(self) -> None:
        """Rewrites the database's files without what was deleted. SQLite: checkpoint and VACUUM; waits for readers and
        writers. PostgreSQL: VACUUM; its own write-ahead log and backups end with their retention there."""
        options = {"trivet_plain": True} if self.sqlite else {"isolation_level": "AUTOCOMMIT"}
        async with self._engine.execution_options(**options).connect() as connection:
            await connection.exec_driver_sql("VACUUM")
            for _ in range(_CHECKPOINTS if self.sqlite else 0):
                busy = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).scalar()
                if not busy:
                    break
                await asyncio.sleep(0.05)  # a reader still looks at the old pages

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Commits at the end, rolls back when the block raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def migrate(connection: Connection, revision: str = "head") -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _is_newest(connection: Connection) -> bool:
    known = ScriptDirectory.from_config(_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(known)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
