"""The routes of visits: the price is told before, roles are kept, an invitation replaces its earlier one, and whoever
looks stands in the owner's log."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from icalendar import Calendar
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, Vendor
from sqlalchemy import update
from trivet import api
from trivet.consent import uses
from trivet.passwords import hash_password
from trivet.registry import Identity
from trivet.store.tables import LoginRow, OwnershipRow, utcnow

pytestmark = pytest.mark.usefixtures("database")

ROLES = ("agent", "engineer", "privacy", "admin")
PLAN = {"postcodes": ["10"], "zone": "Europe/Berlin", "a_day": 4, "a_window": 2, "fee_minor": 8900}
ADDRESS = "Kantstraße 5, bei Feldmann, 10623 Berlin"
KEY = {"Idempotency-Key": "the first wish"}


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    oven: Identity
    case: int

    @asynccontextmanager
    async def as_(self, user: str, password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=(user, password)) as web:
            yield web

    async def registered(self, days_ago: int) -> None:
        """Its owner registered it then: the warranty runs from that day."""
        since = utcnow() - dt.timedelta(days=days_ago)
        async with self.vendor.store.writing() as session:
            await session.execute(update(OwnershipRow).values(since=since))

    async def approve(self, case: int) -> None:
        """An engineer has proposed a visit with what triage names, and approved it."""
        part = seeded.rich()["codes"][seeded.ELEMENT]["causes"][0]["part"]
        wish = {"step": "visit", "part": part, "why": "the element is open", "despite": True}
        async with self.as_("engineer") as web:
            path = f"/api/cases/{case}/proposals"
            made = await web.post(path, json=wish, headers={"Idempotency-Key": f"proposal of {case}"})
            assert made.status_code == 201, made.text
            number = made.json()["proposals"][0]["id"]
            assert (await web.post(f"{path}/{number}/approve", json={"why": "as it says"})).status_code == 200

    async def offer(self, web: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
        asked = {"postcode": "10623"} | more
        answer = await web.get(f"/api/cases/{self.case}/visit-offer", params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def book(self, web: httpx.AsyncClient, **changes: Any) -> httpx.Response:
        offer = await self.offer(web)
        window = offer["proposed"][0]
        wish = {"day": window["day"], "hour": window["hour"], "postcode": "10623", "address": ADDRESS}
        wish |= {"agreed_minor": offer["total_minor"]} | changes
        return await web.post(f"/api/cases/{self.case}/visits", json=wish, headers=KEY)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor:
        hashed = hash_password(PASSWORD)
        async with vendor.store.writing() as session:
            for role in ROLES:
                session.add(LoginRow(user=role, password_hash=hashed, role=role))
        app = api.create(vendor)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        made = House(vendor, app, oven, case)
        await made.registered(1000)
        await made.approve(case)
        async with made.as_("admin") as web:
            assert (await web.put("/api/areas/berlin", json=PLAN)).status_code == 200
        yield made


async def test_price_and_three_windows_are_told_before_anything_is_booked(house: House) -> None:
    async with house.as_("agent") as web:
        offer = await house.offer(web)
        assert (offer["area"], offer["currency"], offer["fee_minor"]) == ("berlin", "EUR", 8900)
        assert [(part["number"], part["price_minor"]) for part in offer["parts"]] == [("HE-2217-03", 6490)]
        assert offer["total_minor"] == 8900 + 6490
        assert len(offer["proposed"]) == 3
        assert all(window in offer["free"] for window in offer["proposed"])
        await house.registered(days_ago=30)
        covered = await house.offer(web)
        assert (covered["total_minor"], covered["fee_minor"], covered["warranty"]) == (0, 8900, True)
        assert [(part["price_minor"], part["owner_minor"]) for part in covered["parts"]] == [(6490, 0)]
        assert (await web.get(f"/api/cases/{house.case}/visits")).json() == []


async def test_a_visit_is_booked_moved_and_made(house: House) -> None:
    async with house.as_("agent") as web:
        answer = await house.book(web)
        assert answer.status_code == 201, answer.text
        visit = answer.json()
        assert (visit["state"], visit["parts"], visit["booked_by"]) == ("booked", ["HE-2217-03"], "agent")
        begins = dt.datetime.fromisoformat(visit["begins"])
        assert dt.datetime.fromisoformat(visit["ends"]) - begins == dt.timedelta(hours=2)
        assert (await house.book(web)).json()["id"] == visit["id"]  # the same wish under the same key
        other = (await house.offer(web))["free"][-1]
        window = {"day": other["day"], "hour": other["hour"]}
        moved = (await web.post(f"/api/visits/{visit['id']}/move", json=window)).json()
        assert (moved["day"], moved["hour"], moved["sequence"]) == (other["day"], other["hour"], 1)
        listed = (await web.get("/api/visits", params={"area": "berlin", "day": other["day"]})).json()
        assert [one["id"] for one in listed] == [visit["id"]]
        done = (await web.post(f"/api/visits/{visit['id']}/done")).json()
        assert (done["state"], done["ended_by"]) == ("done", "agent")
        timeline = (await web.get(f"/api/cases/{house.case}")).json()["timeline"]
        said = [entry["kind"] for entry in timeline if entry["kind"].startswith("visit") or entry["kind"] == "accepted"]
        assert said == ["accepted", "visit_booked", "visit_moved", "visit_done"]
        async with house.vendor.store.reading() as session:
            looked = {line.subject for line in await uses.of(session, house.oven.device)}
        assert f"visit {visit['id']}" in looked


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_book_and_who_may_change_areas(house: House, role: str) -> None:
    async with house.as_(role) as web:
        answer = await web.get(f"/api/cases/{house.case}/visit-offer", params={"postcode": "10623"})
        assert answer.status_code == (403 if role == "privacy" else 200)
        answer = await web.put("/api/areas/berlin", json=PLAN)
        assert answer.status_code == (200 if role == "admin" else 403)
        assert [area["name"] for area in (await web.get("/api/areas")).json()] == ["berlin"]


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"agreed_minor": 1}, 409, "price"),
        ({"postcode": "80331"}, 409, "no-area"),
        ({"parts": ["X-1"]}, 409, "no-such-part"),
        ({"day": "2020-01-01"}, 409, "taken"),
        ({"hour": 9}, 422, "invalid-parameters"),
        ({"address": ""}, 422, "invalid-parameters"),
        ({"else": 1}, 422, "invalid-parameters"),
    ],
)
async def test_a_wish_that_cannot_be_kept_says_why(
    house: House, changes: dict[str, Any], status: int, kind: str
) -> None:
    async with house.as_("agent") as web:
        answer = await house.book(web, **changes)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:trivet:problem:{kind}")
        assert (await web.get(f"/api/cases/{house.case}/visits")).json() == []
        for path in ("/api/cases/99/visit-offer?postcode=10623", "/api/visits/99/invitation.ics"):
            assert (await web.get(path)).status_code == 404


async def test_a_later_invitation_replaces_the_earlier_one(house: House) -> None:
    async with house.as_("agent") as web:
        visit = (await house.book(web)).json()
        path = f"/api/visits/{visit['id']}"
        first = await web.get(f"{path}/invitation.ics")
        assert first.headers["content-type"] == "text/calendar; charset=utf-8"
        await web.post(f"{path}/cancel", json={"why": "the owner is away"})
        second = await web.get(f"{path}/invitation.ics")
    [before], [after] = (Calendar.from_ical(one.content).events for one in (first, second))
    assert (before["uid"], before["sequence"], before["status"]) == (visit["uid"], 0, "CONFIRMED")
    assert (after["uid"], after["sequence"], after["status"]) == (visit["uid"], 1, "CANCELLED")
    assert [str(Calendar.from_ical(one.content)["method"]) for one in (first, second)] == ["PUBLISH", "CANCEL"]
    assert before.decoded("dtstart") == dt.datetime.fromisoformat(visit["begins"])
    assert before.decoded("dtend") == dt.datetime.fromisoformat(visit["ends"])
    assert str(before["location"]) == ADDRESS
    assert str(before["summary"]) == f"Techniker für Ihr Gerät: {visit['code']}"  # in the owner's language
    assert f"{visit['hour']:02d}:00" in str(before["description"])
    assert "153.90 EUR" in str(before["description"])


async def test_the_owner_sees_who_comes_and_may_say_no(house: House) -> None:
    async with house.as_("agent") as web:
        number = (await house.book(web)).json()["id"]
        other = await seeded.add_oven(house.vendor, "Another", None)
        elsewhere = await seeded.add_case(house.vendor, other.device, seeded.SENSOR)
        await house.approve(elsewhere)
        window = (await house.offer(web))["free"][5]
        wish = {"day": window["day"], "hour": window["hour"], "postcode": "10623", "address": ADDRESS}
        wish |= {"agreed_minor": 8900 + 6490}
        answer = await web.post(
            f"/api/cases/{elsewhere}/visits", json=wish, headers={"Idempotency-Key": "another wish"}
        )
        theirs = answer.json()["id"]
    mine = f"/api/my/devices/{house.oven.device}/visits"
    async with house.as_(OWNER, OWNER_PASSWORD) as web:
        assert [one["id"] for one in (await web.get(mine)).json()] == [number]
        assert (await web.get(f"{mine}/{number}/invitation.ics")).content.startswith(b"BEGIN:VCALENDAR")
        assert (await web.get(f"{mine}/{theirs}/invitation.ics")).status_code == 404
        assert (await web.post(f"{mine}/{theirs}/cancel", json={"why": "not mine"})).status_code == 404
        assert (await web.get(f"/api/my/devices/{other.device}/visits")).status_code == 404
        assert (await web.get(f"/api/cases/{house.case}/visits")).status_code == 401
        [gone] = (await web.post(f"{mine}/{number}/cancel", json={"why": "I am away"})).json()
        assert gone["state"] == "cancelled"
    async with house.as_("agent") as web:
        timeline = (await web.get(f"/api/cases/{house.case}")).json()["timeline"]
    assert (timeline[-1]["actor"], timeline[-1]["kind"]) == ("owner", "visit_cancelled")
    assert "cancelled by owner" in timeline[-1]["text"]
