"""What SQLite needs before it is as good as the other database: `prepare` for an engine, `CONNECT` for how it connects.
Takes an SQLAlchemy engine; never knows what is stored.

WAL mode with an explicit BEGIN: a writer takes its lock at once (no upgrade that fails in mid-transaction), a reader
takes none.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_FETCH = 64  # rows, as the driver has it


class OneStop(aiosqlite.Connection):
    """SQLAlchemy ends a connection twice where a task is cancelled while it ends one: gently, then at once. The second
    word would wait for a thread that the first one ended (aiosqlite 0.22), for ever, and so would a program that
    leaves its event loop.
    """

    _ending: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Said once; whoever says it again waits for the same end."""
        if self._running:
            self._ending = super().stop()
        return self._ending


def _connect(database: str, **options: Any) -> OneStop:
    connection = OneStop(lambda: sqlite3.connect(database, **options), _FETCH)
    connection._thread.daemon = True  # as SQLAlchemy has it
    return connection


CONNECT = {"async_creator_fn": _connect}


def prepare(engine: AsyncEngine) -> None:
    """From its next connection on."""

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is late and breaks savepoints
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows ASCII alone
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("trivet_plain", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("trivet_writing", False) else "BEGIN")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
