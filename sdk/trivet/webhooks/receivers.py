"""Who gets webhooks. Takes sessions and a seal, adds, lists, removes receivers and replaces their secrets; sends
nothing. A secret is shown once, by whoever made it; here it stays sealed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.outward import ring
from trivet.outward.http import checked_url
from trivet.outward.seal import Seal
from trivet.store.outward import DELIVERED, DROPPED, FAILED, OPEN, DeliveryRow, WebhookRow
from trivet.store.tables import utcnow
from trivet.webhooks.problem import WebhookError

MOST = 100  # receivers: each has a lane of its own
MOST_KINDS = 32
_KIND = re.compile(r"[a-z][a-z0-9-]{0,23}")


@dataclass(frozen=True)
class Receiver:
    """`kinds`: of timeline entries, empty for all. `waiting`: deliveries that are tried again."""

    id: int
    url: str
    name: str
    kinds: list[str]
    made_at: dt.datetime
    made_by: str
    failing_since: dt.datetime | None
    disabled_at: dt.datetime | None
    disabled_why: str
    waiting: int
    secrets: int  # that sign now


async def add(
    session: AsyncSession, seal: Seal, url: str, *, kinds: Sequence[str] = (), name: str = "", who: str
) -> tuple[int, str]:
    """Its number and its secret, which is shown this once. WebhookError."""
    try:
        checked_url(url)
    except ValueError as error:
        raise WebhookError("bad-url", str(error)) from error
    for kind in kinds:
        if not _KIND.fullmatch(kind):
            raise WebhookError("bad-kind", f"{kind!r} is no kind of timeline entry: small letters, digits and -")
    if len(kinds) > MOST_KINDS or len(name) > 64:
        raise WebhookError("bad-kind", f"at most {MOST_KINDS} kinds, and 64 characters of a name")
    if (await session.scalar(select(func.count()).select_from(WebhookRow)) or 0) >= MOST:
        raise WebhookError("too-many", f"there are {MOST} receivers, which is the most: remove one first")
    row = WebhookRow(url=url, name=name, kinds_json=sorted(set(kinds)), secrets=b"", made_by=who)
    session.add(row)
    await session.flush()
    secret, row.secrets = ring.made(seal, f"webhook {row.id}")
    return row.id, secret


async def listed(session: AsyncSession, seal: Seal, only: int | None = None) -> list[Receiver]:
    """Every receiver, by number."""
    query = select(WebhookRow).order_by(WebhookRow.id)
    rows = (await session.scalars(query if only is None else query.where(WebhookRow.id == only))).all()
    counts = (
        select(DeliveryRow.webhook, func.count().label("waiting"))
        .where(DeliveryRow.state == OPEN)
        .group_by(DeliveryRow.webhook)
    )
    waiting = {one.webhook: one.waiting for one in await session.execute(counts)}
    return [
        Receiver(
            id=row.id,
            url=row.url,
            name=row.name,
            kinds=[str(kind) for kind in row.kinds_json],
            made_at=row.made_at,
            made_by=row.made_by,
            failing_since=row.failing_since,
            disabled_at=row.disabled_at,
            disabled_why=row.disabled_why,
            waiting=waiting.get(row.id, 0),
            secrets=len(signing(seal, row, utcnow())),
        )
        for row in rows
    ]


async def get(session: AsyncSession, number: int) -> WebhookRow:
    """WebhookError when there is none of that number."""
    row = await session.get(WebhookRow, number)
    if row is None:
        raise WebhookError("no-such-webhook", f"There is no webhook {number}.")
    return row


async def remove(session: AsyncSession, number: int) -> None:
    """It and everything that was still to be sent to it."""
    await session.delete(await get(session, number))


async def rotate(session: AsyncSession, seal: Seal, number: int, now: dt.datetime) -> str:
    """A new secret, shown this once. The ones before sign along for a day, so that the receiver has time."""
    row = await get(session, number)
    secret, row.secrets = ring.rotated(seal, f"webhook {number}", row.secrets, now)
    return secret


async def enable(session: AsyncSession, number: int) -> None:
    """Send to it again, from what happens now on."""
    row = await get(session, number)
    row.disabled_at, row.disabled_why, row.failing_since = None, "", None


async def resend(session: AsyncSession, number: int, since: dt.datetime, now: dt.datetime) -> int:
    """Everything made since then goes out once more, each with the id that it had: what was not taken, and what was.
    Gives how many."""
    row = await get(session, number)
    if row.disabled_at is not None:
        raise WebhookError("disabled", f"Webhook {number} is disabled ({row.disabled_why}): enable it first.")
    again = {"state": OPEN, "tries": 0, "next_at": now, "ended_at": None, "last_error": ""}
    which = (DeliveryRow.webhook == number, DeliveryRow.made_at >= since)
    ended = DeliveryRow.state.in_((DELIVERED, FAILED, DROPPED))
    done = await session.execute(update(DeliveryRow).where(*which, ended).values(again))
    return int(getattr(done, "rowcount", 0))


async def deliveries(session: AsyncSession, number: int, before: int | None, limit: int) -> list[DeliveryRow]:
    """Newest first; `before` continues a list."""
    await get(session, number)
    query = select(DeliveryRow).where(DeliveryRow.webhook == number)
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    return list(await session.scalars(query.order_by(DeliveryRow.id.desc()).limit(limit)))


def signing(seal: Seal, row: WebhookRow, now: dt.datetime) -> list[str]:
    """The secrets that sign now, newest first."""
    return ring.holding(seal, f"webhook {row.id}", row.secrets, now)
