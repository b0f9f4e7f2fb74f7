"""The pieces of a case as people see it: functions, causes, parts, the next step, the timeline. Takes a case's
record and its catalogue, gives frozen values; who may see the case was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import rich, views
from trivet.cases.impact import impact as lost
from trivet.cases.retell import START, order_of
from trivet.cases.story import KINDS, Order
from trivet.cases.timeline import FROM_EVIDENCE
from trivet.store.tables import CaseEventRow, CaseRecord


def functions(catalogue: rich.Catalogue, inhibited: int, *, off: bool) -> list[views.Function]:
    return [
        views.Function(function.name, function.text, function.hazardous)
        for index, function in enumerate(catalogue.functions)
        if bool(inhibited >> index & 1) is off
    ]


def _part(catalogue: rich.Catalogue, number: str | None) -> views.Part | None:
    part = catalogue.part(number)
    return None if part is None else views.Part(part.number, part.text, part.price, part.van)


def causes(record: CaseRecord, catalogue: rich.Catalogue, judged: dict[str, Any]) -> list[views.Cause]:
    found = []
    for ranked in judged.get("causes", []):
        cause = catalogue.cause(record.event, ranked["name"])
        if cause is not None:
            part = _part(catalogue, cause.part)
            found.append(views.Cause(cause.name, cause.text, cause.kind, ranked["probability"], part, ranked["why"]))
    return found


def next_step(row: views.CaseRow, catalogue: rich.Catalogue, judged: dict[str, Any]) -> views.NextStep:
    step = judged.get("next_step", {})
    return views.NextStep(
        name=row.next_step,
        text=step.get("text", ""),
        part=_part(catalogue, step.get("part")),
        needs_human=step.get("needs_human", False),
        parts=[part for number in step.get("parts", []) if (part := _part(catalogue, number)) is not None],
        routine=step.get("routine"),
        fix=step.get("fix"),
    )


def impact(catalogue: rich.Catalogue, inhibited: int) -> views.Impact:
    found = lost(catalogue, inhibited)
    return views.Impact(found.level, found.text)


def _whose(row: CaseEventRow) -> tuple[str, str]:
    """Who did it and why, where somebody said so."""
    return str(row.data_json.get("who") or row.actor), str(row.data_json.get("why") or "")


def _message(row: CaseEventRow) -> tuple[int | None, int | None]:
    """The message that told it: (boot, seq)."""
    return row.data_json.get("boot"), row.data_json.get("seq")


async def timeline(session: AsyncSession, case_id: int, *, open_: bool) -> list[views.TimelineEntry]:
    """In the order in which it happened. Without consent to service, nothing that evidence brought."""
    query = select(CaseEventRow).where(CaseEventRow.case == case_id).order_by(CaseEventRow.id)
    return [
        views.TimelineEntry(row.at, row.actor, row.kind, row.text, *_whose(row), *_message(row))
        for row in _in_order((await session.scalars(query)).all())
        if open_ or row.kind not in FROM_EVIDENCE
    ]


def _in_order(rows: Iterable[CaseEventRow]) -> list[CaseEventRow]:
    """As they were written, but what the appliance told late stands before what it had told already and is later."""
    placed: list[tuple[Order | None, CaseEventRow]] = []
    newest: Order = START
    for row in rows:
        if row.data_json.get("superseded"):
            continue
        own = order_of(row) if row.kind in KINDS and "boot" in row.data_json else None
        at = len(placed)
        if own is not None and own < newest:
            at = next(index for index, (other, _) in enumerate(placed) if other is not None and other > own)
        placed.insert(at, (own, row))
        newest = max(newest, own or START)
    return [row for _, row in placed]
