"""The proof of an erasure: looks for markers in every row of the database, every message of the engine's streams, every
byte of every file of the cloud's folder. Takes what to look for, gives how often it stands where; never keeps a marker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from sqlalchemy import select

from trivet.consent.access import Sessions
from trivet.store.tables import Base, utcnow

_CHUNK = 1 << 20  # bytes of a file at once
_ROWS = 1000


class Streams(Protocol):
    """What of an engine is needed."""

    async def erase(self, device: str) -> int: ...

    async def scan(self, markers: Sequence[bytes]) -> dict[str, int]: ...


class Proof(msgspec.Struct, frozen=True):
    """`found`: place → how many rows, messages or files hold a marker; only places with some. `looked`: how many there
    were in all."""

    at: dt.datetime
    markers: int
    looked: dict[str, int]
    found: dict[str, int]

    @property
    def clean(self) -> bool:
        return not self.found


async def scan(store: Sessions, streams: Streams | None, folder: Path, markers: Iterable[str | bytes]) -> Proof:
    """Looks for each marker as it is, and as JSON, an address or UTF-16 write it."""
    wanted = {one for one in markers if one}
    forms = sorted({form for marker in wanted for form in _forms(marker)})
    looked: dict[str, int] = {}
    found: dict[str, int] = {}
    if not forms:
        return Proof(utcnow(), 0, looked, found)
    async for table, rows, hits in _tables(store, forms):
        looked["rows"] = looked.get("rows", 0) + rows
        found[f"table {table}"] = hits
    if streams is not None:
        for stream, hits in (await streams.scan(forms)).items():
            looked["streams"] = looked.get("streams", 0) + 1
            found[f"stream {stream}"] = hits
    files = await asyncio.to_thread(_files, folder, forms)
    looked["files"] = len(files)
    found |= {f"file {name}": hits for name, hits in files.items()}
    return Proof(utcnow(), len(wanted), looked, {place: hits for place, hits in found.items() if hits})


def _forms(marker: str | bytes) -> set[bytes]:
    if isinstance(marker, bytes):
        return {marker}
    escaped = json.dumps(marker)[1:-1]
    return {marker.encode(), escaped.encode(), quote(marker).encode(), marker.encode("utf-16-le")}


async def _tables(store: Sessions, forms: Sequence[bytes]) -> Any:
    for table in Base.metadata.sorted_tables:
        rows = hits = 0
        async with store.reading() as session:
            result = await session.stream(select(table).execution_options(yield_per=_ROWS))
            async for row in result:
                rows += 1
                content = b"\n".join(_bytes(value) for value in row)
                hits += any(form in content for form in forms)
        yield table.name, rows, hits


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _files(folder: Path, forms: Sequence[bytes]) -> dict[str, int]:
    """Every file below the folder: how many of the markers' forms stand in it."""
    return {
        str(path.relative_to(folder)): hits
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (hits := _hits(path, forms)) is not None
    }


def _hits(path: Path, forms: Sequence[bytes]) -> int | None:
    longest = max(map(len, forms))
    seen: set[bytes] = set()
    try:
        with path.open("rb") as file:
            before = b""
            while chunk := file.read(_CHUNK):
                window = before + chunk
                seen.update(form for form in forms if form in window)
                before = window[-longest:]
    except FileNotFoundError:  # the engine removed it meanwhile
        return None
    return len(seen)
