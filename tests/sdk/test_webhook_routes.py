"""Receivers of webhooks by API and by command: who may, what is answered, and that a secret is shown once."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from receiver_kit import Reply, Request, receiver
from seeded import Vendor
from standardwebhooks import Webhook as Judge
from trivet import api
from trivet.api import auth, routes
from trivet.cli import app as commands
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    return api.create(vendor)


@contextmanager
def as_role(app: FastAPI, role: str) -> Iterator[httpx.AsyncClient]:
    app.dependency_overrides[routes.user_of] = lambda: auth.User("Cleo", role)
    yield httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test")
    app.dependency_overrides.clear()


async def made(web: httpx.AsyncClient, url: str = "https://crm.example.com/hook", **more: Any) -> dict[str, Any]:
    answer = await web.post("/api/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_added_shown_tested_rotated_removed(app: FastAPI) -> None:
    with as_role(app, "admin") as web:
        async with receiver() as there:
            body = await made(web, there.url, kinds=["opened"], name="CRM")
            secret, number = body["secret"], body["webhook"]["id"]
            assert secret.startswith("whsec_")
            tested = await web.post(f"/api/webhooks/{number}/test")
            assert tested.json() == {"taken": True, "status": 204, "says": ""}
            told = Judge(secret).verify(there.requests[0].body, there.requests[0].headers)
            assert (told["type"], told["source"]) == ("trivet.test", "https://desk.example.com")
        listed = await web.get("/api/webhooks")
        assert secret not in listed.text
        assert [(one["name"], one["kinds"], one["secrets"]) for one in listed.json()] == [("CRM", ["opened"], 1)]
        rotated = (await web.post(f"/api/webhooks/{number}/rotate")).json()
        assert rotated["secret"] != secret
        assert rotated["webhook"]["secrets"] == 2
        assert (await web.get(f"/api/webhooks/{number}/deliveries")).json() == {"items": [], "next": None}
        assert (await web.delete(f"/api/webhooks/{number}")).status_code == 204
        assert (await web.get(f"/api/webhooks/{number}")).status_code == 404


async def test_a_test_says_in_words_what_is_wrong(app: FastAPI) -> None:
    async def refusing(_request: Request) -> Reply:
        return Reply(500)

    with as_role(app, "admin") as web:
        async with receiver(refusing) as there:
            number = (await made(web, there.url))["webhook"]["id"]
            said = (await web.post(f"/api/webhooks/{number}/test")).json()
            assert said == {"taken": False, "status": 500, "says": "it answered 500"}
        number = (await made(web, "https://10.0.0.1/"))["webhook"]["id"]
        said = (await web.post(f"/api/webhooks/{number}/test")).json()
        assert (said["taken"], said["status"]) == (False, None)
        assert "--allow-network" in said["says"]


@pytest.mark.parametrize(
    ("method", "path", "body", "looking"),
    [
        ("GET", "", None, True),
        ("GET", "/schedule", None, True),
        ("GET", "/1", None, True),
        ("GET", "/1/deliveries", None, True),
        ("POST", "", {"url": "https://a.example/"}, False),
        ("POST", "/1/rotate", None, False),
        ("POST", "/1/test", None, False),
        ("POST", "/1/enable", None, False),
        ("POST", "/1/resend", {"since": "2026-01-01T00:00:00Z"}, False),
        ("DELETE", "/1", None, False),
    ],
)
async def test_who_may(app: FastAPI, method: str, path: str, body: Any, looking: bool) -> None:
    with as_role(app, "admin") as web:
        await made(web)
    for role in ("agent", "engineer", "privacy", "owner"):
        with as_role(app, role) as web:
            answer = await web.request(method, f"/api/webhooks{path}", json=body)
            assert answer.status_code == (200 if looking and role == "engineer" else 403), (role, answer.text)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "", {"url": "ftp://a.example/"}, 422, "bad-url"),
        ("POST", "", {"url": "https://u:p@a.example/"}, 422, "bad-url"),
        ("POST", "", {"url": "https://a.example/", "kinds": ["A B"]}, 422, "invalid-parameters"),
        ("POST", "", {"url": "https://a.example/", "more": 1}, 422, "invalid-parameters"),
        ("GET", "/9", None, 404, "no-such-webhook"),
        ("DELETE", "/9", None, 404, "no-such-webhook"),
        ("POST", "/9/rotate", None, 404, "no-such-webhook"),
        ("POST", "/9/test", None, 404, "no-such-webhook"),
        ("POST", "/9/enable", None, 404, "no-such-webhook"),
        ("POST", "/9/resend", {"since": "2026-01-01T00:00:00Z"}, 404, "no-such-webhook"),
        ("POST", "/1/resend", {"since": "2026-01-01T00:00:00"}, 422, "bad-time"),
        ("GET", "/9/deliveries", None, 404, "no-such-webhook"),
        ("GET", "/1/deliveries?cursor=x", None, 400, "bad-cursor"),
    ],
)
async def test_refusals_say_why(app: FastAPI, method: str, path: str, body: Any, status: int, kind: str) -> None:
    with as_role(app, "admin") as web:
        await made(web)
        answer = await web.request(method, f"/api/webhooks{path}", json=body)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:trivet:problem:{kind}")


def test_the_same_by_command(tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(
            commands, ["webhook", *words, *(() if words[0] == "schedule" else ("--data", folder))]
        )
        assert done.exit_code == code, done.output
        return done.output

    folder = str(tmp_path)
    assert "no cloud" in run("list", code=1)
    from trivet.vault import Vault

    Vault(tmp_path / "secrets")
    assert "There is none" in run("list")
    made = json.loads(run("add", "https://crm.example.com/hook", "--kind", "opened", "--json"))
    assert made["secret"].startswith("whsec_")
    assert "https://crm.example.com/hook" in run("list")
    assert json.loads(run("list", "--json"))["webhooks"][0]["kinds"] == ["opened"]
    assert run("rotate", "1").strip() != made["secret"]
    assert "no name or password" in run("add", "https://u:p@crm.example.com/", code=1)
    assert "from now on" in run("enable", "1")
    assert "no webhook 7" in run("remove", "7", code=1)
    assert "removed" in run("remove", "1")
    assert run("schedule").count("after the one before") == 10
