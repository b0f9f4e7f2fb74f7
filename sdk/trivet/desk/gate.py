"""The door before every page. Takes each request and websocket, lets those with a login through; never lets
anything of an owner out without one: what is not listed as open is closed.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from urllib.parse import quote, urlsplit

import nicegui
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from trivet.api.auth import COOKIE, SESSION_S, Guard
from trivet.api.problems import ProblemError
from trivet.desk import render
from trivet.desk.texts import LANGUAGES, Words

BASE = "/desk-assets"
FONTS = f"/_nicegui/{nicegui.__version__}/static/fonts.css"
# The interface guards itself, the login page is for those without; the rest is code and style, the same for all.
OPEN = ("/api/", "/healthz", "/login", f"{BASE}/", "/_nicegui/", "/favicon.ico")
MAX_FORM = 4096  # bytes
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
    """ASGI middleware: asks the guard, sends people without a login to /login and programs away."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app, self.guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        safe = _with_headers(send)
        path: str = scope["path"]
        if path.startswith(OPEN):
            return await self.app(scope, receive, safe)
        try:
            user = await self.guard.identify(HTTPConnection(scope))
        except ProblemError:  # held back after wrong passwords
            user = None
        if user is not None:
            scope["trivet.user"] = user
            return await self.app(scope, receive, safe)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        await _away(scope)(scope, receive, safe)


def _away(scope: Scope) -> Response:
    if scope["method"] != "GET" or scope["path"].startswith("/_nicegui"):
        return Response(status_code=401)
    query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
    return RedirectResponse(f"/login?next={quote(scope['path'] + query, safe='')}", 303)


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


def _safe_next(target: str) -> str:
    """A path of our own to return to after login; anything else is the queue."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own and "\n" not in target and "\r" not in target else "/"


def _login_page(request: Request, target: str, user: str = "", error: str = "", status: int = 200) -> HTMLResponse:
    words = Words(language_of(request))
    page = render.whole(
        "login.html",
        words,
        base=BASE,
        fonts=FONTS,
        version=asset_version(),
        sprite=sprite(),
        next=_safe_next(target),
        user=user,
        error=error,
    )
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


router = APIRouter(include_in_schema=False)


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:
    """The login page; who is logged in already goes on."""
    if await request.app.state.guard.identify(request) is not None:
        return RedirectResponse(_safe_next(next), 303)
    return _login_page(request, next)


@router.post("/login")
async def login(request: Request) -> Response:
    """Check login and password, set the session cookie."""
    if int(request.headers.get("content-length", MAX_FORM + 1)) > MAX_FORM:
        return Response(status_code=413)
    form = await request.form(max_fields=8, max_files=0)
    name, password, target = (str(form.get(field, "")) for field in ("user", "password", "next"))
    words = Words(language_of(request))
    guard: Guard = request.app.state.guard
    try:
        user = await guard.login(name[:64], password[:256])
    except ProblemError as error:
        return _login_page(request, target, name, words("login.wait", seconds=error.headers["Retry-After"]), 429)
    if user is None:
        return _login_page(request, target, name, words("login.wrong"), 401)
    response = RedirectResponse(_safe_next(target), 303)
    cookie = await guard.issue(user, "session")
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="lax", secure=secure)
    return response


@router.post("/logout")
async def logout() -> Response:
    """Forget the session."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response
