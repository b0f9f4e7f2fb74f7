"""The door before every page. Takes each request and websocket, lets those with a login through; never lets
anything of an owner out without one: what is not listed as open is closed.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from trivet.api.auth import Guard, OwnerGuard, User
from trivet.api.problems import ProblemError
from trivet.desk.texts import LANGUAGES

BASE = "/desk-assets"
# The interface guards itself, the doors are for those without a login; the rest is code and style, the same for all,
# and what appliances fetch: signed, of nobody, and found by nobody who does not know its hash.
OPEN = ("/api/", "/u/", f"{BASE}/", "/_nicegui/")
DOORS = (
    "/healthz",
    "/login",
    "/logout",
    "/favicon.ico",
    "/claim",
    "/my/login",
    "/my/logout",
    "/my/password",
    "/my/care/stop",
)
OWN = "/my"  # owners' pages: their login opens these and nothing else, the desk's opens everything else
# NiceGUI's pages are made of inline modules and compile their templates, hence both 'unsafe-'; nothing foreign loads.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}


class Gate:
    """ASGI middleware: asks the guard of the pages asked for, sends people without a login to their door and programs
    away. `trivet.user` in the scope is who came in."""

    def __init__(self, app: ASGIApp, guard: Guard, owners: OwnerGuard) -> None:
        self.app, self.guard, self.owners = app, guard, owners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        safe = _with_headers(send)
        path: str = scope["path"]
        if path in DOORS or path.startswith(OPEN):
            return await self.app(scope, receive, safe)
        user = await self._identify(HTTPConnection(scope), path)
        if user is not None:
            scope["trivet.user"] = user
            return await self.app(scope, receive, safe)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        await _away(scope)(scope, receive, safe)

    async def _identify(self, connection: HTTPConnection, path: str) -> User | None:
        if path == OWN or path.startswith(f"{OWN}/"):
            guards: tuple[Guard, ...] = (self.owners,)
        elif path.startswith("/_nicegui_ws/"):  # of both kinds of pages; which page is NiceGUI's unguessable client id
            guards = (self.guard, self.owners)
        else:
            guards = (self.guard,)
        for guard in guards:
            try:
                user = await guard.identify(connection)
            except ProblemError:  # held back after wrong passwords
                continue
            if user is not None:
                return user
        return None


def _away(scope: Scope) -> Response:
    path: str = scope["path"]
    if scope["method"] != "GET" or path.startswith("/_nicegui"):
        return Response(status_code=401)
    query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
    door = f"{OWN}/login" if path == OWN or path.startswith(f"{OWN}/") else "/login"
    return RedirectResponse(f"{door}?next={quote(path + query, safe='')}", 303)


def _with_headers(send: Send) -> Send:
    async def sender(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))  # type: ignore[call-overload]
            present = {name.lower() for name, _ in headers}
            message["headers"] = headers + [h for h in _HEADERS.items() if h[0] not in present]
        await send(message)

    return sender  # type: ignore[return-value]


@functools.cache
def asset_version() -> str:
    """Changes with every change of a style or script, so that browsers keep the rest for good."""
    folder = resources.files("trivet.desk").joinpath("static")
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    return hashlib.sha256(b"".join(folder.joinpath(name).read_bytes() for name in names)).hexdigest()[:10]


@functools.cache
def sprite() -> Markup:
    """The icons, to stand once on every page."""
    return Markup(resources.files("trivet.desk").joinpath("templates", "sprite.html").read_text("utf-8"))


def language_of(request: Request) -> str:
    """The language chosen by cookie, else the first of the browser's that the pages speak, else English."""
    chosen = request.cookies.get("trivet_language")
    if chosen in LANGUAGES:
        return chosen
    for entry in request.headers.get("accept-language", "").split(","):
        language = entry.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]
