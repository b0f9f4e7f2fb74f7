"""Who gets in where: every route of the running description × nobody, owners, every role, every scope of an API key. A
route that is not in this table fails the test, and nobody gets in there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import seeded
from fastapi import FastAPI
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, Vendor
from trivet import api, api_keys
from trivet.api import doors
from trivet.api.accounts import Accounts
from trivet.passwords import hash_password
from trivet.store.tables import LoginRow

ROLES = {"a": "agent", "e": "engineer", "p": "privacy", "d": "admin"}
OPEN = "GET /healthz", "GET /u/{sha256}", "POST /api/token", "POST /api/inbound/{source}"  # their own proofs
# Each line: the roles that get in (agent, engineer, privacy, admin; o: owners alone), the scope of a key (-: no key).
EXPECTED = """
ed   metrics        GET /metrics
aepd cases:read     GET /api/cases
aepd cases:read     GET /api/cases/{case_id}
aepd cases:read     GET /api/cases/{case_id}/work
aepd cases:read     GET /api/cases/{case_id}/parts
aepd cases:read     GET /api/cases/{case_id}/bundle
aepd cases:read     GET /api/rates
aed  cases:write    POST /api/cases/{case_id}/assign
aed  cases:write    POST /api/cases/{case_id}/place
aed  cases:write    POST /api/cases/{case_id}/escalation
aed  cases:write    POST /api/cases/{case_id}/notes
aed  cases:write    POST /api/cases/{case_id}/proposals
aed  cases:write    POST /api/cases/{case_id}/proposals/{number}/{act}
aed  cases:write    PUT /api/cases/{case_id}/tests/{routine}
aed  cases:write    POST /api/cases/{case_id}/outcomes
aed  cases:write    POST /api/cases/{case_id}/outcomes/{number}/withdraw
aepd cases:read     GET /api/cases/{case_id}/sessions
aed  commands       POST /api/cases/{case_id}/sessions
aed  commands       DELETE /api/cases/{case_id}/sessions/{number}
aed  commands       POST /api/cases/{case_id}/sessions/{number}/tests
aed  commands       POST /api/cases/{case_id}/sessions/{number}/fixes
aed  commands       POST /api/cases/{case_id}/sessions/{number}/fixes/{act}/undo
epd  devices:read   GET /api/setups
aepd devices:read   GET /api/devices
aepd devices:read   GET /api/devices/{device_id}
aepd devices:write  POST /api/devices/{device_id}/claim
aepd metrics        GET /api/dead-letters
aepd privacy:read   GET /api/texts
aepd privacy:read   GET /api/devices/{device_id}/consents
aepd privacy:read   GET /api/devices/{device_id}/consents/{seq}
aepd privacy:read   GET /api/devices/{device_id}/security
aepd privacy:read   GET /api/devices/{device_id}/retention
aepd privacy:read   GET /api/devices/{device_id}/erasures
pd   privacy:read   GET /api/devices/{device_id}/uses
pd   privacy:read   GET /api/devices/{device_id}/export
pd   privacy:write  POST /api/devices/{device_id}/consents
pd   privacy:write  POST /api/devices/{device_id}/erase
aed  commands       POST /api/devices/{device_id}/commands
aepd devices:read   GET /api/devices/{device_id}/commands
aepd devices:read   GET /api/devices/{device_id}/commands/{counter}
aepd updates:read   GET /api/releases
aepd updates:read   GET /api/release-keys
ed   updates:write  POST /api/release-keys
aepd updates:read   GET /api/devices/{device_id}/updates
ed   updates:write  POST /api/devices/{device_id}/updates
ed   updates:write  DELETE /api/devices/{device_id}/updates/{number}
aepd visits:read    GET /api/areas
d    visits:write   PUT /api/areas/{name}
aepd visits:read    GET /api/visits
aepd visits:read    GET /api/visits/{number}/invitation.ics
aepd visits:read    GET /api/cases/{case_id}/visits
aepd visits:read    GET /api/cases/{case_id}/visit-offer
aed  visits:write   POST /api/cases/{case_id}/visits
aed  visits:write   POST /api/visits/{number}/move
aed  visits:write   POST /api/visits/{number}/cancel
aed  visits:write   POST /api/visits/{number}/done
ed   webhooks:read  GET /api/webhooks
ed   webhooks:read  GET /api/webhooks/schedule
ed   webhooks:read  GET /api/webhooks/{number}
ed   webhooks:read  GET /api/webhooks/{number}/deliveries
d    webhooks:write POST /api/webhooks
d    webhooks:write DELETE /api/webhooks/{number}
d    webhooks:write POST /api/webhooks/{number}/rotate
d    webhooks:write POST /api/webhooks/{number}/test
d    webhooks:write POST /api/webhooks/{number}/enable
d    webhooks:write POST /api/webhooks/{number}/resend
aepd inbound:read   GET /api/letters
aepd inbound:write  POST /api/letters/{number}/land
aepd inbound:write  POST /api/letters/{number}/dismiss
ed   inbound:read   GET /api/inbound-sources
d    -              POST /api/inbound-sources
d    -              POST /api/inbound-sources/{name}/rotate
d    -              DELETE /api/inbound-sources/{name}
d    -              GET /api/keys
d    -              POST /api/keys
d    -              DELETE /api/keys/{key_id}
o    -              GET /api/my/devices
o    -              POST /api/my/claim
o    -              GET /api/my/devices/{device_id}
o    -              PUT /api/my/devices/{device_id}/consents/{purpose}
o    -              GET /api/my/devices/{device_id}/sent
o    -              GET /api/my/devices/{device_id}/uses
o    -              GET /api/my/devices/{device_id}/happened
o    -              GET /api/my/devices/{device_id}/export
o    -              GET /api/my/devices/{device_id}/receipts/{seq}
o    -              POST /api/my/devices/{device_id}/release
o    -              POST /api/my/devices/{device_id}/erase
o    -              GET /api/my/devices/{device_id}/updates
o    -              PUT /api/my/devices/{device_id}/updates/{number}/answer
o    -              PUT /api/my/devices/{device_id}/hours
o    -              GET /api/my/notifications
o    -              PUT /api/my/notifications
o    -              GET /api/my/devices/{device_id}/visits
o    -              POST /api/my/devices/{device_id}/visits/{number}/cancel
o    -              GET /api/my/devices/{device_id}/visits/{number}/invitation.ics
o    -              GET /api/my/devices/{device_id}/sessions
o    -              POST /api/my/devices/{device_id}/sessions/{number}/stop
o    -              GET /api/my/devices/{device_id}/care
o    -              PUT /api/my/devices/{device_id}/care/{name}
o    -              POST /api/my/devices/{device_id}/care/{name}/done
o    -              GET /api/my/devices/{device_id}/cases
o    -              GET /api/my/devices/{device_id}/cases/{case_id}/proposals
o    -              POST /api/my/devices/{device_id}/cases/{case_id}/proposals/{number}/{act}
o    -              POST /api/my/devices/{device_id}/cases/{case_id}/feedback
o    -              GET /api/my/devices/{device_id}/cases/{case_id}/bundle
"""
TABLE = {
    route: (letters, scope) for letters, scope, route in (line.split(None, 2) for line in EXPECTED.split("\n") if line)
}
SCOPES = sorted({scope for _, scope in TABLE.values()} - {"-"})


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as made:
        identity = await seeded.add_oven(made, "Küche", None)
        await seeded.add_owner(made, Accounts(made.store, b"k" * 32), identity)
        hashed = hash_password(PASSWORD)
        async with made.store.writing() as session:
            session.add_all(LoginRow(user=role, password_hash=hashed, role=role) for role in ROLES.values())
        yield made


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    return api.create(vendor)


def client(app: FastAPI, auth: tuple[str, str] | None = None, key: str | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test", auth=auth, headers=headers)


async def knock(web: httpx.AsyncClient, route: str) -> str:
    """`401`, `403` for the door, `in` for everything that comes behind it."""
    method, _, path = route.partition(" ")
    answer = await web.request(method, re.sub(r"\{[a-z0-9_]+\}", "1", path), json={} if method != "GET" else None)
    assert answer.status_code < 500, (route, answer.text)
    kind = answer.json().get("type", "") if "problem" in answer.headers.get("content-type", "") else ""
    at_the_door = kind.endswith(("not-your-role", "not-in-scope", "not-open"))
    if answer.status_code in {401, 429}:  # too many wrong passwords at the owners' door
        return "401"
    return "403" if answer.status_code == 403 and at_the_door else "in"


async def all_of(web: httpx.AsyncClient) -> dict[str, str]:
    async with web:
        return {route: await knock(web, route) for route in TABLE}


def routes_of(app: FastAPI) -> set[str]:
    return {f"{method.upper()} {path}" for path, verbs in app.openapi()["paths"].items() for method in verbs}


async def test_every_route_is_in_the_table(app: FastAPI) -> None:
    assert routes_of(app) == set(TABLE) | set(OPEN)


async def test_nobody_gets_in_without_a_login(app: FastAPI) -> None:
    assert await all_of(client(app)) == dict.fromkeys(TABLE, "401")


@pytest.mark.parametrize("role", ROLES.values())
async def test_each_role_gets_in_where_it_may_and_nowhere_else(app: FastAPI, role: str) -> None:
    expected = {
        route: "401" if letters == "o" else "in" if role in {ROLES[one] for one in letters} else "403"
        for route, (letters, _) in TABLE.items()
    }
    assert await all_of(client(app, (role, PASSWORD))) == expected


async def test_owners_get_into_their_own_rooms_alone(app: FastAPI) -> None:
    expected = {route: "in" if letters == "o" else "401" for route, (letters, _) in TABLE.items()}
    assert await all_of(client(app, (OWNER, OWNER_PASSWORD))) == expected


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ["agent", "admin"])
async def test_a_key_gets_in_where_its_scope_and_its_role_may(
    app: FastAPI, vendor: Vendor, role: str, scope: str
) -> None:
    async with vendor.store.writing() as session:
        _, secret = await api_keys.make(session, api_keys.Wish("crm", role, [scope]), doors.SCOPES, "test")
    expected = {}
    for route, (letters, needs) in TABLE.items():
        may = letters != "o" and role in {ROLES[one] for one in letters} and needs == scope
        expected[route] = "in" if may else "401" if letters == "o" else "403"
    assert await all_of(client(app, key=secret)) == expected


async def test_a_route_without_a_row_lets_nobody_in(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {route: row for route, row in doors.DOORS.items() if route != ("GET", "/api/cases")}
    monkeypatch.setattr(doors, "DOORS", rest)
    async with client(app, ("admin", PASSWORD)) as web:
        answer = await web.get("/api/cases")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:trivet:problem:not-open")
