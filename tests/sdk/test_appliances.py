"""The list of appliances as the database gives it: words, pages, and a note in the log of who is shown alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import seeded
from seeded import Vendor
from sqlalchemy import select, update
from trivet.api import create
from trivet.cases import appliances
from trivet.consent.access import Access, reading
from trivet.store.privacy import UseRow
from trivet.store.tables import DeviceRow

pytestmark = pytest.mark.usefixtures("database")
DESK = Access("service", seeded.USER, "test")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as made:
        yield made


async def shown(vendor: Vendor, find: str) -> set[str]:
    async with reading(vendor.store, DESK) as read:
        return {one.name for one in (await appliances.page(read, find, 50)).rows}


@pytest.mark.parametrize(
    ("find", "names"),
    [
        ("", {"Oven of Ada", "Oven of Ben", "Oven in stock"}),
        ("feldmann", {"Oven of Ada"}),  # no shorter: ids are random letters too
        ("OF feldmann", {"Oven of Ada"}),
        ("ben.wolf@example.com", {"Oven of Ben"}),
        ("oven 1.4.2", {"Oven of Ada", "Oven of Ben"}),
        ("1.5", {"Oven in stock"}),
        ("nobody", set()),
        ("feldmann wolf", set()),
        ("%", set()),
        ("_", set()),
        ("\0", {"Oven of Ada", "Oven of Ben", "Oven in stock"}),
        ("' OR 1=1 --", set()),
    ],
)
async def test_every_word_must_stand_there(vendor: Vendor, find: str, names: set[str]) -> None:
    await seeded.add_oven(vendor, "Oven of Ada", "Ada Feldmann")
    await seeded.add_oven(vendor, "Oven of Ben", "Ben Wolf")
    stock = await seeded.add_oven(vendor, "Oven in stock", None)
    async with vendor.store.writing() as session:
        await session.execute(update(DeviceRow).where(DeviceRow.id == stock.device).values(firmware="1.5.0"))
    assert await shown(vendor, find) == names


async def test_by_phone_and_by_device_id(vendor: Vendor) -> None:
    ada = await seeded.add_oven(vendor, "Oven of Ada", "Ada Feldmann")
    await seeded.add_oven(vendor, "Oven of Ben", "Ben Wolf")
    phone = f"+49 30 5550 {sum(b'Ada Feldmann') % 900 + 100}"
    for find in (phone, phone.replace(" ", ""), phone.replace("+49 ", "0"), ada.device, ada.device[4:12].upper()):
        assert await shown(vendor, find) == {"Oven of Ada"}


async def test_pages_hold_each_once_and_only_who_is_shown_is_noted(vendor: Vendor) -> None:
    made = sorted([(await seeded.add_oven(vendor, f"Oven {n}", f"Owner {n}")).device for n in range(7)])
    seen: list[str] = []
    after: str | None = None
    for count in (3, 3, 1):
        async with reading(vendor.store, DESK) as read:
            cut = await appliances.page(read, "owner", 3, after)
        assert len(cut.rows) == count
        seen += [one.id for one in cut.rows]
        after = cut.after
        async with vendor.store.reading() as session:
            noted = set(await session.scalars(select(UseRow.device).where(UseRow.subject == "list of appliances")))
        assert noted == set(seen)
    assert (seen, after) == (made, None)


async def test_the_interface_finds_cases_and_appliances_by_words(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    transport = httpx.ASGITransport(create(vendor))
    login = httpx.BasicAuth(seeded.USER, seeded.PASSWORD)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk.example.com", auth=login) as web:
        found = (await web.get("/api/cases", params={"find": f"#{cases['fan']}"})).json()["items"]
        assert [one["id"] for one in found] == [cases["fan"]]
        assert (await web.get("/api/cases", params={"find": "no such words"})).json()["items"] == []
        urgent = (await web.get("/api/cases", params={"escalated": True, "tier": 1})).json()["items"]
        assert cases["door"] in [one["id"] for one in urgent]
        every = (await web.get("/api/devices")).json()["items"]
        name = next(one["owner"]["name"] for one in every if one["owner"])
        found = (await web.get("/api/devices", params={"find": name})).json()["items"]
        assert found == [one for one in every if one["owner"] and one["owner"]["name"] == name]
        assert (await web.get("/api/devices", params={"find": "x" * 81})).status_code == 422
