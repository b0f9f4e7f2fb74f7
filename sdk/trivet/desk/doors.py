"""The pages in front of the gate: two logins (desk and owners), the claim of an appliance, the choice of a password.
Takes forms, sets session cookies; never says whether a login, an appliance or an address exists to somebody who has
not proved a right to know.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import nicegui
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from trivet.api.accounts import MIN_PASSWORD, AccountError, Accounts, Person
from trivet.api.auth import Guard, User
from trivet.api.problems import ProblemError
from trivet.desk import gate, render
from trivet.desk.texts import Words
from trivet.registry import RegistryError

FONTS = f"/_nicegui/{nicegui.__version__}/static/fonts.css"
MAX_FORM = 4096  # bytes
router = APIRouter(include_in_schema=False)


def door_page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A whole page that stands alone, without a live connection."""
    words = Words(gate.language_of(request))
    page = render.whole(
        template,
        words,
        base=gate.BASE,
        fonts=FONTS,
        version=gate.asset_version(),
        sprite=gate.sprite(),
        **{"error": "", **values},
    )
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


async def form_of(request: Request, *names: str, most: int = 12) -> dict[str, str] | None:
    """The named fields of a small form, of `most` fields at most; None when it is too large."""
    if int(request.headers.get("content-length", MAX_FORM + 1)) > MAX_FORM:
        return None
    form = await request.form(max_fields=most, max_files=0)
    return {name: str(form.get(name, "")) for name in names}


def _safe_next(target: str, home: str) -> str:
    """A path of our own to return to after login; anything else is `home`."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own and "\n" not in target and "\r" not in target else home


async def enter(request: Request, guard: Guard, user: User, target: str) -> Response:
    """Go to `target` with a session."""
    response = RedirectResponse(target, 303)
    response.set_cookie(
        guard.cookie,
        await guard.issue(user, "session"),
        max_age=guard.session_s,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def _login(request: Request, guard: Guard, template: str, home: str) -> Response:
    form = await form_of(request, "user", "password", "next")
    if form is None:
        return Response(status_code=413)
    words = Words(gate.language_of(request))
    target, name = _safe_next(form["next"], home), form["user"]
    try:
        user = await guard.login(name[:254], form["password"][:256])
    except ProblemError as error:
        says = words("login.wait", seconds=error.headers["Retry-After"])
        return door_page(request, template, 429, next=target, user=name, error=says)
    if user is None:
        return door_page(request, template, 401, next=target, user=name, error=words("login.wrong"))
    return await enter(request, guard, user, target)


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:
    """The desk's login page; who is logged in already goes on."""
    if await request.app.state.guard.identify(request) is not None:
        return RedirectResponse(_safe_next(next, "/"), 303)
    return door_page(request, "login.html", next=_safe_next(next, "/"), user="")


@router.post("/login")
async def login(request: Request) -> Response:
    """Check login and password, set the session cookie."""
    return await _login(request, request.app.state.guard, "login.html", "/")


@router.post("/logout")
async def logout() -> Response:
    """Forget the session."""
    return _leave("/login", Guard.cookie)


def _leave(door: str, cookie: str) -> Response:
    response = RedirectResponse(door, 303)
    response.delete_cookie(cookie, httponly=True, samesite="lax")
    return response


@router.get("/my/login")
async def show_owner_login(request: Request, next: str = gate.OWN) -> Response:
    """The owners' login page."""
    if await request.app.state.owner_guard.identify(request) is not None:
        return RedirectResponse(_safe_next(next, gate.OWN), 303)
    return door_page(request, "my_login.html", next=_safe_next(next, gate.OWN), user="")


@router.post("/my/login")
async def owner_login(request: Request) -> Response:
    """Check mail address and password, set the owner's session cookie."""
    return await _login(request, request.app.state.owner_guard, "my_login.html", gate.OWN)


@router.post("/my/logout")
async def owner_logout(request: Request) -> Response:
    """Forget the owner's session."""
    return _leave("/my/login", request.app.state.owner_guard.cookie)


_CLAIM = ("device", "secret", "name", "mail", "phone", "password")


@router.get("/claim")
async def show_claim(request: Request) -> Response:
    """Register an appliance. What a QR code on the sticker carries stands behind the address's #: a browser never
    sends that part, so no log holds a secret."""
    owner = await request.app.state.owner_guard.identify(request)
    return door_page(request, "claim.html", owner=owner, form=dict.fromkeys(_CLAIM, ""), field="", least=MIN_PASSWORD)


@router.post("/claim")
async def claim(request: Request) -> Response:
    """Bring an appliance into the account that is signed in, or open one."""
    form = await form_of(request, *_CLAIM)
    if form is None:
        return Response(status_code=413)
    words = Words(gate.language_of(request))
    guard: Guard = request.app.state.owner_guard
    accounts: Accounts = request.app.state.accounts
    owner = await guard.identify(request)
    device, secret = form["device"].strip().lower().replace(" ", ""), form["secret"].strip()[:64]
    field = "device"
    try:
        if owner is not None:
            await accounts.add(owner.owner, device, secret)
            return RedirectResponse(f"{gate.OWN}/{device}", 303)
        person = Person(form["name"][:200], form["mail"][:300], form["phone"].strip()[:40] or None, words.language)
        number = await accounts.open(device, secret, person, form["password"])
        user = User(guard.plain(form["mail"]), "owner", number)
        return await enter(request, guard, user, f"{gate.OWN}/{device}")
    except RegistryError:
        says = words("claim.wrong_sticker")
    except AccountError as error:
        says = words(f"claim.error_{error.kind}", least=MIN_PASSWORD)
        field = {"mail": "mail", "known": "mail", "password": "password", "name": "name"}.get(error.kind, field)
    form["password"] = ""
    return door_page(request, "claim.html", 409, owner=owner, form=form, field=field, error=says, least=MIN_PASSWORD)


@router.get("/my/password")
async def show_password(request: Request) -> Response:
    """Choose a password with a one-time link; its token stands behind the address's #."""
    return door_page(request, "password.html", form={"token": "", "mail": ""}, least=MIN_PASSWORD)


@router.post("/my/password")
async def set_password(request: Request) -> Response:
    """Redeem the link: set the password and sign in."""
    form = await form_of(request, "token", "mail", "password")
    if form is None:
        return Response(status_code=413)
    words = Words(gate.language_of(request))
    guard: Guard = request.app.state.owner_guard
    accounts: Accounts = request.app.state.accounts
    try:
        mail = await accounts.set_password(form["token"], form["mail"], form["password"])
        user = await guard.login(mail, form["password"])
    except AccountError as error:
        says = words(f"claim.error_{error.kind}", least=MIN_PASSWORD)
        return door_page(request, "password.html", 409, form=form, error=says, least=MIN_PASSWORD)
    except ProblemError as error:  # set, but somebody guesses at this address: sign in later
        says = words("login.wait", seconds=error.headers["Retry-After"])
        return door_page(request, "my_login.html", 429, next=gate.OWN, user=form["mail"], error=says)
    assert user is not None
    return await enter(request, guard, user, gate.OWN)
