"""Commands by API: who may ask for what, what an appliance would refuse is refused at once, and what became of each."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import seeded
from seeded import PASSWORD, USER, Vendor
from trivet import api, control
from trivet.models import CommandResult
from trivet.passwords import hash_password
from trivet.store.tables import CommandRow, DeviceRow, LoginRow, utcnow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        async with vendor.store.writing() as session:
            for role in ("admin", "privacy"):
                session.add(LoginRow(user=role, password_hash=hash_password(PASSWORD), role=role))
        yield vendor


def web(vendor: Vendor, user: str = USER) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(api.create(vendor), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", auth=(user, PASSWORD))


async def oven(vendor: Vendor, *, consent: bool = True) -> str:
    identity = await vendor.registry.enrol("oven")
    async with vendor.store.writing() as session:
        row = await session.get_one(DeviceRow, identity.device)
        row.consent_mask = 1 << ids.SAFETY | (1 << ids.SERVICE if consent else 0)
    return identity.device


async def test_a_command_is_given_and_followed_to_its_end(vendor: Vendor) -> None:
    device = await oven(vendor)
    async with web(vendor) as client:
        given = await client.post(f"/api/devices/{device}/commands", json={"command": "clear"})
        assert given.status_code == 202
        said = given.json()
        assert (said["counter"], said["state"], said["who"], said["grant"]) == (1, "open", USER, "service")
        async with vendor.store.writing() as session:
            row = await session.get_one(DeviceRow, device)
            await control.answered(session, row, CommandResult(1, ids.C_CLEAR, ids.R_GRANT), utcnow())
        ended = (await client.get(f"/api/devices/{device}/commands/1")).json()
        assert (ended["state"], ended["reason"], ended["says"]) == ("refused", ids.R_GRANT, "not covered by its grant")
        assert [one["counter"] for one in (await client.get(f"/api/devices/{device}/commands")).json()] == [1]


async def test_without_consent_to_service_nothing_is_queued(vendor: Vendor) -> None:
    device = await oven(vendor, consent=False)
    async with web(vendor) as client:
        for command in ("clear", "recover"):
            answer = await client.post(f"/api/devices/{device}/commands", json={"command": command})
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:trivet:problem:no-consent")
        assert (await client.get(f"/api/devices/{device}/commands")).json() == []


@pytest.mark.parametrize(
    ("user", "command", "status"),
    [
        (USER, "rotate", 403),
        (USER, "relearn", 403),
        ("privacy", "clear", 403),
        ("admin", "rotate", 202),
        ("admin", "relearn", 202),
        (USER, "release", 422),
        (USER, "consent", 422),
    ],
)
async def test_each_role_asks_for_what_is_its_own(vendor: Vendor, user: str, command: str, status: int) -> None:
    device = await oven(vendor)
    async with web(vendor, user) as client:
        answer = await client.post(f"/api/devices/{device}/commands", json={"command": command})
    assert answer.status_code == status


async def test_one_rotation_at_a_time(vendor: Vendor) -> None:
    device = await oven(vendor)
    async with web(vendor, "admin") as client:
        assert (await client.post(f"/api/devices/{device}/commands", json={"command": "rotate"})).status_code == 202
        again = await client.post(f"/api/devices/{device}/commands", json={"command": "rotate"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:trivet:problem:command-refused")
    assert "epoch 2" in again.json()["detail"]
    async with vendor.store.reading() as session:
        row = await session.get_one(CommandRow, (device, 1))
    assert vendor.vault.master.message_key(device, 2) not in row.args  # wrapped, never plain


async def test_strangers_and_unknown_appliances_get_the_right_answer(vendor: Vendor) -> None:
    async with web(vendor) as client:
        nobody = "0" * 16
        assert (await client.post(f"/api/devices/{nobody}/commands", json={"command": "clear"})).status_code == 404
        assert (await client.get(f"/api/devices/{nobody}/commands")).status_code == 404
        assert (await client.get(f"/api/devices/{nobody}/commands/1")).status_code == 404
        client.auth = None
        assert (await client.get(f"/api/devices/{nobody}/commands")).status_code == 401
