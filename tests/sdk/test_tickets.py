"""Cases are tickets in the vendor's own system: opened once, commented, closed, and what is written there comes
back. The two systems here are real HTTP servers that answer as their documentation says."""

import base64
import datetime as dt
import json
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import seeded
from receiver_kit import Receiver, Reply, Request, receiver
from seeded import Vendor
from sqlalchemy import select
from trivet.consent import requests
from trivet.outward.router import Router
from trivet.store.outward import OutboxRow
from trivet.store.tables import CaseEventRow, CaseRecord, utcnow
from trivet.store.tickets import TicketJobRow, TicketRow
from trivet.tickets import config
from trivet.tickets.clerk import Clerk
from trivet.tickets.config import Config, TicketsError
from trivet.tickets.plan import Plan

pytestmark = pytest.mark.usefixtures("database")

TOKEN = "t0ken"
LOGIN = {"zendesk": "desk@acme.example/token", "jira": "desk@acme.example"}


def answer(status: int, body: Any = None, **headers: str) -> Reply:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status, b"" if body is None else json.dumps(body).encode(), {"content-type": "application/json", **told}
    )


@dataclass
class Desk(ABC):
    """What both have in common: tickets, a login, limits that a test sets."""

    name: str = ""
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    limited: int = 0  # requests that are answered 429
    broken: Callable[[Request], bool] = lambda _request: False  # the work is done, but its answer is lost
    count: int = 0

    async def __call__(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{LOGIN[self.name]}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return answer(401, {"error": "Couldn't authenticate you"})
        if self.limited:
            self.limited -= 1
            return answer(429, {"error": "too many"}, Retry_After="90")
        reply = self.work(request, urlsplit(request.path), json.loads(request.body or b"null"))
        return Reply(502) if self.broken(request) else reply

    @abstractmethod
    def work(self, request: Request, path: Any, body: Any) -> Reply:
        """As that system does."""

    def comments(self, number: str) -> list[str]:
        return [one["body"] for one in self.tickets[number]["comments"]]

    def write(self, number: str, text: str, *, closed: bool = False) -> None:
        """An agent works there."""
        self.count += 1
        made = {"id": str(1000 + self.count), "body": text, "at": utcnow().isoformat(), "public": False}
        self.tickets[number]["comments"].append(made)
        self.tickets[number]["done"] = closed


class ZendeskServer(Desk):
    """developer.zendesk.com/api-reference/ticketing: tickets, comments, the incremental export by cursor."""

    def __init__(self) -> None:
        super().__init__("zendesk")
        self.keys: dict[str, tuple[bytes, str]] = {}

    def work(self, request: Request, path: Any, body: Any) -> Reply:
        parts = path.path.removesuffix(".json").split("/")[3:]
        asked = {name: values[0] for name, values in parse_qs(path.query).items()}
        match (request.method, parts):
            case "GET", ["tickets"]:
                found = [one for one in self.tickets.values() if one["external_id"] == asked["external_id"]]
                return answer(200, {"tickets": [self.seen(one) for one in found]})
            case "POST", ["tickets"]:
                return self.create(request, body["ticket"])
            case "GET", ["tickets", number, "comments"]:
                made = [
                    {"id": int(one["id"]), "plain_body": one["body"], "created_at": one["at"], "public": one["public"]}
                    for one in self.tickets[number]["comments"]
                ]
                return answer(200, {"comments": made[::-1] if asked.get("sort_order") == "desc" else made})
            case "PUT", ["tickets", number]:
                self.write(number, body["ticket"]["comment"]["body"], closed=body["ticket"].get("status") == "solved")
                return answer(200, {"ticket": self.seen(self.tickets[number])})
            case "GET", ["incremental", "tickets", "cursor"]:
                if "cursor" not in asked and int(asked["start_time"]) > utcnow().timestamp() - 60:
                    return answer(422, {"error": "InvalidValue", "description": "Too recent start_time"})
                every = [self.seen(one) for one in self.tickets.values()]
                return answer(200, {"tickets": every, "after_cursor": "MTU3|", "end_of_stream": True})
        return answer(404, {"error": "RecordNotFound"})

    def create(self, request: Request, wanted: dict[str, Any]) -> Reply:
        key = request.headers["idempotency-key"]
        if key in self.keys:
            before, number = self.keys[key]
            if before != request.body:
                return answer(400, {"errors": {"title": "IdempotentRequestError"}})
            return answer(201, {"ticket": self.seen(self.tickets[number])}, x_idempotency_lookup="hit")
        number = str(len(self.tickets) + 1)
        self.tickets[number] = {"number": number, "comments": [], "done": False, **wanted}
        self.write(number, wanted["comment"]["body"])
        self.keys[key] = request.body, number
        return answer(201, {"ticket": self.seen(self.tickets[number])}, x_idempotency_lookup="miss")

    def seen(self, one: dict[str, Any]) -> dict[str, Any]:
        status = "solved" if one["done"] else "open"
        shown = {"id": int(one["number"]), "status": status, "tags": one["tags"], "external_id": one["external_id"]}
        return shown | {"updated_at": one["comments"][-1]["at"]}


class JiraServer(Desk):
    """developer.atlassian.com/cloud/jira/service-desk/rest: requests, comments, transitions; and search by JQL."""

    def __init__(self) -> None:
        super().__init__("jira")
        self.offered = [{"id": "11", "name": "Escalate"}, {"id": "21", "name": "Resolve this issue"}]

    def work(self, request: Request, path: Any, body: Any) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(path.query).items()}
        match (request.method, path.path.split("/")[2:]):
            case "POST", ["servicedeskapi", "request"]:
                if (body["serviceDeskId"], body["requestTypeId"]) != ("1", "10"):
                    return answer(400, {"errorMessage": "The request type is not valid"})
                number = f"SUP-{len(self.tickets) + 1}"
                made = {"number": number, "comments": [], "done": False, "at": utcnow().isoformat()}
                self.tickets[number] = made | body["requestFieldValues"]
                return answer(201, {"issueId": "1", "issueKey": number})
            case "GET", ["servicedeskapi", "request", number]:
                done = self.tickets[number]["done"]
                return answer(200, {"currentStatus": {"statusCategory": "DONE" if done else "INDETERMINATE"}})
            case "GET", ["servicedeskapi", "request", number, "comment"]:
                return answer(200, {"values": self.tickets[number]["comments"], "isLastPage": True})
            case "POST", ["servicedeskapi", "request", number, "comment"]:
                assert body["public"] is False
                self.write(number, body["body"])
                return answer(201, {"id": "1"})
            case "GET", ["servicedeskapi", "request", number, "transition"]:
                return answer(200, {"values": [] if self.tickets[number]["done"] else self.offered})
            case "POST", ["servicedeskapi", "request", number, "transition"]:
                assert body["id"] == "21"
                self.tickets[number]["done"] = True
                return answer(204)
            case "GET", ["api", "3", "search", "jql"]:
                return self.search(asked["jql"])
        return answer(404, {"errorMessage": "no such resource"})

    def search(self, jql: str) -> Reply:
        assert jql.startswith('project = "SUP" AND ')
        found = list(self.tickets.values())
        if "summary ~" in jql:
            words = jql.split('\\"')[1]
            found = [one for one in found if words in one["summary"]]
        else:
            assert "updated >= -" in jql
        return answer(200, {"issues": [self.seen(one) for one in found]})

    def seen(self, one: dict[str, Any]) -> dict[str, Any]:
        document = [
            {
                "id": each["id"],
                "created": each["at"].replace("+00:00", "+0000"),
                "jsdPublic": False,
                "body": {"type": "doc", "content": [{"type": "paragraph", "content": [{"text": each["body"]}]}]},
            }
            for each in one["comments"]
        ]
        status = {
            "name": "Done" if one["done"] else "Open",
            "statusCategory": {"key": "done" if one["done"] else "new"},
        }
        fields = {"summary": one["summary"], "status": status, "updated": one["at"].replace("+00:00", "+0000")}
        return {"key": one["number"], "fields": fields | {"comment": {"comments": document}}}


class House:
    """One oven with a case, a ticket system, and time that moves when it is told to."""

    def __init__(self, vendor: Vendor, device: str, case: int, desk: Desk, there: Receiver) -> None:
        self.vendor, self.device, self.case, self.desk, self.there = vendor, device, case, desk, there
        self.now = utcnow()
        folder = vendor.settings.data_dir
        folder.joinpath("tickets.token").write_text(TOKEN + "\n")
        its = Config(
            desk.name, there.url.removesuffix("/hook"), LOGIN[desk.name], "tickets.token",  # type: ignore[arg-type]
            desk="1", request_type="10", project="SUP",
        )  # fmt: skip
        self.router = Router(vendor.store, [Plan(desk.name, its.kinds, self.clock)], now=self.clock)
        system = config.adapter(its, folder, vendor.client)
        self.clerk = Clerk(vendor.store, system, "https://desk.example.com", now=self.clock, dice=random.Random(5))

    def clock(self) -> dt.datetime:
        return self.now

    async def happens(self, *kinds: str) -> None:
        async with self.vendor.store.writing() as session:
            for kind in kinds:
                session.add(CaseEventRow(case=self.case, actor="appliance", kind=kind, text="Ada Feldmann"))

    async def turn(self) -> None:
        await self.router.turn()
        while await self.clerk.turn():
            pass

    async def later(self, hours: float = 80.0) -> None:
        """Time goes on until nothing is tried any more."""
        for _ in range(60):
            self.now += dt.timedelta(hours=hours / 60)
            await self.turn()

    async def jobs(self) -> list[tuple[str, str]]:
        async with self.vendor.store.reading() as session:
            rows = await session.scalars(select(TicketJobRow).order_by(TicketJobRow.id))
            return [(row.act, row.state) for row in rows]

    async def timeline(self) -> list[CaseEventRow]:
        async with self.vendor.store.reading() as session:
            query = select(CaseEventRow).where(CaseEventRow.case == self.case).order_by(CaseEventRow.id)
            return list(await session.scalars(query))


@pytest.fixture(params=[ZendeskServer, JiraServer], ids=["zendesk", "jira"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    desk = request.param()
    serving: AbstractAsyncContextManager[Receiver] = receiver(desk)
    async with seeded.open_vendor(tmp_path) as vendor, serving as there:
        oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with vendor.store.writing() as session:
            for row in await session.scalars(select(OutboxRow)):
                await session.delete(row)  # what the seed wrote
        yield House(vendor, oven.device, case, desk, there)


async def test_a_case_is_opened_commented_and_closed_there(house: House) -> None:
    await house.happens("opened", "visit_booked", "note", "resolved")
    await house.turn()
    [(number, ticket)] = house.desk.tickets.items()
    assert ticket["done"]
    assert await house.jobs() == [("open", "done"), ("comment", "done"), ("close", "done")]
    written = json.dumps(ticket)
    assert f"https://desk.example.com/case/{house.case}" in written
    assert seeded.CODES[seeded.ELEMENT] in written
    for word in ("Feldmann", "Ada", house.device):
        assert word not in written
    async with house.vendor.store.reading() as session:
        assert (await session.get_one(TicketRow, house.case)).number == number


async def test_what_is_written_there_comes_onto_the_timeline_once(house: House) -> None:
    await house.happens("opened", "visit_booked")
    await house.turn()
    await house.clerk.read()
    before = len(await house.timeline())
    [number] = house.desk.tickets
    house.desk.write(number, "Called the owner: <b>tomorrow</b> suits.", closed=True)
    house.now += dt.timedelta(minutes=3)
    assert await house.clerk.read() == 1
    assert await house.clerk.read() == 0
    entries = await house.timeline()
    assert len(entries) == before + 1
    assert (entries[-1].actor, entries[-1].kind) == ("agent", "chat")
    assert entries[-1].text.strip() == "Called the owner: <b>tomorrow</b> suits."
    await house.turn()  # and is not told back
    assert [text for text in house.desk.comments(number) if "tomorrow" in text] == [
        "Called the owner: <b>tomorrow</b> suits."
    ]


async def test_an_answer_that_is_lost_makes_no_second_ticket_and_no_second_comment(house: House) -> None:
    lost = {"POST": 1, "PUT": 1}

    def losing(request: Request) -> bool:
        lost[request.method] = lost.get(request.method, 0) - 1
        return lost[request.method] >= 0

    house.desk.broken = losing
    await house.happens("opened", "visit_booked")
    await house.turn()
    await house.later()
    lost |= {"POST": 1, "PUT": 1}
    await house.happens("visit_cancelled")
    await house.later()
    assert len(house.desk.tickets) == 1
    assert {state for _, state in await house.jobs()} == {"done"}
    [number] = house.desk.tickets
    texts = house.desk.comments(number)
    assert len([text for text in texts if "Visit booked" in text]) == 1
    assert len([text for text in texts if "Visit cancelled" in text]) == 1


async def test_a_limit_is_respected_and_the_order_kept(house: House) -> None:
    house.desk.limited = 1
    await house.happens("opened", "visit_booked")
    await house.turn()
    assert len(house.there.requests) == 1  # the comment waits behind its ticket
    house.now += dt.timedelta(seconds=80)
    await house.turn()
    assert len(house.there.requests) == 1  # Retry-After: 90
    house.now += dt.timedelta(seconds=15)
    await house.turn()
    assert await house.jobs() == [("open", "done"), ("comment", "done")]


async def test_away_for_hours_it_gets_everything_in_order(house: House) -> None:
    house.desk.limited = 5
    await house.happens("opened", "visit_booked", "resolved")
    await house.later()
    assert await house.jobs() == [("open", "done"), ("comment", "done"), ("close", "done")]


async def test_nothing_is_said_there_that_the_owner_no_longer_agrees_to(house: House) -> None:
    await house.happens("opened")
    await house.router.turn()
    async with house.vendor.store.writing() as session:
        await requests.decide(session, house.device, "service", False)
    await house.happens("visit_booked")
    await house.turn()
    assert house.desk.tickets == {}
    assert await house.jobs() == [("open", "dropped")]


async def test_a_hazard_is_urgent(house: House) -> None:
    async with house.vendor.store.writing() as session:
        (await session.get_one(CaseRecord, house.case)).hazard = True
    await house.happens("opened")
    await house.turn()
    [ticket] = house.desk.tickets.values()
    if house.desk.name == "zendesk":
        assert ticket["priority"] == "urgent"


async def test_what_was_over_before_it_had_a_ticket_gets_none(house: House) -> None:
    await house.happens("resolved")
    await house.turn()
    assert house.desk.tickets == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('system = "pigeon"', "Invalid enum value"),
        ('system = "zendesk"\nurl = "ftp://x"\nlogin = "a"\ntoken_file = "t"', "whole URL"),
        ('system = "jira"\nurl = "https://x.example"\nlogin = "a"\ntoken_file = "t"', "Jira needs"),
        ('system = "zendesk"\nurl = "https://x.example"\nlogin = "a"\ntoken_file = "t"\nmore = 1', "unknown field"),
        ("= x", "Invalid"),
    ],
)
def test_mistakes_in_its_settings_say_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / config.FILE).write_text(text)
    with pytest.raises(TicketsError, match=says):
        config.load(tmp_path)


def test_without_settings_there_are_no_tickets(tmp_path: Path) -> None:
    assert config.load(tmp_path) is None
