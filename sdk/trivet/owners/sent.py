"""What an appliance sent and why, message by message. Takes an `Own`, gives `Sent` lines; never shows raw bytes: the
export has those.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich
from trivet.consent import state
from trivet.owners.own import Own
from trivet.store.tables import CatalogueRow, MessageRow, RefusedRow

Texts = dict[str, str]
MAX_LINES = 200


@dataclass(frozen=True)
class Sent:
    """One message. `what`: fault, fault_gone, evidence, heartbeat, inventory, consent_yes, consent_no, operation_start,
    operation_end, update_ with how far it is, or the kind's name. `at`: by the appliance's clock where it had a trusted
    one, else when it came."""

    boot: int
    seq: int
    at: dt.datetime
    what: str
    purpose: str
    size: int  # bytes on the wire
    code: str | None = None
    title: Texts = field(default_factory=dict)  # of the fault, by language
    detail: str = ""  # model and firmware, the purpose decided on, a command's name, an update's version
    because: state.Decision | None = None  # the owner's yes that covers it; None where the law asks for it


async def lines(session: AsyncSession, own: Own, *, limit: int = MAX_LINES) -> list[Sent]:
    """The newest messages first."""
    query = select(MessageRow, func.length(MessageRow.raw)).where(MessageRow.device == own.device)
    if own.after is not None:
        query = query.where(MessageRow.received_at > own.after)
    query = query.order_by(MessageRow.received_at.desc(), MessageRow.boot.desc(), MessageRow.seq.desc()).limit(limit)
    rows = [(row, size) for row, size in await session.execute(query)]
    numbers = {row.body_json["catalogue"] for row, _ in rows if row.kind in (ids.FAULT, ids.EVIDENCE)}
    found = await session.scalars(select(CatalogueRow).where(CatalogueRow.id.in_(numbers)))
    catalogues = {row.id: rich.load(row.rich_json) for row in found}
    history = await state.history(session, own.device)
    return [_sent(row, size, catalogues, history) for row, size in rows]


async def count(session: AsyncSession, own: Own) -> tuple[int, int]:
    """How many messages there are, and their bytes on the wire."""
    query = select(func.count(), func.sum(func.length(MessageRow.raw))).where(MessageRow.device == own.device)
    if own.after is not None:
        query = query.where(MessageRow.received_at > own.after)
    messages, size = (await session.execute(query)).one()
    return messages, int(size or 0)


async def refused(session: AsyncSession, own: Own) -> dict[int, int]:
    """How many messages were refused and thrown away, by reason (ids.R_…)."""
    query = select(RefusedRow.reason, func.count()).where(RefusedRow.device == own.device).group_by(RefusedRow.reason)
    if own.after is not None:
        query = query.where(RefusedRow.at > own.after)
    return {row[0]: row[1] for row in await session.execute(query)}


def _sent(row: MessageRow, size: int, catalogues: dict[int, rich.Catalogue], history: list[state.Decision]) -> Sent:
    body = row.body_json
    purpose = ids.PURPOSE_NAMES[row.purpose]
    about = row.kind in (ids.FAULT, ids.EVIDENCE)
    code, title = _code(catalogues.get(body["catalogue"]), body["event"]) if about else (None, {})
    yes = [one for one in history if one.purpose == purpose and one.seq <= row.consent_seq and one.granted]
    return Sent(
        boot=row.boot,
        seq=row.seq,
        at=row.received_at if row.wall_s is None else dt.datetime.fromtimestamp(row.wall_s, dt.UTC),
        what=_what(row.kind, body),
        purpose=purpose,
        size=size,
        code=code,
        title=title,
        detail=_detail(row.kind, body),
        because=yes[-1] if yes else None,
    )


def _code(catalogue: rich.Catalogue | None, event: int) -> tuple[str | None, Texts]:
    found = catalogue.code(event) if catalogue else None
    if found is None:
        return None, {}
    return found.code, {language: text.get("title", "") for language, text in found.text.items()}


def _what(kind: int, body: dict[str, Any]) -> str:
    name = ids.KIND_NAMES.get(kind, str(kind))
    if kind == ids.FAULT:
        return name if body["status"] & ids.TEST_FAILED else f"{name}_gone"
    if kind == ids.CONSENT:
        return f"{name}_yes" if body["granted"] else f"{name}_no"
    if kind == ids.OPERATION:
        return f"{name}_start" if body["started"] else f"{name}_end"
    if kind == ids.UPDATE_REPORT and 0 < int(body["state"]) < len(ids.UPDATE_STATES):
        return f"{name}_{ids.UPDATE_STATES[int(body['state'])].replace(' ', '_')}"
    return name


def _detail(kind: int, body: dict[str, Any]) -> str:
    if kind == ids.INVENTORY:
        return f"{body['model']} {body['firmware']}"
    if kind == ids.CONSENT:
        purpose = int(body["purpose"])
        return ids.PURPOSE_NAMES[purpose] if purpose < len(ids.PURPOSE_NAMES) else str(purpose)
    if kind == ids.COMMAND_RESULT:
        return ids.COMMAND_NAMES.get(int(body["command"]), str(body["command"]))
    if kind == ids.UPDATE_REPORT:
        return str(body["version"])
    if kind == ids.SELF_TEST:
        return str(body["routine"])
    return ""
