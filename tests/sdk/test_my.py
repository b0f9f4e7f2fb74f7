"""An owner's interface: what it says of their own appliance, and that nobody else's exists for them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, USER, Vendor
from sqlalchemy import func, select
from trivet import api, desk
from trivet.api import my_schemas, schemas
from trivet.api.accounts import LINK_MADE, LINK_USED, Person
from trivet.api.schemas_export import Export
from trivet.consent import texts, uses
from trivet.registry import Identity
from trivet.store.privacy import RequestRow, UseRow
from trivet.store.tables import CommandRow, OwnershipRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

EVE = ("eve@example.com", "eve's own words")
MODELS = [m for m in vars(my_schemas).values() if isinstance(m, type) and issubclass(m, schemas.Schema)]


@dataclass
class House:
    """Ada with her oven and a week of its life, Eve with hers; `web` is Ada's client, `eve` Eve's."""

    vendor: Vendor
    app: FastAPI
    oven: Identity
    others: Identity
    unclaimed: Identity
    web: httpx.AsyncClient
    eve: httpx.AsyncClient


def client(app: FastAPI, mail: str, password: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", auth=(mail, password))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        oven, others, unclaimed = [await seeded.add_oven(vendor, f"Oven {n}", None) for n in range(3)]
        await seeded.add_owner(vendor, app.state.accounts, oven)
        await app.state.accounts.open(
            others.device, others.claim_secret, Person("Eve", "eve@example.com"), "eve's own words"
        )
        for device in (oven.device, others.device):
            await seeded.add_past(vendor, device)
            await seeded.add_case(vendor, device, seeded.ELEMENT)
        async with client(app, OWNER, OWNER_PASSWORD) as web, client(app, *EVE) as eve:
            yield House(vendor, app, oven, others, unclaimed, web, eve)


async def test_the_owner_sees_how_it_is_and_what_it_may_send(house: House) -> None:
    found = (await house.web.get(f"/api/my/devices/{house.oven.device}", params={"language": "de"})).json()
    assert found["device"]["name"] == "Oven 0"
    assert [one["text"]["de"]["title"] for one in found["troubles"]] == ["Das obere Heizelement heizt nicht"]
    stands = {one["purpose"]: one for one in found["consents"]}
    assert list(stands) == list(ids.PURPOSE_NAMES)
    assert {name: one["granted"] for name, one in stands.items()} == {
        "safety": True, "service": True, "improve": False, "personal": False, "offers": False,
    }  # fmt: skip
    assert stands["service"]["decision"]["text_hash"] == stands["service"]["text"]["hash"]
    assert stands["service"]["text"]["title"] == "Kundendienst"


async def test_every_message_says_why_it_was_sent(house: House) -> None:
    lines = (await house.web.get(f"/api/my/devices/{house.oven.device}/sent")).json()
    assert len(lines) == len(seeded.MESSAGES)
    fault = next(line for line in lines if line["what"] == "fault")
    assert (fault["code"], fault["size"], fault["purpose"]) == (seeded.CODES[seeded.ELEMENT], 49, "service")
    assert fault["because"]["granted"] is True
    assert fault["because"]["channel"] == "appliance"
    assert [line["what"] for line in lines][-3:] == ["consent_yes", "inventory", "consent_yes"]
    for line in lines:
        assert (line["because"] is None) == (line["purpose"] == "safety"), line


async def test_who_looked_is_listed_and_the_owners_own_looks_are_not(house: House) -> None:
    device = house.oven.device
    lines = (await house.web.get(f"/api/my/devices/{device}/uses")).json()
    assert {(line["who"], line["subject"]) for line in lines} == {(USER, "case 1"), (USER, "contact")}
    async with house.vendor.store.reading() as session:
        own = await session.scalars(select(UseRow.who).where(UseRow.device == device, UseRow.purpose == "own"))
        assert [who.partition(" ")[0] for who in own] == ["owner"]
    staff = [uses.Use(device, "own", "log of uses")]  # of the vendor, under the owner's right: not the owner
    await uses.write(house.vendor.store, "privacy", "The owner's log", staff)
    lines = (await house.web.get(f"/api/my/devices/{device}/uses")).json()
    assert ("privacy", "log of uses") in {(line["who"], line["subject"]) for line in lines}


async def test_a_decision_is_pending_until_the_appliance_says_so(house: House) -> None:
    path, shown = f"/api/my/devices/{house.oven.device}/consents/improve", texts.text("improve", "de")
    old = await house.web.put(path, json={"granted": True, "text_hash": shown.hash ^ 1, "language": "de"})
    assert (old.status_code, old.json()["type"]) == (409, "urn:trivet:problem:other-text")
    body = {"granted": True, "text_hash": shown.hash, "language": "de"}
    found = (await house.web.put(path, json=body)).json()
    improve = next(one for one in found["consents"] if one["purpose"] == "improve")
    assert (improve["sync"], improve["granted"], improve["allowed"]) == ("pending", False, False)
    found = (await house.web.put(path.replace("improve", "service"), json=decline("service"))).json()
    service = next(one for one in found["consents"] if one["purpose"] == "service")
    assert (service["sync"], service["granted"], service["allowed"]) == ("pending", True, False)
    safety = await house.web.put(path.replace("improve", "safety"), json=decline("safety"))
    assert (safety.status_code, safety.json()["type"]) == (409, "urn:trivet:problem:not-decidable")
    happened = (await house.web.get(f"/api/my/devices/{house.oven.device}/happened")).json()
    assert [(one["what"], one["state"], one["grant"]) for one in happened if one["kind"] == "command"] == [
        ("consent", "open", "account")
    ] * 2


def decline(purpose: str) -> dict[str, Any]:
    return {"granted": False, "text_hash": texts.text(purpose, "en").hash, "language": "en"}


PAGES = [("GET", "export.json"), ("GET", "export.zip"), ("GET", "give"), ("GET", "erase")]
PAGES += [("GET", "receipt/1")]
PAGES += [("POST", "give"), ("POST", "erase")]


async def enter(web: httpx.AsyncClient, mail: str, password: str) -> None:
    """Sign in as a browser does."""
    web.auth = None
    assert (await web.post("/my/login", data={"user": mail, "password": password})).status_code == 303


def attacks(app: FastAPI, device: str) -> list[tuple[str, str]]:
    """Every owners' route that names an appliance, and every page."""
    found = [
        (
            method.upper(),
            path.format(device_id=device, purpose="service", seq=1, number=1, case_id=1, act="decline", name="clean"),
        )
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/my/") and "{device_id}" in path
    ]
    assert len(found) >= 5
    return found


SURE = {"sure": True}
BODIES: dict[str, Any] = {"/consents/service": decline("service"), "/release": SURE, "/erase": SURE}
BODIES |= {"/answer": {"answer": "yes"}, "/hours": {"hours": [], "minutes": 0}}
BODIES |= {
    "/cancel": {"why": "away"},
    "/decline": {"why": "not now"},
    "/feedback": {"fixed": True},
    "/care/clean": {"on": False},
}


async def ask(web: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    body = next((body for end, body in BODIES.items() if path.endswith(end)), {})
    return await web.request(method, path, json=body)


async def test_somebody_elses_appliance_does_not_exist(house: House) -> None:
    """Whether it is Eve's, nobody's, or of nobody at all: one answer, nothing done, nothing logged."""
    for device in (house.others.device, house.unclaimed.device, "0" * 16):
        for method, path in attacks(house.app, device):
            answer = await ask(house.web, method, path)
            assert answer.status_code == 404, (method, path, answer.text)
            body = answer.json()
            body.pop("instance")
            assert body == {
                "type": "urn:trivet:problem:no-such-device",
                "title": "No such device",
                "status": 404,
                "detail": f"You have no appliance {device}.",
            }
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(RequestRow)) == 0
        assert await session.scalar(select(func.count()).select_from(CommandRow)) == 0
        assert await session.scalar(select(func.count()).select_from(UseRow).where(UseRow.purpose == "own")) == 0


async def test_no_page_acts_on_somebody_elses_appliance(house: House) -> None:
    await enter(house.web, OWNER, OWNER_PASSWORD)
    sure = {"sure": "yes", "password": OWNER_PASSWORD}
    for device in (house.others.device, house.unclaimed.device, "0" * 16, "%2e%2e", "a%2fb"):
        for method, page in PAGES:
            answer = await house.web.request(method, f"/my/{device}/{page}", data=sure if method == "POST" else None)
            assert answer.status_code == 404, (device, page)
            assert house.others.device not in answer.text
    assert (await house.eve.get(f"/api/my/devices/{house.others.device}")).status_code == 200  # nothing happened to it


async def test_what_cannot_be_taken_back_asks_for_the_password_once_more(house: House) -> None:
    await enter(house.web, OWNER, OWNER_PASSWORD)
    device = house.oven.device
    for page in ("give", "erase"):
        path = f"/my/{device}/{page}"
        for form, status in (
            ({}, 409),
            ({"password": OWNER_PASSWORD}, 409),
            ({"sure": "yes", "password": "wrong"}, 401),
            ({"sure": "yes", "password": "x" * 5000}, 413),
        ):
            assert (await house.web.post(path, data=form)).status_code == status, (page, form)
    assert (await house.web.get(f"/my/{device}/export.json")).status_code == 200


async def test_an_export_holds_everything_of_theirs_and_nothing_of_others(house: House) -> None:
    await enter(house.web, OWNER, OWNER_PASSWORD)
    answer = await house.web.get(f"/my/{house.oven.device}/export.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    found = answer.json()
    assert len(found["messages"]) == len(seeded.MESSAGES)
    assert len(found["consents"]) == len(seeded.DECISIONS)
    assert [one["email"] for one in found["ownership"]] == [OWNER]
    assert house.others.device not in answer.text
    packed = await house.web.get(f"/my/{house.oven.device}/export.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("messages_fault.csv").decode())))
    assert [row["code"] for row in rows] == [seeded.CODES[seeded.ELEMENT]] * 2


async def test_programs_take_along_give_away_and_erase_too(house: House) -> None:
    base = f"/api/my/devices/{house.oven.device}"
    found = Export.model_validate((await house.web.get(f"{base}/export")).json())
    assert len(found.messages) == len(seeded.MESSAGES)
    receipt = await house.web.get(f"{base}/receipts/1")
    assert receipt.headers["content-type"].startswith("application/ld+json")
    assert (await house.web.get(f"{base}/receipts/999")).json()["type"] == "urn:trivet:problem:no-such-decision"
    for action in ("release", "erase"):
        assert (await house.web.post(f"{base}/{action}", json={"sure": False})).status_code == 422
    done = (await house.web.post(f"{base}/erase", json=SURE)).json()
    assert done["clean"] is True
    assert (await house.web.get("/api/my/devices")).status_code == 401  # the account went too
    theirs = f"/api/my/devices/{house.others.device}"
    assert (await house.eve.post(f"{theirs}/release", json=SURE)).status_code == 204
    assert (await house.eve.get(theirs)).status_code == 404


async def test_an_erasure_takes_the_account_along_and_says_what_it_found(house: House) -> None:
    await enter(house.web, OWNER, OWNER_PASSWORD)
    sure = {"sure": "yes", "password": OWNER_PASSWORD}
    answer = await house.web.post(f"/my/{house.oven.device}/erase", data=sure)
    assert answer.status_code == 200
    assert "none was found" in answer.text
    assert "Your account is gone too" in answer.text
    assert (await house.web.get("/my")).status_code == 303  # the session died with the account
    assert (await house.web.post("/my/login", data={"user": OWNER, "password": OWNER_PASSWORD})).status_code == 401


async def test_a_link_for_the_password_is_made_and_used_in_the_owners_sight(house: House) -> None:
    accounts = house.app.state.accounts
    await accounts.set_password(await accounts.link(1), "", "a newer sentence")
    async with client(house.app, OWNER, "a newer sentence") as web:
        happened = (await web.get(f"/api/my/devices/{house.oven.device}/happened")).json()
        assert [one["words"] for one in happened if one["what"] == "account"] == [LINK_USED, LINK_MADE]
    happened = (await house.eve.get(f"/api/my/devices/{house.others.device}/happened")).json()
    assert not [one for one in happened if one["what"] == "account"]


async def test_what_was_given_away_keeps_no_account(house: House) -> None:
    await house.app.state.accounts.add(1, house.unclaimed.device, house.unclaimed.claim_secret)
    await enter(house.web, OWNER, OWNER_PASSWORD)
    sure = {"sure": "yes", "password": OWNER_PASSWORD}
    given = await house.web.post(f"/my/{house.unclaimed.device}/give", data=sure)
    assert "not yours any more" in given.text
    erased = await house.web.post(f"/my/{house.oven.device}/erase", data=sure)
    assert "Your account is gone too" in erased.text


async def test_a_changed_password_ends_other_sessions_and_keeps_this_one(house: House) -> None:
    await enter(house.web, OWNER, OWNER_PASSWORD)
    other = httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url="http://desk.test")
    async with other:
        await enter(other, OWNER, OWNER_PASSWORD)
        wrong = await house.web.post("/my/account", data={"present": "guess", "password": "a newer sentence"})
        weak = await house.web.post("/my/account", data={"present": OWNER_PASSWORD, "password": "short"})
        assert (wrong.status_code, weak.status_code) == (401, 409)
        done = await house.web.post("/my/account", data={"present": OWNER_PASSWORD, "password": "a newer sentence"})
        assert (done.status_code, done.headers["location"]) == (303, "/my")
        assert (await house.web.get("/my/account")).status_code == 200
        assert (await other.get("/my/account")).status_code == 303


async def test_after_it_was_given_away_everything_is_closed_and_the_next_owner_sees_nothing_of_before(
    house: House,
) -> None:
    device = house.oven.device
    assert (await house.web.get(f"/api/my/devices/{device}")).status_code == 200
    await house.vendor.registry.release(device)
    for method, path in attacks(house.app, device):
        assert (await ask(house.web, method, path)).status_code == 404
    assert (await house.web.get("/api/my/devices")).json() == []
    sticker = {"device": device, "secret": house.oven.claim_secret}
    assert (await house.eve.post("/api/my/claim", json=sticker)).json()["device"] == device
    assert (await house.eve.get(f"/api/my/devices/{device}/sent")).json() == []
    assert (await house.eve.get(f"/api/my/devices/{device}")).json()["troubles"] == []
    for method, path in attacks(house.app, device):
        assert (await ask(house.web, method, path)).status_code == 404


async def test_a_sticker_brings_no_appliance_that_has_an_owner(house: House) -> None:
    for sticker in (
        {"device": house.others.device, "secret": house.others.claim_secret},
        {"device": house.unclaimed.device, "secret": "0" * 16},
        {"device": "0" * 16, "secret": house.unclaimed.claim_secret},
    ):
        assert (await house.web.post("/api/my/claim", json=sticker)).status_code == 409
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OwnershipRow)) == 2


async def test_agents_are_no_owners(house: House) -> None:
    async with client(house.app, USER, PASSWORD) as agent:
        for path in ("/api/my/devices", f"/api/my/devices/{house.oven.device}"):
            answer = await agent.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_says_what_it_is(model: type[schemas.Schema]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
