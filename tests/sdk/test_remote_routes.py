"""Service sessions by API: begun, used and ended, once for one key; what they refuse, and the owner's hand on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import seeded
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, USER, Vendor
from sqlalchemy import select, update
from trivet import api
from trivet.cases import proposals
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.remote import heard
from trivet.store.remote import RemoteSessionRow
from trivet.store.tables import CatalogueRow

pytestmark = pytest.mark.usefixtures("database")
WHY = {"why": "the element is cold"}
ROUTINE = "top_element"


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"a key for {name}"}


@dataclass
class House:
    vendor: Vendor
    device: str
    case: int

    @asynccontextmanager
    async def as_(self, user: str = USER, password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(api.create(self.vendor))
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=(user, password)) as web:
            yield web

    @property
    def path(self) -> str:
        return f"/api/cases/{self.case}/sessions"

    async def connected(self) -> None:
        """The appliance says yes."""
        async with self.vendor.store.writing() as session:
            [row] = await session.scalars(select(RemoteSessionRow))
            await heard.answered(session, heard.Said(self.device, 7, 9), row.counter, 0)

    async def approved(self, fix: str) -> int:
        """A proposal of this fix; gives its number."""
        async with self.vendor.store.writing() as session:
            hand = Hand(session, self.case, DEFAULT, Actor("agent", USER))
            row = await proposals.propose(hand, proposals.Wish("as it says", "remote_fix", fix=fix))
            await proposals.decide(hand, row.id, proposals.APPROVE, "reversible")
            return row.id


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor:
        oven = await seeded.add_oven(vendor, "Oven", None)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        await seeded.add_owner(vendor, api.create(vendor).state.accounts, oven)
        tested = seeded.rich() | {"routines": [{"name": ROUTINE, "finds": ["element_top_open"]}]}
        async with vendor.store.writing() as session:
            await session.execute(update(CatalogueRow).values(rich_json=tested))
        yield House(vendor, oven.device, case)


async def test_a_session_is_begun_used_and_ended_once_for_one_key(house: House) -> None:
    async with house.as_() as web:
        begun = [await web.post(house.path, json=WHY, headers=key("begin")) for _ in range(2)]
        assert [one.status_code for one in begun] == [201, 201]
        [number] = {one.json()["id"] for one in begun}
        assert begun[0].json()["state"] == "asked"
        early = await web.post(f"{house.path}/{number}/tests", json=WHY | {"routine": ROUTINE}, headers=key("early"))
        assert (early.status_code, early.json()["type"]) == (409, "urn:trivet:problem:session-not-open")
        await house.connected()
        wish = WHY | {"routine": ROUTINE}
        tested = [await web.post(f"{house.path}/{number}/tests", json=wish, headers=key("test")) for _ in range(2)]
        assert [one.status_code for one in tested] == [201, 201]
        [act] = tested[1].json()["acts"]
        assert (act["what"], act["name"], act["state"]) == ("test", ROUTINE, "asked")
        ended = await web.delete(f"{house.path}/{number}", params=WHY)
        assert (ended.status_code, ended.json()["state"]) == (200, "ended")
        assert [one["id"] for one in (await web.get(house.path)).json()] == [number]


async def test_a_fix_is_what_an_approved_proposal_names(house: House) -> None:
    proposal = await house.approved("relearn")
    async with house.as_() as web:
        number = (await web.post(house.path, json=WHY, headers=key("begin"))).json()["id"]
        await house.connected()
        fixes = f"{house.path}/{number}/fixes"
        for wish, status, kind in (
            ({"fix": "restart", "proposal": proposal}, 409, "other-proposal"),
            ({"fix": "relearn", "proposal": proposal + 1}, 404, "no-such-proposal"),
            ({"fix": "hammer", "proposal": proposal}, 422, "invalid-parameters"),
        ):
            answer = await web.post(fixes, json=WHY | wish, headers=key(kind))
            assert (answer.status_code, answer.json()["type"]) == (status, f"urn:trivet:problem:{kind}")
        done = await web.post(fixes, json=WHY | {"fix": "relearn", "proposal": proposal}, headers=key("fix"))
        [act] = done.json()["acts"]
        assert (act["what"], act["name"], act["proposal"]) == ("fix", "relearn", proposal)
        early = await web.post(f"{fixes}/{act['id']}/undo", json=WHY, headers=key("undo"))
        assert (early.status_code, early.json()["type"]) == (409, "urn:trivet:problem:not-now")


async def test_its_owner_sees_it_and_ends_it(house: House) -> None:
    async with house.as_() as web:
        number = (await web.post(house.path, json=WHY, headers=key("begin"))).json()["id"]
        await house.connected()
    mine = f"/api/my/devices/{house.device}/sessions"
    async with house.as_(OWNER, OWNER_PASSWORD) as web:
        [shown] = (await web.get(mine)).json()
        assert (shown["id"], shown["state"]) == (number, "open")
        ended = await web.post(f"{mine}/{number}/stop")
        assert [one["state"] for one in ended.json()] == ["ended"]
    async with house.as_() as web:
        late = await web.post(f"{house.path}/{number}/tests", json=WHY | {"routine": ROUTINE}, headers=key("late"))
        assert (late.status_code, late.json()["type"]) == (409, "urn:trivet:problem:session-not-open")
