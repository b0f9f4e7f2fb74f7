"""Where set-ups stop: counted from facts that are there anyhow, and no number tells anybody apart."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import seeded
from hypothesis import given
from hypothesis import strategies as st
from seeded import PASSWORD, Vendor
from trivet import api
from trivet.cli import app as cli
from trivet.passwords import hash_password
from trivet.setups.funnel import FEWEST, STEPS, SetupsError, funnel, hidden
from trivet.store.tables import ConsentRow, DeviceRow, LoginRow, OwnerRow, OwnershipRow, utcnow
from typer.testing import CliRunner

OLD = dt.timedelta(days=40)


pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


async def add(vendor: Vendor, numbers: dict[int, int], *, age: dt.timedelta = OLD, model: str = "oven") -> None:
    """`numbers`: how many appliances went so many steps and no further."""
    at, count = utcnow() - age, 0
    async with vendor.store.writing() as session:
        session.add(OwnerRow(name="Zyq Personal", phone="0305550", email="zyq@example.com"))
        await session.flush()
        for far, many in numbers.items():
            for _ in range(many):
                count += 1
                device = f"{abs(hash((model, age))) % 0xFFFFFF:06x}{count:010x}"
                row = DeviceRow(id=device, model=model, name="Zyq", enrolled_at=at, cert_serial="1", claim_hash=b"")
                row.last_seen_at = at if far >= 1 else None
                row.consent_mask = 0b11 if far >= 4 else 1
                session.add(row)
                await session.flush()
                if far >= 2:
                    session.add(OwnershipRow(device=device, owner=1))
                if far >= 3:
                    said = {"purpose": 1, "granted": far >= 4, "mask": row.consent_mask, "channel": 0}
                    session.add(ConsentRow(device=device, consent_seq=1, **said))


async def test_each_step_counts_who_came_so_far_and_the_young_are_under_way(vendor: Vendor) -> None:
    await add(vendor, {0: 5, 1: 6, 2: 7, 3: 8, 4: 9})
    await add(vendor, {1: 10, 4: 11}, age=dt.timedelta(days=1))
    async with vendor.store.reading() as session:
        found = await funnel(session, utcnow())
    assert [step.name for step in found.steps] == list(STEPS)
    assert [step.reached for step in found.steps] == [46, 41, 35, 28, 20]
    assert found.steps[-1].share == pytest.approx(20 / 46)
    assert found.under_way == 10


async def test_few_are_hidden_and_so_is_what_would_tell_them(vendor: Vendor) -> None:
    await add(vendor, {0: 1, 1: 0, 2: 20, 3: 0, 4: 4})
    async with vendor.store.reading() as session:
        found = await funnel(session, utcnow())
    assert [step.reached for step in found.steps] == [25, None, None, None, None]


@given(st.lists(st.integers(0, 40), min_size=len(STEPS), max_size=len(STEPS)))
def test_no_number_of_one_to_four_can_be_worked_out(stops: list[int]) -> None:
    """Whoever knows the rule and every number that is shown: no group between two of them is that small."""
    counts = [sum(stops[at:]) for at in range(len(stops))]
    known = [count for count in hidden(counts) if count is not None]
    assert all(count == 0 or count >= FEWEST for count in known)
    assert all(one - other == 0 or one - other >= FEWEST for one, other in pairwise(known))


async def test_models_and_months_are_cohorts_and_nothing_finer_is(vendor: Vendor) -> None:
    await add(vendor, {4: 6})
    await add(vendor, {1: 7}, model="washer", age=OLD)
    month = f"{utcnow() - OLD:%Y-%m}"
    async with vendor.store.reading() as session:
        assert (await funnel(session, utcnow(), model="washer", month=month)).steps[0].reached == 7
        assert (await funnel(session, utcnow(), month="1999-12")).steps[0].reached == 0
        for wrong in ("2026-13", "2026-5", "2026-05-01", "0000-01", "9999-12", "x"):
            with pytest.raises(SetupsError):
                await funnel(session, utcnow(), month=wrong)


async def test_engineers_ask_agents_do_not_and_nothing_of_a_person_is_answered(vendor: Vendor) -> None:
    await add(vendor, {4: 6})
    async with vendor.store.writing() as session:
        session.add(LoginRow(user="eng", password_hash=hash_password(PASSWORD), role="engineer"))
    app = api.create(vendor)

    async def get(user: str, path: str = "/api/setups") -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", auth=(user, PASSWORD)) as web:
            return await web.get(path)

    answer = await get("eng")
    assert answer.json()["steps"][4] == {"name": "service", "reached": 6, "share": 1.0}
    assert "Zyq" not in answer.text
    assert (await get(seeded.USER)).status_code == 403
    wrong = await get("eng", "/api/setups?month=May")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:trivet:problem:no-such-month")


async def test_the_command_prints_it(vendor: Vendor) -> None:
    await add(vendor, {1: 6, 4: 3})
    import asyncio

    where = ["--data", str(vendor.settings.data_dir), "--database", vendor.settings.url]
    told = await asyncio.to_thread(CliRunner().invoke, cli, ["setups", *where])
    assert told.exit_code == 0, told.output
    assert "enrolled                                9  100%" in told.output
    assert "hidden" in told.output
    told = await asyncio.to_thread(CliRunner().invoke, cli, ["setups", *where, "--json"])
    assert [step["reached"] for step in json.loads(told.output)["steps"]] == [9, 9, None, None, None]
    wrong = await asyncio.to_thread(CliRunner().invoke, cli, ["setups", *where, "--month", "May"])
    assert (wrong.exit_code, "as in 2026-05" in wrong.output) == (1, True)
