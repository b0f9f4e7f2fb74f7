"""Zendesk's Ticketing API (developer.zendesk.com/api-reference/ticketing): takes the four verbs, speaks its REST.

A ticket is created with an Idempotency-Key, and found again by its `external_id`: the key is forgotten there after two
hours. Comments are internal notes. Changes come from the incremental export by cursor, which leaves out the newest
minute.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

from trivet.tickets.system import Caller, Change, Changes, Ticket

TAG = "trivet"
_LAG_S = 120  # a first export must begin a minute or more ago
_PAGES = 20


class Zendesk:
    """`login`: an agent's mail address with `/token` behind it, `token`: an API token."""

    name = "zendesk"

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def open(self, ticket: Ticket) -> str:
        there = await self._caller.ask("GET", f"/api/v2/tickets.json?external_id={quote(ticket.key, safe='')}")
        for one in there.get("tickets", []):
            return str(one["id"])
        wanted = {
            "subject": ticket.subject,
            "comment": {"body": ticket.text, "public": False},
            "external_id": ticket.key,
            "priority": "urgent" if ticket.urgent else "normal",
            "tags": [TAG],
        }
        made = await self._caller.ask(
            "POST", "/api/v2/tickets.json", {"ticket": wanted}, headers={"idempotency-key": ticket.key}
        )
        return str(made["ticket"]["id"])

    async def comment(self, number: str, text: str, key: str) -> None:
        await self._update(number, {"comment": {"body": text, "public": False}}, key)

    async def close(self, number: str, text: str, key: str) -> None:
        await self._update(number, {"comment": {"body": text, "public": False}, "status": "solved"}, key)

    async def changed_since(self, cursor: str, now: dt.datetime) -> Changes:
        since = f"start_time={int(now.timestamp()) - _LAG_S}"
        found: list[Change] = []
        for _ in range(_PAGES):
            asked = f"cursor={quote(cursor, safe='')}" if cursor else since
            page = await self._caller.ask("GET", f"/api/v2/incremental/tickets/cursor.json?{asked}")
            for ticket in page.get("tickets", []):
                if TAG in ticket.get("tags", []):
                    found += await self._changes(ticket)
            cursor = page.get("after_cursor") or cursor
            if page.get("end_of_stream", True):
                break
        return Changes(found, cursor)

    async def _update(self, number: str, change: dict[str, Any], key: str) -> None:
        """Updates know no idempotency key: what was written already is looked for first, by its mark."""
        if await self._written(number, key):
            return
        change["comment"]["body"] += f"\n[{key}]"
        await self._caller.ask("PUT", f"/api/v2/tickets/{quote(number, safe='')}.json", {"ticket": change})

    async def _comments(self, number: str) -> list[dict[str, Any]]:
        path = f"/api/v2/tickets/{quote(number, safe='')}/comments.json?sort_order=desc"
        return list((await self._caller.ask("GET", path)).get("comments", []))

    async def _written(self, number: str, key: str) -> bool:
        return any(f"[{key}]" in one.get("plain_body", one.get("body", "")) for one in await self._comments(number))

    async def _changes(self, ticket: dict[str, Any]) -> list[Change]:
        number, closed = str(ticket["id"]), ticket.get("status") in ("solved", "closed")
        state = Change(f"{number}-{ticket.get('status')}", number, _time(ticket["updated_at"]), "", False, closed)
        comments = [
            Change(
                str(one["id"]),
                number,
                _time(one["created_at"]),
                one.get("plain_body", one.get("body", "")),
                bool(one.get("public")),
                closed,
            )
            for one in reversed(await self._comments(number))
        ]
        return [*comments, state]


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
