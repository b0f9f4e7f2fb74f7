"""Registration, once: the sticker binds appliance, account and support; every channel finds it from then on; a second
claim needs the present owner or a factory reset."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import seeded
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, USER, Vendor
from sqlalchemy import func, select
from standardwebhooks import Webhook as Judge
from trivet import api, phones
from trivet.api.accounts import AccountError, Person
from trivet.consent import owners
from trivet.inbound import sources
from trivet.registry import Identity, RegistryError
from trivet.store.letters import LetterRow
from trivet.store.tables import CaseRecord, DeviceRow, OwnerRow, OwnershipRow, utcnow

PHONE = "+49 30 5550 142"
ADA = Person("Ada Feldmann", OWNER, PHONE, "de")
BEA = Person("Bea Lind", "bea@example.com", "+49 30 5550 777")


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    oven: Identity
    case: int
    secret: str

    def web(self, user: str = OWNER, password: str = OWNER_PASSWORD) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://desk", auth=(user, password))

    async def claim(self) -> None:
        """What stands on the sticker, typed once."""
        await self.app.state.accounts.open(self.oven.device, self.oven.claim_secret, ADA, OWNER_PASSWORD)

    async def letter(self, sender: str, text: str) -> LetterRow:
        """Another system's mail or call comes in."""
        body, now = json.dumps({"kind": "mail", "sender": sender, "text": text}), utcnow()
        async with self.vendor.store.reading() as session:
            message = f"m{await session.scalar(select(func.count()).select_from(LetterRow))}"
        head = {"webhook-id": message, "webhook-timestamp": str(int(now.timestamp()))}
        head |= {"webhook-signature": Judge(self.secret).sign(message, now, body)}
        async with self.web() as web:
            assert (await web.post("/api/inbound/crm", content=body, headers=head)).status_code == 202
        async with self.vendor.store.reading() as session:
            return (await session.scalars(select(LetterRow).order_by(LetterRow.id.desc()))).first()  # type: ignore[return-value]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with vendor.store.writing() as session:
            secret = await sources.add(session, vendor.seal, "crm", "test")
        yield House(vendor, app, oven, case, secret)


async def test_one_claim_binds_appliance_account_and_support(house: House) -> None:
    await house.claim()
    async with house.web() as web:
        assert [one["device"] for one in (await web.get("/api/my/devices")).json()] == [house.oven.device]
    async with house.web(USER, PASSWORD) as agent:
        found = (await agent.get(f"/api/cases/{house.case}")).json()
        assert (found["owner"]["name"], found["owner"]["phone"]) == ("Ada Feldmann", PHONE)
        assert "The owner registered it" in [entry["text"] for entry in found["timeline"]]


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("somebody@example.org", "Device {device} again"),
        ("030 5550142", "it does not heat"),
        (OWNER.upper(), "it does not heat"),
        (OWNER, f"The display says {seeded.CODES[seeded.ELEMENT]}"),
        ("somebody@example.org", "Case #{case}"),
    ],
    ids=["device id", "phone number", "mail", "code of theirs", "case number"],
)
async def test_every_channel_finds_it_from_then_on(house: House, sender: str, text: str) -> None:
    await house.claim()
    row = await house.letter(sender, text.format(device=house.oven.device, case=house.case))
    assert row.case == house.case, row.how


async def test_before_the_claim_a_person_is_nobody_and_waits_for_one_of_the_desk(house: House) -> None:
    assert (await house.letter(OWNER, "it does not heat")).case is None


async def test_a_second_claim_is_refused_while_it_has_an_owner_whoever_holds_the_sticker(house: House) -> None:
    await house.claim()
    device, secret = house.oven.device, house.oven.claim_secret
    with pytest.raises(AccountError, match="has an owner"):
        await house.app.state.accounts.open(device, secret, BEA, "bea's own words")
    with pytest.raises(RegistryError, match="has an owner"):
        await house.vendor.registry.claim(device, secret, "Bea Lind", email=BEA.mail)
    async with house.vendor.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OwnerRow)) == 1


async def test_the_present_owner_gives_it_away_and_the_next_one_finds_nothing_of_before(house: House) -> None:
    await house.claim()
    device, secret = house.oven.device, house.oven.claim_secret
    async with house.web() as web:
        assert (await web.post(f"/api/my/devices/{device}/release", json={"sure": True})).status_code == 204
    await house.app.state.accounts.open(device, secret, BEA, "bea's own words")
    async with house.web(BEA.mail, "bea's own words") as web:
        assert (await web.get(f"/api/my/devices/{device}/cases")).json() == []
    assert (await house.letter(OWNER, "it does not heat")).case is None  # no longer hers on any channel
    case = await seeded.add_case(house.vendor, device, seeded.ELEMENT, operation=8)
    async with house.vendor.store.writing() as session:
        (await session.get_one(CaseRecord, case)).opened_at = utcnow()
        (await session.get_one(DeviceRow, device)).consent_mask = 0b11
    assert (await house.letter(BEA.mail, "it does not heat")).case == case


async def test_a_factory_reset_lets_the_next_one_claim_it(house: House) -> None:
    await house.claim()
    async with house.vendor.store.writing() as session:
        row = await session.get_one(DeviceRow, house.oven.device)
        await owners.end(session, row, "factory reset")
    await house.app.state.accounts.open(house.oven.device, house.oven.claim_secret, BEA, "bea's own words")
    async with house.vendor.store.reading() as session:
        query = select(OwnerRow.name).join(OwnershipRow, OwnershipRow.owner == OwnerRow.id)
        assert list(await session.scalars(query.where(OwnershipRow.until.is_(None)))) == ["Bea Lind"]


@pytest.mark.parametrize(
    ("phone", "mail"),
    [("0049 30 5550-142", None), ("+49 (30) 5550142", "other@example.com"), (None, " Ada.Feldmann@Example.com ")],
)
async def test_who_registers_at_the_desk_is_the_same_person_however_it_is_written(
    house: House, phone: str | None, mail: str | None
) -> None:
    second = await seeded.add_oven(house.vendor, "Oven at work", None)
    claim = house.vendor.registry.claim
    first = await claim(house.oven.device, house.oven.claim_secret, "Ada", phone=PHONE, email=OWNER)
    assert await claim(second.device, second.claim_secret, "A. Feldmann", phone=phone, email=mail) == first


@given(st.text("0123456789 +()/.-", max_size=20), st.text("0123456789 +()/.-", max_size=20))
def test_numbers_are_equal_both_ways_and_never_by_a_part(one: str, other: str) -> None:
    assert phones.equal(one, other) == phones.equal(other, one)
    if phones.equal(one, other):
        assert len(phones.digits_of(one)) == len(phones.digits_of(other)) >= phones.FEWEST_DIGITS
