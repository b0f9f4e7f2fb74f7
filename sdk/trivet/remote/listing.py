"""Service sessions as people see them. Takes a `Reading`, gives frozen values, and notes in the owner's log that
somebody looked. What a self-test measured is shown as far as the owner's consent to `service` covers it now.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from trivet_wire import ids

from trivet.consent.access import Reading
from trivet.remote import acts
from trivet.store.remote import RemoteActRow, RemoteSessionRow
from trivet.store.tables import utcnow

SHOWN = 100  # on a page


@dataclass(frozen=True)
class Act:
    """`says`: the appliance's reason in words; empty where it gave none."""

    id: int
    what: str
    name: str
    by: str
    why: str
    at: dt.datetime
    state: str
    reason: int | None
    says: str
    step: int | None
    steps: int | None
    measured: list[dict[str, Any]]
    proposal: int | None
    decide_by: dt.datetime | None
    undoable: bool
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Session:
    """`until`: over by then, whatever is heard; `left_s` seconds from now."""

    id: int
    device: str
    case: int
    state: str
    by: str
    why: str
    seconds: int
    asked_at: dt.datetime
    begun_at: dt.datetime | None
    until: dt.datetime
    left_s: int
    ended_at: dt.datetime | None
    ended_by: str | None
    ended_who: str | None
    reason: int | None
    says: str
    acts: list[Act]


async def of_case(read: Reading, case: int) -> list[Session]:
    """Of one case, the newest first."""
    return await _sessions(read, _query().where(RemoteSessionRow.case == case))


async def of_device(
    read: Reading, device: str, *, after: dt.datetime | None = None, newest: int = SHOWN
) -> list[Session]:
    """Of one appliance, the newest first; what was asked for by `after` is left out: an earlier owner's."""
    query = _query(newest).where(RemoteSessionRow.device == device)
    if after is not None:
        query = query.where(RemoteSessionRow.asked_at > after)
    return await _sessions(read, query)


def _query(newest: int = SHOWN) -> Select[RemoteSessionRow]:
    return select(RemoteSessionRow).order_by(RemoteSessionRow.id.desc()).limit(newest)


async def _sessions(read: Reading, query: Select[RemoteSessionRow]) -> list[Session]:
    rows = list(await read.session.scalars(query))
    await read.ask({row.device for row in rows})
    made = []
    for row in rows:
        read.note(row.device, f"service session {row.id}", ids.SERVICE)
        found = await read.session.scalars(
            select(RemoteActRow).where(RemoteActRow.session == row.id).order_by(RemoteActRow.id)
        )
        covered = read.covers(row.device, ids.SERVICE)
        made.append(_session(row, [_act(one, covered=covered) for one in found]))
    return made


def _session(row: RemoteSessionRow, done: list[Act]) -> Session:
    left = 0 if row.ended_at is not None else max(0, int((row.until - utcnow()).total_seconds()))
    own = ("id", "device", "case", "state", "by", "why", "seconds", "asked_at", "begun_at", "until", "ended_at")
    return Session(
        **{name: getattr(row, name) for name in own},
        left_s=left,
        ended_by=None if row.ended_by is None else ids.SESSION_ENDS[row.ended_by],
        ended_who=row.ended_who,
        reason=row.reason,
        says=_says(row.reason),
        acts=done,
    )


def _act(row: RemoteActRow, *, covered: bool) -> Act:
    own = ("id", "what", "name", "by", "why", "at", "state", "reason", "step", "steps", "proposal", "decide_by")
    return Act(
        **{name: getattr(row, name) for name in own},
        says=_says(row.reason),
        measured=list(row.measured_json) if covered else [],
        undoable=acts.undoable(row),
        ended_at=row.ended_at,
    )


def _says(reason: int | None) -> str:
    return "" if not reason else ids.REASON_NAMES.get(reason, "unknown reason")
