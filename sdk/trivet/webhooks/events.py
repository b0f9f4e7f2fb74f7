"""What a receiver gets: a CloudEvent 1.0 (JSON) that says that something happened and where to read it. Takes
entries of timelines, queues a delivery for every receiver that wants them; sends nothing.

Thin: numbers, kinds and links. Nothing of what the entry says, nothing of its owner: a receiver reads that by API,
with a login of its own, for a purpose that is checked and noted at that moment.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.outward.router import Told
from trivet.store.outward import DeliveryRow, WebhookRow
from trivet.store.tables import utcnow

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
TEST = "trivet.test"


def new_id() -> str:
    """An id that no other message of any cloud has."""
    return f"msg_{uuid.uuid4().hex}"


def name_of(entry: str) -> str:
    """A timeline entry's kind as receivers write it: `visit_booked` is visit-booked."""
    return re.sub(r"[^a-z0-9]+", "-", entry.lower()).strip("-")


def kind_of(entry: str) -> str:
    """The CloudEvents type of a timeline entry's kind."""
    return f"trivet.case.{name_of(entry)}"


def event(message: str, kind: str, at: dt.datetime, base: str, data: dict[str, Any]) -> str:
    """A CloudEvent in the JSON format, as it is signed and sent. `base`: address of this cloud's pages and API."""
    made = {
        "specversion": "1.0",
        "id": message,
        "source": base,
        "type": kind,
        "time": at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    if "case" in data:
        made["subject"] = f"case/{data['case']}"
    return json.dumps(made, separators=(",", ":"))


def of_case(told: Told, message: str, base: str) -> str:
    """The event of a timeline's entry."""
    links = {"case": f"{base}/api/cases/{told.case}", "page": f"{base}/case/{told.case}"}
    data = {"case": told.case, "entry": told.event, "actor": told.actor, "links": links}
    return event(message, kind_of(told.kind), told.at, base, data)


class Queue:
    """The plan for the router: a delivery for each receiver that wants an entry's kind."""

    def __init__(self, base: str, now: Callable[[], dt.datetime] = utcnow) -> None:
        self._base, self._now = base, now

    async def __call__(self, session: AsyncSession, told: Sequence[Told]) -> None:
        receivers = (await session.scalars(select(WebhookRow).where(WebhookRow.disabled_at.is_(None)))).all()
        if not receivers:
            return
        for one in told:
            if not one.covered:
                continue
            message = new_id()  # the same for all: one event
            payload = of_case(one, message, self._base)
            kind, now = kind_of(one.kind), self._now()
            session.add_all(
                DeliveryRow(
                    webhook=receiver.id,
                    case=one.case,
                    message=message,
                    kind=kind,
                    payload=payload,
                    made_at=now,
                    next_at=now,
                )
                for receiver in receivers
                if not receiver.kinds_json or name_of(one.kind) in receiver.kinds_json
            )
