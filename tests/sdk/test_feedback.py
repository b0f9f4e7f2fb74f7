"""The one question after closing: asked once, answered once; it lands on the timeline and in the rates, and a no opens
the case again and calls a person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from receiver_kit import receiver
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, USER, Vendor
from sqlalchemy import func, select
from trivet import api
from trivet.cases import outcomes, work
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.notify.config import Channel, Config
from trivet.notify.plan import Plan
from trivet.notify.sender import Teller
from trivet.outward.router import Router
from trivet.store.cases import CaseWorkRow, FeedbackRow
from trivet.store.notices import NoticeRow
from trivet.store.tables import RESOLVED, CaseEventRow, CaseRecord, utcnow


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    device: str
    case: int
    web: httpx.AsyncClient

    async def close(self, kind: str = "fixed") -> None:
        async with self.vendor.store.writing() as session:
            hand = Hand(session, self.case, DEFAULT, Actor("technician", "tom"))
            cause = None if kind == "no_fault_found" else "element_top_open"
            await outcomes.close(hand, outcomes.Form(kind, cause))

    async def heals(self) -> None:
        """The appliance says that it is over."""
        async with self.vendor.store.writing() as session:
            case = await session.get_one(CaseRecord, self.case)
            case.state = RESOLVED
            await work.ended(session, case, DEFAULT, utcnow())

    async def mine(self) -> dict[str, Any]:
        [found] = (await self.web.get(f"/api/my/devices/{self.device}/cases")).json()
        return dict(found)

    async def say(self, *, fixed: bool, words: str = "") -> httpx.Response:
        path = f"/api/my/devices/{self.device}/cases/{self.case}/feedback"
        return await self.web.post(path, json={"fixed": fixed, "words": words})

    async def entries(self) -> list[CaseEventRow]:
        query = select(CaseEventRow).where(CaseEventRow.case == self.case).order_by(CaseEventRow.id)
        async with self.vendor.store.reading() as session:
            return list(await session.scalars(query))

    async def rates(self) -> dict[str, Any]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", auth=(USER, PASSWORD)) as agent:
            return dict((await agent.get("/api/rates", params={"model": "oven"})).json())


pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://my", auth=(OWNER, OWNER_PASSWORD)) as web:
            yield House(vendor, app, oven.device, case, web)


async def test_nothing_is_asked_before_the_case_is_closed_nor_after_a_wrong_part(house: House) -> None:
    assert (await house.mine())["asked"] is False
    early = await house.say(fixed=True)
    assert (early.status_code, early.json()["type"]) == (409, "urn:trivet:problem:not-asked")
    await house.close("wrong_part")
    assert (await house.mine())["asked"] is False


async def test_a_yes_lands_on_the_timeline_and_in_the_rates_once(house: House) -> None:
    await house.close()
    assert (await house.mine())["asked"] is True
    assert [(await house.rates())[name] for name in ("asked", "answered", "fixed_by_owner")] == [1, 0, None]
    [found] = (await house.say(fixed=True, words="Pizza is fine again.")).json()
    assert (found["asked"], found["fixed"], found["closed_at"] is None) == (False, True, False)
    last = (await house.entries())[-1]
    assert (last.kind, last.actor, last.data_json["why"]) == ("feedback", "owner", "Pizza is fine again.")
    rates = await house.rates()
    assert [rates[name] for name in ("asked", "answered", "said_fixed", "fixed_by_owner")] == [1, 1, 1, 1.0]
    again = await house.say(fixed=False)
    assert (again.status_code, again.json()["type"]) == (409, "urn:trivet:problem:not-asked")


async def test_a_no_opens_the_case_again_and_calls_a_person(house: House) -> None:
    await house.close()
    [found] = (await house.say(fixed=False, words="Still cold on top.")).json()
    assert found["closed_at"] is None
    assert [entry.kind for entry in await house.entries()][-3:] == ["feedback", "reopened", "escalated"]
    async with house.vendor.store.reading() as session:
        row = await session.get_one(CaseWorkRow, house.case)
    assert (row.escalated, row.resolved_at) == (True, None)
    assert (await house.rates())["fixed_by_owner"] == 0.0
    await house.close("no_fault_found")  # the next closing asks anew
    assert (await house.mine())["asked"] is True


async def test_where_the_same_fault_has_another_open_case_a_person_looks_at_that_one(house: House) -> None:
    await house.close()
    other = await seeded.add_case(house.vendor, house.device, seeded.ELEMENT, operation=8)
    await house.say(fixed=False)
    async with house.vendor.store.reading() as session:
        assert (await session.get_one(CaseRecord, house.case)).state == RESOLVED
        assert (await session.get_one(CaseWorkRow, other)).escalated is True


async def test_what_healed_by_itself_and_nobody_touched_is_not_asked_about(house: House) -> None:
    await house.heals()
    assert (await house.mine())["asked"] is False
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FeedbackRow)) == 0


async def test_one_message_asks_and_no_second_one_ever_does(house: House) -> None:
    async with receiver() as there:
        host = there.url.removeprefix("http://").removesuffix("/hook")
        to = Config("UTC", (), channels={"mail": Channel(f"json://{host}/mail?-to={{address}}")})
        router, teller = (
            Router(house.vendor.store, [Plan(to)]),
            Teller(house.vendor.store, to, "https://desk.example.com"),
        )

        async def turn() -> None:
            await router.turn()
            while await teller.turn():
                pass

        await turn()
        await house.close("wrong_part")
        await turn()
        assert there.requests == []  # nothing is over
        await house.close()
        await turn()
        await turn()
        [request] = there.requests
        told = json.loads(request.body)
        assert told["title"] == "Oven in the kitchen: ist es behoben?"
        assert "https://desk.example.com/my" in told["message"]
        await house.say(fixed=True)
        await turn()
        assert len(there.requests) == 1
    async with house.vendor.store.reading() as session:
        assert list(await session.scalars(select(NoticeRow.kind))) == ["closed_asked"]


async def test_an_answer_goes_with_its_case(house: House) -> None:
    await house.close()
    await house.say(fixed=True, words="my very own words")
    [kept] = (await house.web.get(f"/api/my/devices/{house.device}/export")).json()["feedback"]
    assert (kept["case"], kept["fixed"], kept["words"]) == (house.case, True, "my very own words")
    await house.vendor.registry.release(house.device)
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FeedbackRow)) == 0
