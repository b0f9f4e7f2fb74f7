"""What a ticket system is to this house: four verbs. Adapters take a `Client` and their settings; they keep nothing and
retry nothing: who calls them does, with the same `key`.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from trivet.outward.http import Answer, Client, SendError


class TicketError(Exception):
    """The ticket system did not do it; the text says why, without anything of a case. `again`: it may work later,
    after `retry_after_s` where it said so."""

    def __init__(self, says: str, *, again: bool, retry_after_s: float | None = None) -> None:
        super().__init__(says)
        self.again, self.retry_after_s = again, retry_after_s


@dataclass(frozen=True)
class Ticket:
    """A new ticket. `key`: the same for the same case whenever it is tried. `urgent`: people may be hurt."""

    key: str
    subject: str
    text: str
    urgent: bool = False


@dataclass(frozen=True)
class Change:
    """Something that somebody did in the ticket system. `id`: unique there; `text` empty for a mere change of state."""

    id: str
    ticket: str
    at: dt.datetime
    text: str
    public: bool
    closed: bool


class Changes(NamedTuple):
    """What changed, and from where to ask next."""

    found: list[Change]
    cursor: str


class TicketSystem(Protocol):
    """`open` twice with one key is one ticket, as far as the system can tell."""

    name: str

    async def open(self, ticket: Ticket) -> str:
        """Its number."""

    async def comment(self, number: str, text: str, key: str) -> None:
        """For the vendor's people, not for the customer."""

    async def close(self, number: str, text: str, key: str) -> None: ...

    async def changed_since(self, cursor: str, now: dt.datetime) -> Changes:
        """`cursor`: of the last answer, empty at first: then from now on."""


class Caller:
    """Requests with JSON and a login, for adapters."""

    def __init__(self, client: Client, base: str, login: str, token: str) -> None:
        self._client, self._base = client, base.rstrip("/")
        self._basic = base64.b64encode(f"{login}:{token}".encode()).decode()

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The answer's JSON. TicketError for everything but 2xx."""
        told = {"authorization": f"Basic {self._basic}", "accept": "application/json", **(headers or {})}
        if body is not None:
            told["content-type"] = "application/json"
        data = b"" if body is None else json.dumps(body).encode()
        try:
            answer = await self._client.request(method, self._base + path, told, data)
        except SendError as error:
            raise TicketError(str(error), again=True) from error
        return _read(answer)


def _read(answer: Answer) -> dict[str, Any]:
    if not answer.good:
        again = answer.status in (401, 403, 408, 409, 425, 429) or answer.status >= 500  # a token can be mended
        says = {401: "it does not know this login or token", 403: "this login may not do that there"}
        raise TicketError(
            says.get(answer.status, f"it answered {answer.status}"), again=again, retry_after_s=answer.retry_after_s
        )
    if not answer.body:
        return {}
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise TicketError("it answered with something that is no JSON", again=True) from error
    return found if isinstance(found, dict) else {}
