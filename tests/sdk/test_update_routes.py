"""The routes for updates: who may offer and withdraw, what is shown, the owner's word, and that everybody who looks
stands in the owner's log."""

import base64
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import seeded
import updates_seed as seed
from fastapi import FastAPI
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, Vendor
from trivet import api
from trivet.consent import uses
from trivet.passwords import hash_password
from trivet.registry import Identity
from trivet.release import hands, keyset
from trivet.release.roots import KeyManifest, Roots
from trivet.store.tables import LoginRow, utcnow
from trivet.store.updates import ROLLED_BACK, ReleaseRow
from trivet.updates import keyring
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

ROLES = ("agent", "engineer", "privacy", "admin")


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    oven: Identity
    release: ReleaseRow

    @asynccontextmanager
    async def as_(self, user: str, password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=(user, password)) as web:
            yield web

    @property
    def path(self) -> str:
        return f"/api/devices/{self.oven.device}/updates"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Releases here are rows without a maker: that signatures are judged is shown by test_publish.py."""
    monkeypatch.setattr(keyring, "believed", lambda *_: ["00"])
    async with seeded.open_vendor(tmp_path) as vendor:
        hashed = hash_password(PASSWORD)
        async with vendor.store.writing() as session:
            for role in ROLES:
                session.add(LoginRow(user=role, password_hash=hashed, role=role))
        app = api.create(vendor)
        oven = await seeded.add_oven(vendor, "Oven", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        yield House(vendor, app, oven, await seed.add_release(vendor, "1.6.0", 6, days=10))


@pytest.mark.parametrize("role", ROLES)
async def test_engineers_and_admins_offer_and_withdraw(house: House, role: str) -> None:
    async with house.as_(role) as web:
        answer = await web.post(house.path, json={"version": "1.6.0"})
        if role not in ("engineer", "admin"):
            assert answer.status_code == 403
            assert answer.json()["type"] == "urn:trivet:problem:not-your-role"
            return
        assert answer.status_code == 202
        [offered] = answer.json()["open"]
        assert (offered["state"], offered["who"], offered["security"]) == ("queued", role, True)
        assert offered["notes"]["de"].startswith("Der Ofen")
        again = await web.post(house.path, json={"version": "1.6.0"})
        assert (again.status_code, again.json()["type"]) == (409, "urn:trivet:problem:open")
        gone = await web.delete(f"{house.path}/{offered['id']}")
        assert gone.status_code == 200
        assert [(one["state"], one["withdrawn_by"]) for one in gone.json()["history"]] == [("withdrawn", role)]
        assert (await web.delete(f"{house.path}/{offered['id']}")).status_code == 409


@pytest.mark.parametrize("role", ["agent", "admin"])
async def test_the_next_release_keys_are_taken_over_and_offered(house: House, tmp_path: Path, role: str) -> None:
    old, new = (hands.open_hand(f"file:{tmp_path / name}", make=True) for name in ("old.key", "new.key"))
    first = Roots(1, 1, False, (old.key,))
    second = Roots(2, 1, False, (new.key,), (old.key.kid,))
    manifest = keyset.sign(KeyManifest(second.encode()), first, second, [old, new]).encode()
    body = {"manifest": base64.b64encode(manifest).decode()}
    async with house.as_(role) as web:
        assert (await web.get("/api/release-keys")).json()["type"].endswith("keys")
        keyring.keep(house.vendor.settings.updates_dir, first.encode())
        if role == "agent":
            assert (await web.post("/api/release-keys", json=body)).status_code == 403
            return
        assert (await web.post(house.path, json={"keys": 2})).json()["type"].endswith("no-such-keys")
        damaged = base64.b64encode(manifest[:-1] + b"x").decode()
        assert (await web.post("/api/release-keys", json={"manifest": damaged})).status_code == 409
        assert (await web.post("/api/release-keys", json={"manifest": "A" * 20_000})).status_code == 422
        for _ in range(2):  # again it changes nothing
            taken = (await web.post("/api/release-keys", json=body)).json()
        assert (taken["number"], taken["threshold"], taken["revoked"]) == (2, 1, [old.key.kid.hex()])
        assert [(one["kid"], one["algorithm"]) for one in taken["keys"]] == [(new.key.kid.hex(), "ESP256")]
        assert [(one["number"], one["taken_by"]) for one in taken["taken"]] == [(2, role)]
        assert (await web.get("/api/release-keys")).json() == taken
        assert (await web.post(house.path, json={"keys": 2, "version": "1.6.0"})).status_code == 422
        assert (await web.post(house.path, json={})).status_code == 422
        answer = await web.post(house.path, json={"keys": 2})
        assert answer.status_code == 202
        [offered] = answer.json()["open"]
        assert (offered["what"], offered["sequence"], offered["state"], offered["who"]) == ("keys", 2, "queued", role)


async def test_what_is_not_there_is_a_404(house: House) -> None:
    async with house.as_("engineer") as web:
        assert (await web.post(house.path, json={"version": "9.9"})).json()["type"].endswith("no-such-release")
        assert (await web.post(house.path, json={"version": "9.9"})).status_code == 404
        assert (await web.delete(f"{house.path}/77")).status_code == 404
        assert (await web.get(house.path.replace(house.oven.device, "0" * 16))).status_code == 404
        assert (await web.post(house.path, json={"version": ""})).status_code == 422


async def test_everybody_of_the_vendor_sees_what_is_published_and_how_far_it_is(house: House) -> None:
    await seed.ended(house.vendor, house.oven.device, house.release, ROLLED_BACK, ids.R_FAULT, event=seeded.ELEMENT)
    async with house.as_("agent") as web:
        [release] = (await web.get("/api/releases")).json()
        assert (release["version"], release["model"], release["security"]) == ("1.6.0", "oven", True)
        assert (await web.get("/api/releases", params={"model": "washer"})).json() == []
        found = (await web.get(house.path)).json()
    [past] = found["history"]
    assert (past["state"], past["says"]) == ("rolled back", "a new fault appeared")
    assert past["report"]["code"] == seeded.CODES[seeded.ELEMENT]
    assert past["report"]["signed"] is True
    async with house.vendor.store.reading() as session:
        lines = await uses.of(session, house.oven.device)
    assert ("agent", "updates", "safety") in {(line.who, line.subject, line.purpose) for line in lines}


async def test_the_owner_sees_it_and_says_their_word(house: House) -> None:
    number = await seed.offered(house.vendor, house.oven.device, house.release)
    mine = f"/api/my/devices/{house.oven.device}"
    async with house.as_(OWNER, OWNER_PASSWORD) as web:
        [offered] = (await web.get(f"{mine}/updates")).json()["open"]
        assert (offered["id"], offered["answer"]) == (number, None)
        until = (utcnow() + dt.timedelta(days=300)).isoformat()
        word = f"{mine}/updates/{number}/answer"
        said = await web.put(word, json={"answer": "later", "until": until})
        assert said.status_code == 200
        answer = said.json()["open"][0]["answer"]
        assert (answer["answer"], answer["state"], answer["until"]) == ("later", "pending", offered["deadline"])
        assert (await web.put(word, json={"answer": "no"})).json()["type"].endswith("security")
        assert (await web.put(word, json={"answer": "later", "until": "2027-01-01T00:00:00"})).status_code == 422
        assert (await web.put(f"{mine}/updates/77/answer", json={"answer": "yes"})).status_code == 404
        said = await web.put(f"{mine}/hours", json={"hours": [22, 23], "minutes": 60, "zone": "Europe/Berlin"})
        assert said.json()["excluded"]["hours"] == [22, 23]
        assert said.json()["excluded"]["state"] == "pending"
        many = await web.put(f"{mine}/hours", json={"hours": list(range(21)), "minutes": 0})
        assert (many.status_code, many.json()["type"]) == (409, "urn:trivet:problem:too-many-hours")


async def test_an_owner_cannot_offer_and_the_vendor_cannot_speak_for_them(house: House) -> None:
    number = await seed.offered(house.vendor, house.oven.device, house.release)
    async with house.as_(OWNER, OWNER_PASSWORD) as web:
        assert (await web.post(house.path, json={"version": "1.6.0"})).status_code == 401
    async with house.as_("admin") as web:
        answer = f"/api/my/devices/{house.oven.device}/updates/{number}/answer"
        assert (await web.put(answer, json={"answer": "yes"})).status_code == 401


async def test_a_new_owner_does_not_see_the_updates_of_the_one_before(house: House) -> None:
    await seed.ended(house.vendor, house.oven.device, house.release, ROLLED_BACK, ids.R_FAULT)
    await house.vendor.registry.release(house.oven.device)
    await house.app.state.accounts.open(
        house.oven.device,
        house.oven.claim_secret,
        api.accounts.Person("Bo", "bo@example.com"),  # type: ignore[attr-defined]
        "the next one's words",
    )
    async with house.as_("bo@example.com", "the next one's words") as web:
        found = (await web.get(f"/api/my/devices/{house.oven.device}/updates")).json()
    assert (found["open"], found["history"], found["excluded"]) == ([], [], None)
