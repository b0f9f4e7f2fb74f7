"""Jira Service Management Cloud (developer.atlassian.com/cloud/jira/service-desk/rest): takes the four verbs, speaks
its REST. Creating a request knows no idempotency key: before one is created, its key is looked for in the summaries
(JQL); that index lags some seconds behind, and so a try that was cut there within these seconds may make a second
request.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import quote

from trivet.tickets.system import Caller, Change, Changes, Ticket, TicketError

_FIELDS = "summary,status,updated,comment"
_OVERLAP_MIN = 2  # asked again: the index lags
_PAGES = 20


class Jira:
    """`login`: a mail address, `token`: an API token. `desk` and `request_type`: numbers of the service desk and of the
    kind of request; `project`: its key; `done`: name of the transition that closes a request."""

    name = "jira"

    def __init__(self, caller: Caller, *, desk: str, request_type: str, project: str, done: str) -> None:
        self._caller = caller
        self._desk, self._type, self._project, self._done = desk, request_type, project, done

    async def open(self, ticket: Ticket) -> str:
        mark = f"[{ticket.key}]"
        jql = f'project = "{self._project}" AND summary ~ "\\"{ticket.key}\\""'
        for one in (await self._search(jql))[0]:
            if mark in one["fields"].get("summary", ""):
                return str(one["key"])
        values = {"summary": f"{ticket.subject} {mark}", "description": ticket.text}
        wanted: dict[str, Any] = {
            "serviceDeskId": self._desk,
            "requestTypeId": self._type,
            "requestFieldValues": values,
        }
        made = await self._caller.ask("POST", "/rest/servicedeskapi/request", wanted)
        return str(made["issueKey"])

    async def comment(self, number: str, text: str, key: str) -> None:
        if not await self._written(number, key):
            body = {"body": f"{text}\n[{key}]", "public": False}
            await self._caller.ask("POST", f"{_request(number)}/comment", body)

    async def close(self, number: str, text: str, key: str) -> None:
        await self.comment(number, text, key)
        offered = (await self._caller.ask("GET", f"{_request(number)}/transition")).get("values", [])
        step = next((one for one in offered if one.get("name", "").casefold() == self._done.casefold()), None)
        if step is not None:
            await self._caller.ask("POST", f"{_request(number)}/transition", {"id": str(step["id"])})
        elif await self._open(number):
            names = ", ".join(one.get("name", "") for one in offered) or "none"
            raise TicketError(f"it offers no transition {self._done!r} (but: {names}): set `done`", again=False)

    async def changed_since(self, cursor: str, now: dt.datetime) -> Changes:
        """By relative time: an absolute one would be read in the zone of the login."""
        since = dt.datetime.fromisoformat(cursor) if cursor else now
        minutes = int((now - since).total_seconds() // 60) + _OVERLAP_MIN
        jql = f'project = "{self._project}" AND updated >= -{minutes}m ORDER BY updated ASC'
        found: list[Change] = []
        token: str | None = None
        for _ in range(_PAGES):
            issues, token = await self._search(jql, token)
            for one in issues:
                found += _changes(one)
            if token is None:
                break
        return Changes(found, now.isoformat())

    async def _search(self, jql: str, token: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
        path = f"/rest/api/3/search/jql?jql={quote(jql, safe='')}&fields={_FIELDS}"
        page = await self._caller.ask("GET", path + (f"&nextPageToken={quote(token, safe='')}" if token else ""))
        return list(page.get("issues", [])), page.get("nextPageToken")

    async def _written(self, number: str, key: str) -> bool:
        page = await self._caller.ask("GET", f"{_request(number)}/comment?internal=true&public=true&limit=100")
        return any(f"[{key}]" in one.get("body", "") for one in page.get("values", []))

    async def _open(self, number: str) -> bool:
        status = (await self._caller.ask("GET", _request(number))).get("currentStatus", {})
        return bool(status.get("statusCategory") != "DONE")


def _request(number: str) -> str:
    return f"/rest/servicedeskapi/request/{quote(number, safe='')}"


def _changes(issue: dict[str, Any]) -> list[Change]:
    fields, number = issue["fields"], str(issue["key"])
    status = fields.get("status", {})
    closed = status.get("statusCategory", {}).get("key") == "done"
    state = Change(f"{number}-{status.get('name')}", number, _time(fields["updated"]), "", False, closed)
    comments = [
        Change(
            str(one["id"]), number, _time(one["created"]), _plain(one.get("body")), bool(one.get("jsdPublic")), closed
        )
        for one in fields.get("comment", {}).get("comments", [])
    ]
    return [*comments, state]


def _time(text: str) -> dt.datetime:
    """2026-05-04T12:00:00.000+0200: Jira leaves the colon of the zone out."""
    return dt.datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace("Z", "+00:00")))


def _plain(body: Any) -> str:
    """The text of a comment: plain, or of Atlassian's document format."""
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    inner = "".join(_plain(one) for one in body.get("content", []) or [])
    text = str(body.get("text", "")) + inner
    return text + "\n" if body.get("type") in ("paragraph", "heading", "listItem") else text
