"""API keys: shown once, kept as a hash, bounded by role, scope and time, revocable; never in a log."""

import asyncio
import datetime as dt
import json
import logging
import re
import shlex
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from seeded import PASSWORD, Vendor
from sqlalchemy import update
from trivet import api, api_keys
from trivet.api import doors
from trivet.api_keys import ApiKeyError, Wish
from trivet.cli import app as cli
from trivet.config import Settings
from trivet.passwords import hash_password
from trivet.serve import Cloud
from trivet.store.api_keys import ApiKeyRow
from trivet.store.tables import LoginRow, utcnow
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as made:
        async with made.store.writing() as session:
            session.add(LoginRow(user="ada", password_hash=hash_password(PASSWORD), role="admin"))
        yield made


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    return api.create(vendor)


def client(app: FastAPI, **settings: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", **settings)


async def made(app: FastAPI, **changes: Any) -> dict[str, Any]:
    wish = {"name": "crm", "role": "agent", "scopes": ["cases:read"]} | changes
    async with client(app, auth=("ada", PASSWORD)) as web:
        answer = await web.post("/api/keys", json=wish)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


async def status(app: FastAPI, secret: str, path: str = "/api/cases") -> int:
    async with client(app, headers={"Authorization": f"Bearer {secret}"}) as web:
        return (await web.get(path)).status_code


async def test_a_key_opens_what_its_scope_says_and_is_told_once(app: FastAPI) -> None:
    key = await made(app)
    assert key["secret"].startswith(f"trivet_{key['key']['id']}_")
    assert await status(app, key["secret"]) == 200
    assert await status(app, key["secret"], "/api/devices") == 403
    async with client(app, auth=("ada", PASSWORD)) as web:
        [line] = (await web.get("/api/keys")).json()
    assert (line["name"], line["role"], line["scopes"], line["made_by"]) == ("crm", "agent", ["cases:read"], "ada")
    assert line["used_on"] == utcnow().date().isoformat()
    assert key["secret"].rpartition("_")[2] not in json.dumps(line)


async def test_nothing_of_a_key_is_kept_but_its_hash(app: FastAPI, vendor: Vendor) -> None:
    secret = (await made(app))["secret"]
    async with vendor.store.reading() as session:
        row = await session.get_one(ApiKeyRow, secret.split("_")[1])
    assert len(row.digest) == 32
    if vendor.store.sqlite:
        with sqlite3.connect(vendor.settings.data_dir / "trivet.sqlite") as database:
            assert secret[20:] not in "\n".join(database.iterdump())


@pytest.mark.parametrize("spoil", ["other secret", "other id", "no secret", "cut", "longer"])
async def test_an_altered_key_opens_nothing(app: FastAPI, spoil: str) -> None:
    secret = (await made(app))["secret"]
    other = (await made(app))["secret"]
    altered = {
        "other secret": secret[:20] + other[20:],
        "other id": "trivet_000000000000_" + secret[20:],
        "no secret": secret[:20],
        "cut": secret[:-1],
        "longer": secret + "A",
    }[spoil]
    assert await status(app, altered) == 401


async def test_a_key_ends_with_its_time_and_when_it_is_revoked(app: FastAPI, vendor: Vendor) -> None:
    short, gone = await made(app, days=1), await made(app)
    assert [await status(app, one["secret"]) for one in (short, gone)] == [200, 200]
    async with vendor.store.writing() as session:
        past = utcnow() - dt.timedelta(seconds=1)
        await session.execute(update(ApiKeyRow).where(ApiKeyRow.id == short["key"]["id"]).values(expires_at=past))
    async with client(app, auth=("ada", PASSWORD)) as web:
        answer = await web.delete(f"/api/keys/{gone['key']['id']}")
        assert (answer.status_code, answer.json()["revoked_by"]) == (200, "ada")
        assert (await web.delete("/api/keys/000000000000")).status_code == 404
    assert [await status(app, one["secret"]) for one in (short, gone)] == [401, 401]


async def test_no_key_makes_or_sees_keys(app: FastAPI) -> None:
    secret = (await made(app, role="admin", scopes=list(doors.SCOPES)))["secret"]
    assert await status(app, secret, "/api/keys") == 403
    assert await status(app, secret, "/api/my/devices") == 401


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scopes": ["cases:all"]}, "There is no scope 'cases:all'"),
        ({"scopes": []}, "scopes"),
        ({"role": "owner"}, "role"),
        ({"days": 0}, "days"),
        ({"name": "two\nlines"}, "name"),
    ],
)
async def test_a_wish_that_cannot_be_says_why(app: FastAPI, changes: dict[str, Any], says: str) -> None:
    wish = {"name": "crm", "role": "agent", "scopes": ["cases:read"]} | changes
    async with client(app, auth=("ada", PASSWORD)) as web:
        answer = await web.post("/api/keys", json=wish)
    assert answer.status_code == 422
    assert says in answer.text


async def test_the_room_itself_refuses_what_no_route_checked(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        for wish, kind in (
            (Wish("crm", "root", ["cases:read"]), "no-such-role"),
            (Wish("crm", "agent", []), "no-such-scope"),
            (Wish(" ", "agent", ["cases:read"]), "no-name"),
            (Wish("crm", "agent", ["cases:read"], 0), "bad-time"),
        ):
            with pytest.raises(ApiKeyError) as error:
                await api_keys.make(session, wish, doors.SCOPES, "test")
            assert error.value.kind == kind


async def test_making_and_revoking_are_in_the_log_and_the_key_is_not(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = await made(app)
    await status(app, key["secret"])
    async with client(app, auth=("ada", PASSWORD)) as web:
        await web.delete(f"/api/keys/{key['key']['id']}")
    assert f"API key {key['key']['id']} was made: role agent, scopes cases:read" in caplog.text
    assert f"API key {key['key']['id']} was revoked" in caplog.text
    assert key["secret"][20:] not in caplog.text


def test_the_command_line_makes_lists_and_revokes(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, ["api-key", *words, "--data", str(tmp_path)])
        assert result.exit_code == 0, result.output
        return result.output

    made = json.loads(run("add", "crm", "--role", "agent", "--scope", "cases:read", "--json").splitlines()[-1])
    assert made["key"].startswith(f"trivet_{made['id']}_")
    [line] = json.loads(run("list", "--json").splitlines()[-1])["keys"]
    assert (line["id"], line["good"]) == (made["id"], True)
    assert "opens nothing any more" in run("revoke", made["id"])
    assert "revoked" in run("list")
    wrong = CliRunner().invoke(
        cli, ["api-key", "add", "x", "--role", "agent", "--scope", "all", "--data", str(tmp_path)]
    )
    assert wrong.exit_code == 1
    assert "There is no scope 'all'" in wrong.output


@pytest.mark.slow
async def test_what_the_readme_types_works_at_a_running_cloud(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    [add] = re.findall(r"^trivet (api-key add .*) --data \./cloud$", text, re.MULTILINE)
    [curl] = re.findall(r'^(curl -H "Authorization: Bearer \$KEY" .*/api/cases)$', text, re.MULTILINE)
    async with Cloud(Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)) as cloud:
        words = [sys.executable, "-m", "trivet.cli", *add.split(), "--data", str(tmp_path), "--json"]
        made = json.loads((await said(*words)).splitlines()[-1])
        typed = curl.replace("http://127.0.0.1:8080", cloud.url).replace("$KEY", made["key"])
        assert json.loads(await said(*shlex.split(typed)))["items"] == []
        refused = typed.replace("/api/cases", "/api/devices")
        assert json.loads(await said(*shlex.split(refused)))["type"].endswith("not-in-scope")


async def said(*words: str) -> str:
    """What a command prints."""
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()
