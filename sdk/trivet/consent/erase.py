"""Erasure (GDPR, article 17). Takes a `Place`: a store, the engine's streams and the cloud's folder; removes an
appliance's or an owner's data from database, streams and logs, and proves it with a scan. What stays: the machine's
enrolment, the numbers up to which an old message is refused, and the proof; none of it says anything of a person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.consent import owners, proof, sweep
from trivet.consent.access import Sessions
from trivet.consent.proof import Proof, Streams
from trivet.store.privacy import ErasureRow
from trivet.store.tables import DeviceRow, OwnerLoginRow, OwnerRow, OwnershipRow

TRIES = 3  # a message may come in between sweep and scan
MIN_MARKER = 6  # characters: shorter words stand everywhere


class EraseError(ValueError):
    """There is nothing to erase under this name; the text says why."""


class Database(Sessions, Protocol):
    async def compact(self) -> None: ...


@dataclass(frozen=True)
class Place:
    """Where data may stand: database, engine, and everything below the cloud's folder."""

    store: Database
    streams: Streams
    folder: Path


class Erased(msgspec.Struct, frozen=True):
    """What went. `devices`: the appliances; `rows`: by table; `proof`: what the scan found."""

    erasure: int
    devices: list[str]
    rows: dict[str, int]
    messages: int
    proof: Proof


async def appliance(place: Place, device: str, *, by: str, markers: Iterable[str | bytes] = ()) -> Erased:
    """Everything of one appliance and, when it was their last one, its owner. `by`: the role of who asked. `markers`:
    further words that must not stand anywhere afterwards."""
    async with place.store.writing() as session:
        owner = await owners.present(session, device)
        wanted = set(markers)
        rows, erasure, more = await _rows(session, device, by)
        wanted |= more
        if owner is not None and not await _has_others(session, owner.id):
            theirs = await _words_of(session, owner)
            wanted |= theirs
            rows["letters"] = rows.get("letters", 0) + await sweep.letters(session, _texts(theirs))
            rows["owners"] = await owners.forget(session, owner.id)
            erasure.rows_json = dict(rows)
    return await _finish(place, [device], [erasure.id], rows, wanted)


async def owner(place: Place, number: int, *, by: str, markers: Iterable[str | bytes] = ()) -> Erased:
    """An owner with all their appliances' data."""
    async with place.store.writing() as session:
        person = await session.get(OwnerRow, number)
        if person is None:
            raise EraseError(f"there is no owner {number}: it may be erased already")
        wanted = set(markers) | await _words_of(session, person)
        query = select(OwnershipRow.device).where(OwnershipRow.owner == number, OwnershipRow.until.is_(None))
        devices = sorted(set((await session.scalars(query)).all()))
        rows: dict[str, int] = {}
        erasures = []
        for device in devices:
            more, erasure, words = await _rows(session, device, by)
            wanted |= words
            erasures.append(erasure)
            for table, count in more.items():
                rows[table] = rows.get(table, 0) + count
        if not devices:
            erasures.append(ErasureRow(device=None, cause="erasure", by=by, rows_json={}))
            session.add(erasures[0])
        rows["letters"] = rows.get("letters", 0) + await sweep.letters(session, _texts(wanted))
        rows["owners"] = await owners.forget(session, number)
        await session.flush()
    return await _finish(place, devices, [one.id for one in erasures], rows, wanted)


async def _rows(session: AsyncSession, device: str, by: str) -> tuple[dict[str, int], ErasureRow, set[str | bytes]]:
    row = await session.get(DeviceRow, device, with_for_update=True)
    if row is None:
        raise EraseError(f"{device} is not enrolled here")
    words: set[str | bytes] = (
        {row.name} if len(row.name) >= MIN_MARKER and row.name != owners.plain_name(row) else set()
    )
    erasure = await owners.end(session, row, "erasure", by=by)
    rows = dict(erasure.rows_json)
    closed = delete(OwnershipRow).where(OwnershipRow.device == device)
    rows["ownerships"] = sweep.count(await session.execute(closed))
    erasure.rows_json = dict(rows)
    if row.revoked_at is None:
        row.releasing = True
        await control.queue(session, device, ids.C_RELEASE, [], ids.G_ACCOUNT, who=by)
    return rows, erasure, words


def _texts(words: Iterable[str | bytes]) -> list[str]:
    return [word for word in words if isinstance(word, str)]


async def _has_others(session: AsyncSession, owner: int) -> bool:
    open_ = OwnershipRow.owner == owner, OwnershipRow.until.is_(None)
    return bool(await session.scalar(select(func.count()).where(*open_)))


async def _words_of(session: AsyncSession, person: OwnerRow) -> set[str | bytes]:
    """What names this person and nobody else here."""
    login = await session.get(OwnerLoginRow, person.id)
    words = {person.name, person.phone, person.email, login.mail if login else None}
    wanted: set[str | bytes] = set()
    for word in words:
        if word is None or len(word) < MIN_MARKER:
            continue
        same = or_(OwnerRow.name == word, OwnerRow.phone == word, OwnerRow.email == word)
        if not await session.scalar(select(func.count()).where(OwnerRow.id != person.id, same)):
            wanted.add(word)
    return wanted


async def _finish(
    place: Place,
    devices: list[str],
    erasures: Sequence[int],
    rows: dict[str, int],
    wanted: set[str | bytes],
) -> Erased:
    """Streams, logs and the database's files; then the scan, again when something came in between."""
    messages = 0
    words = [word for word in wanted if isinstance(word, str)]
    for turn in range(TRIES):
        for device in devices:
            messages += await place.streams.erase(device)
        await asyncio.to_thread(scrub_logs, place.folder, [*words, *devices])
        await place.store.compact()
        found = await proof.scan(place.store, place.streams, place.folder, wanted)
        if found.clean:
            break
        await asyncio.sleep(0.2 * 2**turn)
    async with place.store.writing() as session:
        for number in erasures:
            row = await session.get(ErasureRow, number)
            if row is not None:
                row.proof_json = msgspec.to_builtins(found)
    return Erased(erasures[0], devices, rows, messages, found)


def scrub_logs(folder: Path, words: Sequence[str]) -> int:
    """Takes the lines with one of these words out of every log below the folder, in place: whoever appends to it goes
    on. Gives how many lines went."""
    wanted = [word.encode() for word in words if word]
    gone = 0
    for path in sorted(folder.rglob("*.log")):
        with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
            lines = file.readlines()
            kept = [line for line in lines if not any(word in line for word in wanted)]
            if len(kept) == len(lines):
                continue
            gone += len(lines) - len(kept)
            file.seek(0)
            file.write(b"".join(kept))
            file.truncate()
    return gone


async def of(session: AsyncSession, device: str) -> list[ErasureRow]:
    """Every erasure of an appliance, newest first."""
    query = select(ErasureRow).where(ErasureRow.device == device).order_by(ErasureRow.id.desc())
    return list(await session.scalars(query))
