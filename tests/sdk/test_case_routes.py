"""People's work on cases by API: each role does what is its own, the same request makes one thing, problems say what
to do, owners say yes or no to what is theirs, and declining never touches a warranty."""

import ast
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
import trivet.cases
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, Vendor
from sqlalchemy import select
from trivet import api
from trivet.cases import rich, warranty
from trivet.cases.terms import DEFAULT
from trivet.passwords import hash_password
from trivet.registry import Identity
from trivet.store.tables import CaseEventRow, DeviceRow, LoginRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

ROLES = ("agent", "engineer", "privacy", "admin")
WHY = {"why": "because"}


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"a key for {name}"}


@dataclass
class House:
    vendor: Vendor
    app: FastAPI
    oven: Identity
    case: int

    @asynccontextmanager
    async def as_(self, user: str = "agent", password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=(user, password)) as web:
            yield web

    def path(self, rest: str) -> str:
        return f"/api/cases/{self.case}/{rest}"

    async def propose(self, web: httpx.AsyncClient, **wish: Any) -> dict[str, Any]:
        answer = await web.post(self.path("proposals"), json=WHY | wish, headers=key(str(wish)))
        assert answer.status_code == 201, answer.text
        proposal: dict[str, Any] = answer.json()["proposals"][-1]
        return proposal

    async def kinds(self) -> list[str]:
        query = select(CaseEventRow.kind).where(CaseEventRow.case == self.case).order_by(CaseEventRow.id)
        async with self.vendor.store.reading() as session:
            return list(await session.scalars(query))


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
        yield House(vendor, app, oven, await seeded.add_case(vendor, oven.device, seeded.ELEMENT))


async def test_a_case_goes_from_its_clock_to_its_outcome(house: House) -> None:
    async with house.as_() as web:
        work = (await web.get(house.path("work"))).json()
        assert (work["owner"], work["tier"], work["queue"], work["clock"]["responded_at"]) == (None, 1, "desk", None)
        assert (await web.post(house.path("assign"), json=WHY | {"to": "agent"})).json()["owner"] == "agent"
        proposal = await house.propose(web, despite=False, step="remote_test")
        assert (proposal["state"], proposal["acts"]) == ("open", ["approve", "refuse", "decline", "withdraw"])
        decided = await web.post(house.path(f"proposals/{proposal['id']}/approve"), json=WHY)
        assert decided.json()["proposals"][0]["state"] == "approved"
        form = {"kind": "fixed", "cause": "element_top_open", "part": "HE-2217-03"}
        closed = await web.post(house.path("outcomes"), json=form, headers=key("outcome"))
        assert closed.status_code == 201, closed.text
        assert (await web.get(f"/api/cases/{house.case}")).json()["row"]["state"] == "resolved"
        number = closed.json()["outcomes"][0]["id"]
        back = await web.post(house.path(f"outcomes/{number}/withdraw"), json={"why": "it is back"})
        assert back.json()["outcomes"][0]["stands"] is False
    assert (await house.kinds())[3:8] == ["assigned", "proposed", "approved", "closed", "reopened"]


async def test_the_same_request_makes_one_thing_and_its_key_no_other(house: House) -> None:
    async with house.as_() as web:
        form = {"kind": "no_fault_found"}
        for _ in range(3):
            answer = await web.post(house.path("outcomes"), json=form, headers=key("once"))
            assert (answer.status_code, len(answer.json()["outcomes"])) == (201, 1)
        other = await web.post(house.path("outcomes"), json={"kind": "fixed"}, headers=key("once"))
        assert (other.status_code, other.json()["type"]) == (422, "urn:trivet:problem:key-reused")
        missing = await web.post(house.path("outcomes"), json=form)
        assert missing.status_code == 422
    async with house.as_("engineer") as web:  # another's key is another key
        answer = await web.post(house.path("notes"), json={"text": "hello"}, headers=key("once"))
        assert answer.status_code == 201
    assert (await house.kinds()).count("closed") == 1


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_does_what_is_its_own(house: House, role: str) -> None:
    may = role != "privacy"
    async with house.as_(role) as web:
        assert (await web.get(house.path("work"))).status_code == 200
        assert (await web.get("/api/rates")).status_code == 200
        bodies = {"assign": {"to": None}, "place": {"tier": 2}, "escalation": {"up": True}}
        for path, body in bodies.items():
            assert (await web.post(house.path(path), json=WHY | body)).status_code == (200 if may else 403)
        visit = {"step": "visit", "part": "HE-2217-03", "despite": True} | WHY
        against = await web.post(house.path("proposals"), json=visit, headers=key("against"))
        assert against.status_code == (201 if role in ("engineer", "admin") else 403)


@pytest.mark.parametrize(
    ("method", "rest", "body", "status", "kind"),
    [
        ("POST", "assign", {"to": "nobody"} | WHY, 409, "no-such-login"),
        ("POST", "place", {"queue": "limbo"} | WHY, 409, "no-such-queue"),
        ("POST", "place", {"tier": 4} | WHY, 422, "invalid-parameters"),
        ("POST", "proposals", {"step": "visit", "part": "X"} | WHY, 409, "no-such-part"),
        ("POST", "proposals", {"step": "dance"} | WHY, 422, "invalid-parameters"),
        ("POST", "proposals/7/approve", WHY, 404, "no-such-proposal"),
        ("POST", "proposals/7/dance", WHY, 422, "invalid-parameters"),
        ("PUT", "tests/gymnastics", {"passed": True}, 409, "no-such-self-test"),
        ("POST", "outcomes", {"kind": "fixed", "cause": "gremlin"}, 409, "no-such-cause"),
        ("POST", "outcomes/7/withdraw", WHY, 404, "no-such-outcome"),
        ("POST", "notes", {"text": "  "}, 422, "invalid-parameters"),
    ],
)
async def test_what_cannot_be_done_says_so_and_leaves_no_trace(
    house: House, method: str, rest: str, body: dict[str, Any], status: int, kind: str
) -> None:
    before = await house.kinds()
    async with house.as_() as web:
        answer = await web.request(method, house.path(rest), json=body, headers=key(rest))
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:trivet:problem:{kind}")
    assert answer.json()["detail"]
    assert await house.kinds() == before


async def test_a_case_that_is_not_there_or_not_covered_is_worked_on_by_nobody(house: House) -> None:
    async with house.as_() as web:
        assert (await web.post("/api/cases/99/assign", json=WHY | {"to": None})).status_code == 404
        async with house.vendor.store.writing() as session:
            row = await session.get_one(DeviceRow, house.oven.device)
            row.consent_mask, row.consent_seq = 1 << ids.SAFETY, 9
        for method, rest in (("GET", "work"), ("POST", "assign")):
            answer = await web.request(method, house.path(rest), json=WHY | {"to": None})
            hazard = seeded.rich()["codes"][seeded.ELEMENT].get("purpose") == ids.SAFETY
            assert answer.status_code == (200 if hazard else 403), answer.text


async def test_an_owner_declines_and_their_warranty_is_unchanged(house: House) -> None:
    async with house.as_("engineer") as web:
        visit = await house.propose(web, step="visit", part="HE-2217-03", despite=True)
    mine = f"/api/my/devices/{house.oven.device}/cases/{house.case}/proposals"
    async with house.as_(OWNER, OWNER_PASSWORD) as web:
        [shown] = (await web.get(mine)).json()
        assert (shown["price"], shown["warranty"]) == (visit["price"], "covered")
        [declined] = (await web.post(f"{mine}/{visit['id']}/decline", json={"why": "not now"})).json()
        assert declined["state"] == "declined"
        twice = await web.post(f"{mine}/{visit['id']}/accept", json=WHY)
        assert (twice.status_code, twice.json()["type"]) == (409, "urn:trivet:problem:not-now")
        assert (await web.get(mine.replace(f"cases/{house.case}/", "cases/99/"))).status_code == 404
    async with house.as_("engineer") as web:
        again = await house.propose(web, step="visit", part="HE-2217-03", despite=True, why="once more")
        assert (again["price"], again["warranty"]) == (visit["price"], visit["warranty"])
    async with house.vendor.store.reading() as session:
        query = select(CaseEventRow).where(CaseEventRow.kind == "declined")
        entry = await session.scalar(query)
    assert entry is not None
    assert (entry.actor, entry.text.partition(": ")[2]) == ("owner", "declined, warranty unchanged")


# Warranty

CASES = Path(trivet.cases.__file__).parent
PART = rich.Part("P1", {"en": "P1"}, price="58 EUR")


def test_no_code_path_reads_a_decision_for_the_warranty() -> None:
    """The room that says what is covered knows the part, the terms, two dates, and one table: who owned it when."""
    tree = ast.parse((CASES / "warranty.py").read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {name for name in found if name and name.startswith("trivet")}
    assert ours == {"trivet.cases.rich", "trivet.cases.terms", "trivet.store.tables"}
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {name for name in names if name.endswith(("Row", "Record"))} == {"OwnershipRow"}
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not {word for word in words if "declin" in word.lower() or "proposal" in word.lower()}


FACTS = {"part", "terms", "registered", "today", "utcnow().date()", "session", "read.session", "case.device"}
FACTS |= {f"basis.{name}" for name in ("terms", "terms.warranty_months", "registered", "today")}


def test_whoever_asks_for_the_warranty_gives_dates_terms_and_parts_alone() -> None:
    """Every call of that room in the whole SDK: nothing that was decided can get in."""
    given_: dict[str, set[str]] = {}
    for file in CASES.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("warranty."):
                words = {ast.unparse(one) for one in [*node.args, *(word.value for word in node.keywords)]}
                given_.setdefault(file.relative_to(CASES.parent).as_posix(), set()).update(words)
    assert {"cases/proposals.py", "cases/works.py", "visits/quote.py", "visits/book.py"} <= given_.keys()
    assert set().union(*given_.values()) <= FACTS


def test_the_price_of_a_visit_knows_no_decision_either() -> None:
    tree = ast.parse((CASES.parent / "visits" / "quote.py").read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not {name for name in named if name.endswith(("Row", "Record"))}
    assert not named & {"proposals", "work", "works", "outcomes", "decide"}


DAY = st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1))


@given(registered=DAY, today=DAY, months=st.integers(0, 120))
def test_the_warranty_follows_from_two_dates(registered: dt.date, today: dt.date, months: int) -> None:
    stands = warranty.standing(part_for(months), DEFAULT, registered, today)
    assert stands.until is not None
    assert (stands.warranty == "covered") is (today <= stands.until)
    assert stands.owner_pays == ("0 EUR" if today <= stands.until else "58 EUR")
    assert (stands.until.year - registered.year) * 12 + stands.until.month - registered.month == months


def part_for(months: int) -> rich.Part:
    return rich.Part(PART.number, PART.text, PART.price, warranty_months=months)


def test_without_a_registration_the_price_is_shown() -> None:
    stands = warranty.standing(PART, DEFAULT, None, dt.date(2026, 1, 1))
    assert (stands.warranty, stands.owner_pays, stands.until) == ("unknown", "58 EUR", None)


async def test_the_rates_count_what_was_right_mended_at_once_and_found_nothing(house: House) -> None:
    ovens = [await seeded.add_oven(house.vendor, f"Oven {at}", None) for at in range(4)]
    cases = [await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT) for oven in ovens]
    forms: list[tuple[int, dict[str, Any]]] = [
        (cases[0], {"kind": "fixed", "cause": "element_top_open"}),
        (cases[1], {"kind": "wrong_part"}),
        (cases[1], {"kind": "no_fault_found"}),
        (cases[2], {"kind": "no_fault_found"}),
        (cases[3], {"kind": "fixed", "cause": "element_top_open", "visit": False}),
    ]
    async with house.as_() as web:
        nothing = (await web.get("/api/rates")).json()
        assert (nothing["outcomes"], nothing["precision"], nothing["first_time_fix"]) == (0, None, None)
        for at, (case, form) in enumerate(forms):
            answer = await web.post(f"/api/cases/{case}/outcomes", json=form, headers=key(f"form {at}"))
            assert answer.status_code == 201, answer.text
        found = (await web.get("/api/rates")).json()
        assert (found["outcomes"], found["judged"], found["right"]) == (5, 5, 2)
        assert (found["visits"], found["first_visits"], found["first_time_fixed"]) == (4, 3, 1)
        assert found["precision"] == pytest.approx(2 / 5)
        assert found["first_time_fix"] == pytest.approx(1 / 3)
        assert found["no_fault_found"] == pytest.approx(2 / 4)
        assert (await web.get("/api/rates", params={"model": "none such"})).json()["outcomes"] == 0


async def test_the_queue_says_who_has_what_and_what_is_late(house: House) -> None:
    other = await seeded.add_case(house.vendor, house.oven.device, seeded.DOOR, ago=dt.timedelta(days=30))
    async with house.as_() as web:
        await web.post(house.path("assign"), json=WHY | {"to": "agent"})
        await web.post(f"/api/cases/{other}/place", json=WHY | {"queue": "field"})

        async def asked(**how: Any) -> set[int]:
            return {row["id"] for row in (await web.get("/api/cases", params=how)).json()["items"]}

        assert await asked(assigned="agent") == {house.case}
        assert await asked(assigned="") == {other}
        assert await asked(queue="field") == {other}
        assert await asked(late=True) == {other}
        assert await asked(late=False) == {house.case}
        row = (await web.get(f"/api/cases/{house.case}")).json()["row"]
        assert (row["assigned"], row["tier"], row["queue"], row["escalated"]) == ("agent", 1, "desk", False)


async def test_parts_are_shown_with_what_the_owner_would_pay(house: House) -> None:
    async with house.as_() as web:
        parts = (await web.get(house.path("parts"))).json()
        assert {part["part"] for part in parts} == {part["number"] for part in seeded.rich()["parts"]}
        element = next(part for part in parts if part["part"] == "HE-2217-03")
        assert (element["warranty"], element["owner_pays"].split()[0]) == ("covered", "0")
        assert element["price"] != element["owner_pays"]
        assert (await web.get("/api/cases/99/parts")).status_code == 404
