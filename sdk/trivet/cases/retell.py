"""A case told again from all its stored messages, because one came late or opened it. Takes a transaction with the
appliance's row locked; gives the fold of what is stored, and brings the timeline in line with it.

Entries that a late message has proved wrong stay in the table, marked as superseded: somebody was told them. What is
told instead is a new entry, so that every way out hears of it; it stands where it belongs (`pieces.timeline`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich
from trivet.cases.rich import Code
from trivet.cases.story import CLOSED, KINDS, OPENED, REOPENED, Act, Entry, Observation, Order, Story, fold, observation
from trivet.cases.timeline import APPLIANCE
from trivet.store.tables import CaseEventRow, CaseRecord, CatalogueRow, MessageRow

START: Order = (-1, -1)


async def stored(session: AsyncSession, device: str, code: str, after: Order = START) -> list[Observation]:
    """Every stored message about this code that is newer than `after`, in order, whichever catalogue named it."""
    query = select(MessageRow).where(MessageRow.device == device, MessageRow.kind.in_((ids.FAULT, ids.EVIDENCE)))
    query = query.where(MessageRow.boot >= after[0]).order_by(MessageRow.boot, MessageRow.seq)
    rows = [row for row in await session.scalars(query) if (row.boot, row.seq) > after]
    named = await _named(session, {(row.body_json["catalogue"], row.body_json["event"]) for row in rows})
    return [
        observation(row.device, row.boot, row.seq, row.body_json, row.received_at)
        for row in rows
        if named.get((row.body_json["catalogue"], row.body_json["event"])) == code
    ]


async def _named(session: AsyncSession, events: set[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The code of each (catalogue, event)."""
    query = select(CatalogueRow).where(CatalogueRow.id.in_({catalogue for catalogue, _ in events}))
    catalogues = {row.id: rich.load(row.rich_json) for row in await session.scalars(query)}
    codes = {one: catalogues[one[0]].code(one[1]) for one in events if one[0] in catalogues}
    return {one: code.code for one, code in codes.items() if code is not None}


async def told_again(
    session: AsyncSession, case: CaseRecord, code: Code, after: Order
) -> tuple[Story, list[Entry]] | None:
    """The fold over what is stored and newer than `after`; None where part of the case is no longer there (erased, or
    its time was over), or people closed it before closings were noted with their place."""
    rows = await _entries(session, case.id)
    messages = await stored(session, case.device, case.code, after)
    opened = [order_of(row) for row in rows if row.kind == OPENED]
    acts = await _acts(session, case.id)
    if not opened or opened[-1] not in {one.at for one in messages} or acts is None:
        return None
    return fold(messages, acts, code)


async def _acts(session: AsyncSession, case: int) -> list[Act] | None:
    query = select(CaseEventRow).where(CaseEventRow.case == case, CaseEventRow.kind.in_((CLOSED, REOPENED)))
    rows = (await session.scalars(query.order_by(CaseEventRow.id))).all()
    if any(row.kind == CLOSED and "upto" not in row.data_json for row in rows):
        return None
    return [
        Act((row.data_json["upto"][0], row.data_json["upto"][1]), row.kind)
        for row in rows
        if "upto" in row.data_json and row.data_json.get("ends", True)
    ]


async def _entries(session: AsyncSession, case: int) -> list[CaseEventRow]:
    """What the appliance told so far and still holds, oldest first."""
    query = select(CaseEventRow).where(
        CaseEventRow.case == case, CaseEventRow.actor == APPLIANCE.kind, CaseEventRow.kind.in_(KINDS)
    )
    rows = (await session.scalars(query.order_by(CaseEventRow.id))).all()
    return [row for row in rows if "boot" in row.data_json and not row.data_json.get("superseded")]


async def align(session: AsyncSession, case: int, entries: Sequence[Entry]) -> list[Entry]:
    """Mark what no longer holds, add what is missing; gives what was added."""
    rows = await _entries(session, case)
    wanted = {_key(entry): entry for entry in entries}
    for row in rows:
        if wanted.pop((row.kind, row.text, *_at(row)), None) is None:
            row.data_json = {**row.data_json, "superseded": True}
    for entry in wanted.values():
        later = [row.at for row in rows if order_of(row) > entry.order]
        write(session, case, entry, min(later, default=None))
    await session.flush()
    return list(wanted.values())


def write(session: AsyncSession, case: int, entry: Entry, at: dt.datetime | None = None) -> None:
    """Append one entry; `at`: when what comes after it was told, for one that came late."""
    data: dict[str, Any] = {"who": APPLIANCE.who, "boot": entry.at[0], "seq": entry.at[1], "status": entry.status}
    if entry.order != entry.at:
        data["order"] = list(entry.order)
    row = CaseEventRow(case=case, actor=APPLIANCE.kind, kind=entry.kind, text=entry.text, data_json=data)
    if at is not None:
        row.at = at
    session.add(row)


def order_of(row: CaseEventRow) -> Order:
    """The message at which an entry of KINDS took effect."""
    boot, seq = row.data_json.get("order", _at(row))
    return boot, seq


def _at(row: CaseEventRow) -> Order:
    return row.data_json["boot"], row.data_json["seq"]


def _key(entry: Entry) -> tuple[str, str, int, int]:
    return entry.kind, entry.text, *entry.at
