"""The REST interface: what it answers, to whom, and how it refuses."""

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from seeded import PASSWORD, USER, Vendor
from trivet import api
from trivet.api import auth, paging, schemas
from trivet.api.problems import MEDIA_TYPE, ProblemError
from trivet.passwords import hash_password, verify_password
from trivet.store.tables import LoginRow

pytestmark = pytest.mark.usefixtures("database")

SCHEMA_MODELS = [m for m in vars(schemas).values() if isinstance(m, type) and issubclass(m, schemas.Schema)]


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    return api.create(vendor)


def client(app: FastAPI, **settings: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", **settings)


@pytest.fixture
async def web(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A logged-in client."""
    async with client(app, auth=(USER, PASSWORD)) as web:
        yield web


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app) as web:
        yield web


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:trivet:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    return body


# What it answers


async def test_queue_lists_a_case_with_everything_a_desk_needs(vendor: Vendor, web: httpx.AsyncClient) -> None:
    numbers = await seeded.seed(vendor)
    items = (await web.get("/api/cases")).json()["items"]
    assert {item["id"] for item in items} == set(numbers.values())
    element = next(item for item in items if item["id"] == numbers["element"])
    assert element["code"] == seeded.CODES[seeded.ELEMENT]
    assert element["title"]["de"] == "Das obere Heizelement heizt nicht"
    assert (element["ne107"], element["severity"], element["owner"]) == ("F", 2, "Ada Feldmann")
    assert element["first_cause"] == "element_top_open"
    assert element["confidence"] == pytest.approx(0.91)


async def test_case_carries_evidence_with_units_and_limits(vendor: Vendor, web: httpx.AsyncClient) -> None:
    numbers = await seeded.seed(vendor)
    case = (await web.get(f"/api/cases/{numbers['element']}")).json()
    cavity = case["evidence"]["series"][0]
    assert cavity["unit"] == "°C"
    assert cavity["times_s"][-1] == 0
    assert len(cavity["times_s"]) == len(cavity["samples"]) == 16
    assert [limit["value"] for limit in cavity["limits"]] == [280.0, 330.0]
    assert [function["name"] for function in case["quarantined"]] == ["top_heat", "pyrolysis"]
    assert sum(cause["probability"] for cause in case["causes"]) == pytest.approx(1)
    assert case["next_step"]["part"]["number"] == "HE-2217-03"
    assert [entry["actor"] for entry in case["timeline"]] == ["appliance", "appliance", "system"]


async def test_device_shows_its_owner_and_cases(vendor: Vendor, web: httpx.AsyncClient) -> None:
    numbers = await seeded.seed(vendor)
    [device] = [d for d in (await web.get("/api/devices")).json()["items"] if d["name"] == "Oven in the kitchen"]
    assert device["owner"]["name"] == "Ada Feldmann"
    assert device["consent"] == {
        "safety": True, "service": True, "improve": False, "personal": False, "offers": False,
    }  # fmt: skip
    detail = (await web.get(f"/api/devices/{device['id']}")).json()
    assert [case["id"] for case in detail["cases"]] == [numbers["element"]]


async def test_dead_letters_are_counted_by_reason(vendor: Vendor, web: httpx.AsyncClient) -> None:
    for number, reason in enumerate((9, 9, 2)):
        await vendor.transport.dead_letter(reason, "00" * 8, "t/x/u/fault", b"?", str(number))
    assert (await web.get("/api/dead-letters")).json() == [
        {"reason": 2, "name": "truncated", "count": 1},
        {"reason": 9, "name": "authentication failed", "count": 2},
    ]


async def test_health_says_which_part_is_away(app: FastAPI, vendor: Vendor, stranger: httpx.AsyncClient) -> None:
    good = await stranger.get("/healthz")
    assert (good.status_code, good.json()["status"]) == (200, "ok")

    class Gone:
        async def dead_letter_counts(self) -> dict[int, int]:
            raise OSError("no engine")

    vendor.transport = Gone()  # type: ignore[assignment]
    bad = await stranger.get("/healthz")
    assert bad.status_code == 503
    assert bad.json() == {"status": "degraded", "database": True, "engine": False}
    assert set(bad.json()) == set(schemas.Health.model_fields)


async def test_claim_binds_once_and_says_why_not(vendor: Vendor, web: httpx.AsyncClient) -> None:
    oven = await vendor.registry.enrol("oven")
    path = f"/api/devices/{oven.device}/claim"
    refused = await web.post(path, json={"secret": "WRONG", "name": "Ada"})
    assert "sticker" in problem(refused, 409, "claim-refused")["detail"]
    bound = await web.post(path, json={"secret": oven.claim_secret, "name": "Ada", "email": "ada@example.com"})
    assert bound.json()["device"] == oven.device
    again = await web.post(path, json={"secret": oven.claim_secret, "name": "Eve"})
    assert "owner" in problem(again, 409, "claim-refused")["detail"]
    assert (await web.get(f"/api/devices/{oven.device}")).json()["device"]["owner"]["name"] == "Ada"


# To whom


async def test_nothing_without_a_login(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    document = app.openapi()
    tried = 0
    for path, methods in document["paths"].items():
        for method in methods:
            if path in ("/healthz", "/api/token", "/u/{sha256}", "/api/inbound/{source}"):  # the last is signed instead
                continue
            address = path.replace("{case_id}", "1").replace("{device_id}", "0" * 16).replace("{purpose}", "service")
            answer = await stranger.request(method, address, json={"secret": "x", "name": "x"})
            problem(answer, 401, "not-logged-in")
            assert answer.headers["www-authenticate"].startswith("Basic")
            tried += 1
    assert tried >= 6


@pytest.mark.parametrize(
    "header",
    [
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"desk").decode(),
        "Basic " + base64.b64encode(b"desk:wrong").decode(),
        "Basic " + base64.b64encode(b"nobody:" + PASSWORD.encode()).decode(),
        "Bearer ",
        "Bearer abc.def.ghi",
        "Digest x",
        "",
    ],
)
async def test_wrong_credentials_are_refused(stranger: httpx.AsyncClient, header: str) -> None:
    problem(await stranger.get("/api/cases", headers={"Authorization": header}), 401, "not-logged-in")


async def test_bearer_token_serves_and_dies_with_the_password(vendor: Vendor, stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/api/token", data={"username": USER, "password": PASSWORD})
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", auth.TOKEN_S)
    header = {"Authorization": f"Bearer {token['access_token']}"}
    assert (await stranger.get("/api/cases", headers=header)).status_code == 200
    altered = {"Authorization": header["Authorization"][:-2] + "AA"}
    problem(await stranger.get("/api/cases", headers=altered), 401, "not-logged-in")
    async with vendor.store.writing() as session:
        row = await session.get(LoginRow, USER)
        assert row is not None
        row.password_hash = hash_password("another one")
    problem(await stranger.get("/api/cases", headers=header), 401, "not-logged-in")


async def test_a_token_is_no_session_and_the_other_way_round(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    guard: auth.Guard = app.state.guard
    user = auth.User(USER, "agent")
    session, token = await guard.issue(user, "session"), await guard.issue(user, "token")
    assert await guard.redeem(session, "session") == user
    assert await guard.redeem(session, "token") is None
    assert await guard.redeem(token, "session") is None


async def test_guessing_passwords_is_slowed_down(stranger: httpx.AsyncClient) -> None:
    answers = [
        await stranger.post("/api/token", data={"username": USER, "password": f"guess {n}"})
        for n in range(auth.FREE_FAILURES + 1)
    ]
    assert {answer.status_code for answer in answers[:-1]} == {401}
    problem(answers[-1], 429, "too-many-attempts")
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_passwords_are_hashed_with_salt_and_verified() -> None:
    first, second = hash_password("pan"), hash_password("pan")
    assert first != second
    assert "pan" not in first
    assert verify_password("pan", first)
    assert not verify_password("pot", first)
    started = time.perf_counter()
    assert not verify_password("pan", "")
    assert time.perf_counter() - started > 0.005  # as much work as for a real one


def test_signing_key_stays_and_is_private(tmp_path: Path) -> None:
    key = auth.signing_key(tmp_path / "secrets")
    assert auth.signing_key(tmp_path / "secrets") == key
    assert (tmp_path / "secrets" / "session.key").stat().st_mode & 0o077 == 0


# How it refuses


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/cases/4711", 404, "no-such-case"),
        ("/api/cases/0", 422, "invalid-parameters"),
        ("/api/cases/x", 422, "invalid-parameters"),
        ("/api/devices/" + "0" * 16, 404, "no-such-device"),
        ("/api/devices/short", 422, "invalid-parameters"),
        ("/api/cases?limit=0", 422, "invalid-parameters"),
        ("/api/cases?limit=1000", 422, "invalid-parameters"),
        ("/api/cases?state=lost", 422, "invalid-parameters"),
        ("/api/cases?cursor=zzz", 400, "bad-cursor"),
        ("/api/devices?cursor=WzFd", 400, "bad-cursor"),
        ("/api/nothing/here", 404, "no-such-path"),
    ],
)
async def test_errors_are_problem_documents(web: httpx.AsyncClient, path: str, status: int, kind: str) -> None:
    body = problem(await web.get(path), status, kind)
    assert body["instance"] == path.partition("?")[0]
    if kind == "invalid-parameters":
        assert all(set(error) == {"at", "says"} for error in body["errors"])


async def test_a_broken_server_tells_nothing(app: FastAPI, web: httpx.AsyncClient) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("secret words")

    app.state.cloud = Broken()
    body = problem(await web.get("/api/cases"), 500, "internal-error")
    assert "secret" not in json.dumps(body)


# Pages


@pytest.mark.parametrize("path", ["/api/cases?state=all", "/api/devices"])
async def test_cursors_walk_every_item_once_while_new_ones_come(
    vendor: Vendor, web: httpx.AsyncClient, path: str
) -> None:
    oven = await seeded.add_oven(vendor, "Oven", "Ada")
    for event in range(4):
        await seeded.add_case(vendor, oven.device, event)
    for n in range(3):
        await seeded.add_oven(vendor, f"Oven {n}", None)
    expected = {item["id"] for item in (await web.get(path, params={"limit": 200})).json()["items"]}
    seen: list[Any] = []
    separator = "&" if "?" in path else "?"
    address: str | None = f"{path}{separator}limit=2"
    while address:
        answer = await web.get(address)
        body = answer.json()
        seen += [item["id"] for item in body["items"]]
        link = answer.links.get("next", {}).get("url")
        assert (body["next"] is None) == (link is None)
        address = link
    assert seen == sorted(expected, reverse="cases" in path)


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=20)), min_size=1, max_size=3))
def test_cursor_gives_back_its_position(position: list[str | int]) -> None:
    assert paging.decode(paging.encode(position), tuple(type(part) for part in position)) == position


@given(st.text(max_size=200))
def test_any_other_text_as_cursor_is_refused(text: str) -> None:
    status = 0
    try:
        position = paging.decode(text, (int,))
    except ProblemError as error:
        status = error.status
    assert status == 400 or type(position[0]) is int


# The document


async def test_openapi_is_3_1_and_open_to_read(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/devices", "/api/cases", "/api/cases/{case_id}", "/api/dead-letters"} <= set(document["paths"])
    assert set(document["components"]["securitySchemes"]) == {"HTTPBasic", "OAuth2PasswordBearer", "OwnerBasic"}


@pytest.mark.parametrize("model", SCHEMA_MODELS, ids=lambda model: model.__name__)
def test_every_field_says_what_it_is(model: type[schemas.Schema]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
