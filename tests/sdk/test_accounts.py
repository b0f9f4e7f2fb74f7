"""Owners' accounts: what a sticker opens, what it never opens, and that neither door leads into the other's rooms."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import seeded
from fastapi import FastAPI
from seeded import PASSWORD, USER, Vendor
from sqlalchemy import func, select
from trivet import api, desk
from trivet.api.accounts import AccountError, Accounts, Person, checked_mail
from trivet.registry import RegistryError
from trivet.store.tables import OwnerLoginRow, OwnerRow, OwnershipRow

pytestmark = pytest.mark.usefixtures("database")

WORDS = "the oven is warm at six"
ADA = Person("Ada Feldmann", "Ada.Feldmann@example.com", "+49 30 5550 142", "de")
EVE = Person("Eve", "eve@example.com")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    app = api.create(vendor)
    desk.mount(app)
    return app


@pytest.fixture
def accounts(app: FastAPI) -> Accounts:
    accounts: Accounts = app.state.accounts
    return accounts


@pytest.fixture
async def web(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
        yield web


async def owns(vendor: Vendor) -> dict[str, int]:
    """Who owns which appliance now."""
    query = select(OwnershipRow.device, OwnershipRow.owner).where(OwnershipRow.until.is_(None))
    async with vendor.store.reading() as session:
        return {row.device: row.owner for row in await session.execute(query)}


async def test_a_sticker_opens_an_account_and_a_second_one_joins_it(vendor: Vendor, accounts: Accounts) -> None:
    oven, washer = await vendor.registry.enrol("oven"), await vendor.registry.enrol("washer")
    owner = await accounts.open(oven.device, oven.claim_secret, ADA, WORDS)
    await accounts.add(owner, washer.device, washer.claim_secret.lower())
    await accounts.add(owner, washer.device, washer.claim_secret)  # twice is once
    assert await owns(vendor) == {oven.device: owner, washer.device: owner}


async def test_nothing_is_made_for_a_wrong_sticker_or_a_weak_password(vendor: Vendor, accounts: Accounts) -> None:
    oven = await vendor.registry.enrol("oven")
    with pytest.raises(RegistryError, match="sticker"):
        await accounts.open(oven.device, "0" * 16, ADA, WORDS)
    with pytest.raises(RegistryError, match="sticker"):
        await accounts.open("0" * 16, oven.claim_secret, ADA, WORDS)
    for password in ("short", "aaaaaaaaaaaa", "ada.feldmann@example.com", "Ada Feldmann", "x" * 257):
        with pytest.raises(AccountError) as error:
            await accounts.open(oven.device, oven.claim_secret, ADA, password)
        assert error.value.kind == "password"
    await vendor.registry.revoke(oven.device)
    with pytest.raises(RegistryError, match="sticker"):
        await accounts.open(oven.device, oven.claim_secret, ADA, WORDS)
    async with vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OwnerRow)) == 0
        assert await session.scalar(select(func.count()).select_from(OwnerLoginRow)) == 0


async def test_ones_own_sticker_never_opens_somebody_elses_account(vendor: Vendor, accounts: Accounts) -> None:
    """Eve owns a washer and knows Ada's address and phone number."""
    oven, washer, dryer = [await vendor.registry.enrol("oven") for _ in range(3)]
    ada = await accounts.open(oven.device, oven.claim_secret, ADA, WORDS)
    with pytest.raises(AccountError) as error:
        await accounts.open(washer.device, washer.claim_secret, Person("Eve", ADA.mail.upper()), "eve knows a password")
    assert error.value.kind == "known"
    eve = await accounts.open(
        washer.device, washer.claim_secret, Person("Eve", EVE.mail, ADA.phone), "eve knows a password"
    )
    assert eve != ada
    # Ada's mail address alone, before she has an account, joins nobody to what support registered for her
    await vendor.registry.claim(dryer.device, dryer.claim_secret, "Bob", email="bob@example.com")
    for person in (EVE, Person("Eve", "bob@example.org"), Person("Eve", "other@example.com", "-")):
        with pytest.raises(AccountError) as error:
            await accounts.add(eve, dryer.device, dryer.claim_secret)
        assert error.value.kind == "owned"
        with pytest.raises(AccountError):
            await accounts.open(dryer.device, dryer.claim_secret, person, WORDS)
    fourth = await vendor.registry.enrol("oven")
    mallory = await accounts.open(fourth.device, fourth.claim_secret, Person("M", "bob@example.com"), WORDS)
    assert (await owns(vendor))[dryer.device] != mallory


async def test_an_appliance_that_support_registered_opens_for_the_same_person_with_its_sticker(
    vendor: Vendor, accounts: Accounts
) -> None:
    ovens = [await vendor.registry.enrol("oven") for _ in range(2)]
    for oven in ovens:
        number = await vendor.registry.claim(oven.device, oven.claim_secret, "Ada", email=ADA.mail)
    first = await accounts.open(ovens[0].device, ovens[0].claim_secret, ADA, WORDS)
    assert (await owns(vendor)) == {ovens[0].device: first, ovens[1].device: number}  # each needs its own sticker
    await accounts.add(first, ovens[1].device, ovens[1].claim_secret)
    assert set((await owns(vendor)).values()) == {first}
    washer = await vendor.registry.enrol("washer")
    number = await vendor.registry.claim(washer.device, washer.claim_secret, "Bob", phone="+49 (30) 123-456")
    assert (
        await accounts.open(washer.device, washer.claim_secret, Person("B", "b@x.de", "+4930123456"), WORDS) == number
    )


async def test_a_link_sets_a_password_once(vendor: Vendor, accounts: Accounts, web: httpx.AsyncClient) -> None:
    oven = await vendor.registry.enrol("oven")
    owner = await vendor.registry.claim(oven.device, oven.claim_secret, "Ada")
    first, second = await accounts.link(owner), await accounts.link(owner)
    with pytest.raises(AccountError):
        await accounts.set_password(first, "", WORDS)  # no address to sign in with yet
    assert await accounts.set_password(first, ADA.mail, WORDS) == ADA.mail.lower()
    for spent in (first, second, first[:-2] + "AA", "", "x.y.z"):
        with pytest.raises(AccountError) as error:
            await accounts.set_password(spent, ADA.mail, "another long password")
        assert error.value.kind == "link"
    session = (await web.post("/my/login", data={"user": ADA.mail, "password": WORDS})).cookies["trivet_my"]
    forgot = await accounts.link(owner)
    answer = await web.post("/my/password", data={"token": forgot, "mail": "", "password": "a newer sentence"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    assert (await web.get("/my", headers={"cookie": f"trivet_my={session}"})).status_code == 303  # the old one is dead


async def test_neither_login_opens_the_others_rooms(vendor: Vendor, accounts: Accounts, web: httpx.AsyncClient) -> None:
    oven = await vendor.registry.enrol("oven")
    await accounts.open(oven.device, oven.claim_secret, ADA, WORDS)
    desk_cookie = (await web.post("/login", data={"user": USER, "password": PASSWORD})).cookies["trivet_session"]
    own_cookie = (await web.post("/my/login", data={"user": ADA.mail, "password": WORDS})).cookies["trivet_my"]
    web.cookies.clear()
    for cookie in (f"trivet_session={desk_cookie}", f"trivet_my={desk_cookie}"):
        for path in ("/my", f"/my/{oven.device}"):
            answer = await web.get(path, headers={"cookie": cookie})
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/my/login")
    for cookie in (f"trivet_my={own_cookie}", f"trivet_session={own_cookie}"):
        for path in ("/", "/devices", "/case/1", "/mystery", "/my-case"):
            answer = await web.get(path, headers={"cookie": cookie})
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
        for path in ("/api/cases", "/api/devices", f"/api/devices/{oven.device}", "/api/dead-letters"):
            assert (await web.get(path, headers={"cookie": cookie})).status_code == 401
    assert (await web.get("/api/cases", auth=(ADA.mail, WORDS))).status_code == 401
    assert (await web.post("/login", data={"user": ADA.mail, "password": WORDS})).status_code == 401
    assert (await web.post("/my/login", data={"user": USER, "password": PASSWORD})).status_code == 401


async def test_guessing_an_owners_password_is_slowed_down_however_the_address_is_spelt(web: httpx.AsyncClient) -> None:
    spelt = [
        "ada@example.com",
        "Ada@example.com",
        "ADA@example.com",
        " ada@Example.com",
        "aDa@example.com",
        "adA@example.com",
    ]
    answers = [await web.post("/my/login", data={"user": mail, "password": "guess"}) for mail in spelt]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


async def test_the_form_says_what_to_mend_and_keeps_what_was_typed(vendor: Vendor, web: httpx.AsyncClient) -> None:
    oven = await vendor.registry.enrol("oven")
    form = {"device": oven.device.upper(), "secret": oven.claim_secret, "name": "Ada", "mail": "ada", "password": WORDS}
    answer = await web.post("/claim", data=form)
    assert answer.status_code == 409
    assert "does not look like a mail address" in answer.text
    assert oven.claim_secret in answer.text
    assert WORDS not in answer.text
    answer = await web.post("/claim", data=form | {"mail": "ada@example.com", "secret": "wrong"})
    assert "compare both with the sticker" in answer.text
    answer = await web.post("/claim", data=form | {"mail": "ada@example.com"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/my/{oven.device}")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await web.post("/claim", content=b"x" * 5000)).status_code == 413


@pytest.mark.parametrize(
    "mail", ["", "ada", "@x.de", "a@b", "a b@x.de", "a@x.de\nBcc: b@x.de", "a@x..", "a@b.c@d.e", "x" * 300]
)
def test_what_is_no_mail_address_is_refused(mail: str) -> None:
    started = time.perf_counter()
    with pytest.raises(AccountError):
        checked_mail(mail)
    assert time.perf_counter() - started < 0.1
