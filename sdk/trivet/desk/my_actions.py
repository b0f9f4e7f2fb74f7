"""What an owner does with what is theirs: take it along, give the appliance away, have everything erased, change the
password. Takes forms of the owner who is signed in; whatever cannot be taken back is explained, confirmed and asks for
the password once more. An appliance that is not theirs is a 404, whatever it is.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from trivet.api import my_routes
from trivet.api.accounts import MIN_PASSWORD, AccountError, Accounts
from trivet.api.auth import Guard, User
from trivet.api.ports import CloudPort
from trivet.api.problems import ProblemError
from trivet.consent import erase, records
from trivet.consent.access import reading
from trivet.desk import gate
from trivet.desk.doors import door_page, enter, form_of
from trivet.desk.texts import Words
from trivet.owners import looks
from trivet.owners.own import Own, own

WHY = "took their data along"
router = APIRouter(prefix=gate.OWN, include_in_schema=False)


async def _own(request: Request, device: str) -> Own | None:
    user: User = request.scope["trivet.user"]
    cloud: CloudPort = request.app.state.cloud
    async with cloud.store.reading() as session:
        return await own(session, user.owner, device)


def _missing(request: Request) -> HTMLResponse:
    return door_page(request, "my_missing.html", 404)


@router.get("/{device}/export.{ending}")
async def exported(request: Request, device: str, ending: str) -> Response:
    """Everything that is held, as JSON or as a ZIP of tables."""
    if ending not in ("json", "zip") or await _own(request, device) is None:
        return _missing(request)
    user: User = request.scope["trivet.user"]
    cloud: CloudPort = request.app.state.cloud
    async with reading(cloud.store, looks.own_access(user.owner, WHY)) as read:
        return await my_routes.download(cloud, read, device, ending)


@router.get("/{device}/receipt/{seq}")
async def receipt(request: Request, device: str, seq: int) -> Response:
    """The owner's copy of one decision (ISO/IEC TS 27560 as JSON-LD)."""
    if await _own(request, device) is None:
        return _missing(request)
    user: User = request.scope["trivet.user"]
    cloud: CloudPort = request.app.state.cloud
    async with reading(cloud.store, looks.own_access(user.owner, WHY)) as read:
        made = await my_routes.receipt_of(cloud, read, device, seq, str(request.base_url))
    if made is None:
        return _missing(request)
    name = f"trivet-{device}-decision-{seq}.jsonld"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return JSONResponse(made, media_type=records.MEDIA_TYPE, headers=headers)


@router.get("/{device}/give")
async def show_give(request: Request, device: str) -> Response:
    """What giving it away means."""
    mine = await _own(request, device)
    return door_page(request, "my_give.html", own=mine) if mine else _missing(request)


@router.post("/{device}/give")
async def give(request: Request, device: str) -> Response:
    """End the ownership."""
    mine = await _own(request, device)
    if mine is None:
        return _missing(request)
    refused = await _confirmed(request)
    if refused:
        return door_page(request, "my_give.html", refused[0], own=mine, error=refused[1])
    cloud: CloudPort = request.app.state.cloud
    await cloud.registry.release(device, by="owner")
    return door_page(request, "my_given.html", own=mine)


@router.get("/{device}/erase")
async def show_erase(request: Request, device: str) -> Response:
    """What an erasure means."""
    mine = await _own(request, device)
    return door_page(request, "my_erase.html", own=mine) if mine else _missing(request)


@router.post("/{device}/erase")
async def erased(request: Request, device: str) -> Response:
    """Erase everything, and show what a scan found afterwards."""
    mine = await _own(request, device)
    if mine is None:
        return _missing(request)
    refused = await _confirmed(request)
    if refused:
        return door_page(request, "my_erase.html", refused[0], own=mine, error=refused[1])
    cloud: CloudPort = request.app.state.cloud
    place = erase.Place(cloud.store, cloud.transport, cloud.settings.data_dir)
    try:
        done = await erase.appliance(place, device, by="owner")
    except erase.EraseError:  # somebody was faster
        return _missing(request)
    except OSError:
        words = Words(gate.language_of(request))
        return door_page(request, "my_erase.html", 503, own=mine, error=words("my_erase.away"))
    guard: Guard = request.app.state.owner_guard
    page = door_page(request, "my_erased.html", own=mine, done=done, account=await guard.identify(request) is not None)
    return page


async def _confirmed(request: Request) -> tuple[int, str] | None:
    """None when the box is ticked and the password is right, else status and what to say."""
    words = Words(gate.language_of(request))
    form = await form_of(request, "sure", "password")
    if form is None:
        return 413, words("my_ask.too_large")
    if form["sure"] != "yes":
        return 409, words("my_ask.tick")
    user: User = request.scope["trivet.user"]
    guard: Guard = request.app.state.owner_guard
    try:
        if await guard.login(user.name, form["password"][:256]) is None:
            return 401, words("my_ask.wrong")
    except ProblemError as error:
        return 429, words("login.wait", seconds=error.headers["Retry-After"])
    return None


@router.get("/account")
async def show_account(request: Request) -> Response:
    """Change the password."""
    return door_page(request, "my_account.html", user=request.scope["trivet.user"], least=MIN_PASSWORD)


@router.post("/account")
async def account(request: Request) -> Response:
    """Set another password; sessions made with the old one end."""
    user: User = request.scope["trivet.user"]
    form = await form_of(request, "present", "password")
    if form is None:
        return Response(status_code=413)
    words = Words(gate.language_of(request))
    guard: Guard = request.app.state.owner_guard
    accounts: Accounts = request.app.state.accounts
    values = {"user": user, "least": MIN_PASSWORD}
    try:
        if await guard.login(user.name, form["present"][:256]) is None:
            return door_page(request, "my_account.html", 401, error=words("my_ask.wrong"), **values)
        await accounts.change(user, form["password"])
    except AccountError as error:
        says = words(f"claim.error_{error.kind}", least=MIN_PASSWORD)
        return door_page(request, "my_account.html", 409, error=says, **values)
    except ProblemError as error:
        says = words("login.wait", seconds=error.headers["Retry-After"])
        return door_page(request, "my_account.html", 429, error=says, **values)
    return await enter(request, guard, user, gate.OWN)


@router.get("/")
async def home() -> Response:
    """The address with a slash at its end."""
    return RedirectResponse(gate.OWN, 308)
