"""The REST routes under /api. Takes requests of a known user, gives views as JSON; never answers without a login."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.security import HTTPBasic, OAuth2PasswordBearer
from trivet_wire import ids

from trivet.api import doors, paging, schemas
from trivet.api.auth import TOKEN_S, Guard, User
from trivet.api.ports import CloudPort
from trivet.api.problems import RESPONSES, ProblemError
from trivet.cases import appliances, queries, views
from trivet.cases.queue import Wanted, newest
from trivet.consent.access import Access, AccessError, allowed, reading

ENGINE_PATIENCE_S = 2.0
DeviceId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Device id, 16 hexadecimal digits")]
Find = Annotated[str, Query(max_length=80, description="Words, all of which must stand there")]
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="trivet", charset="UTF-8"'}


class _Basic(HTTPBasic):
    """For the OpenAPI document only: `Guard.identify` reads the header, and refuses it in one way."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        return None


_basic = _Basic(scheme_name="HTTPBasic", description="Login and password, printed at the cloud's first start")
_bearer = OAuth2PasswordBearer("/api/token", auto_error=False, description="A token of POST /api/token, or an API key")


def cloud_of(request: Request) -> CloudPort:
    """The cloud that this application serves."""
    cloud: CloudPort = request.app.state.cloud
    return cloud


def guard_of(request: Request) -> Guard:
    """The guard of this application."""
    guard: Guard = request.app.state.guard
    return guard


async def user_of(request: Request, _b: object = Depends(_basic), _t: object = Depends(_bearer)) -> User:
    """The user who asks: a problem 401 when nobody, 403 when `doors` has no place for them here."""
    user = await guard_of(request).identify(request)
    if user is None:
        detail = "Log in: HTTP Basic, a bearer token of POST /api/token, or an API key as bearer."
        raise ProblemError(401, "not-logged-in", detail, _CHALLENGE)
    doors.enter(request.method, request.scope["route"].path, user)
    return user


public = APIRouter(prefix="/api")
router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES)
rest = APIRouter(prefix="/api", dependencies=[Depends(user_of)])  # last: what no other route takes
Asking = Annotated[User, Depends(user_of)]
Purpose = Annotated[
    Literal["safety", "service", "improve", "personal", "offers", "own"],
    Query(description="What it is read for: checked against the owner's consent, and written into their log"),
]
Why = Annotated[str, Query(min_length=1, max_length=200, description="Why, in words that the owner reads in their log")]


def access_for(user: User, purpose: str, why: str, *, mine: bool = False) -> Access:
    """The access that this login asks for, or a problem 403. `mine`: the caller checks that an owner asks for their own
    appliance alone; nowhere else may owners read."""
    if user.role == "owner" and not mine:
        raise ProblemError(403, "not-for-owners", "Owners see their own appliances on their own page.")
    try:
        allowed(user.role, purpose)
    except AccessError as error:
        raise ProblemError(403, "purpose-not-allowed", str(error)) from error
    return Access(purpose, user.name, why)


@public.post(
    "/token",
    response_model=schemas.Token,
    responses={status: RESPONSES[status] for status in (400, 401, 422, 429)},
    tags=["login"],
    summary="Get a bearer token",
)
async def token(
    request: Request,
    response: Response,
    username: Annotated[str, Form(max_length=64, description="Login")],
    password: Annotated[str, Form(max_length=256, description="Password")],
    grant_type: Annotated[Literal["password"] | None, Form(description="Always `password`")] = None,
) -> schemas.Token:
    """Give a bearer token for a login and its password (RFC 6749, section 4.3)."""
    guard = guard_of(request)
    user = await guard.login(username, password)
    if user is None:
        raise ProblemError(401, "wrong-password", "Login or password is not right.", _CHALLENGE)
    response.headers["Cache-Control"] = "no-store"
    return schemas.Token(access_token=await guard.issue(user, "token"), expires_in=TOKEN_S)


@router.get("/cases", response_model=paging.Page[schemas.CaseSummary], tags=["cases"], summary="List cases")
async def cases(
    request: Request,
    response: Response,
    user: Asking,
    *,
    purpose: Purpose = "service",
    why: Why = "The list of cases",
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
    state: Annotated[Literal["open", "resolved", "all"], Query(description="Which cases")] = "open",
    device: Annotated[str | None, Query(max_length=16, description="Only of this device id")] = None,
    assigned: Annotated[str | None, Query(max_length=64, description="Only what this login has; empty: nobody")] = None,
    queue: Annotated[str | None, Query(max_length=32, description="Only of this queue")] = None,
    tier: Annotated[int | None, Query(ge=1, le=3, description="Only of this tier")] = None,
    escalated: Annotated[bool | None, Query(description="Only what a person must look at now, or not")] = None,
    late: Annotated[bool | None, Query(description="Only what is later than promised, or not")] = None,
    find: Find = "",
) -> paging.Page[views.CaseRow]:
    """Cases, newest first. The cursor is stable: a case that comes later never moves a page. `find`: words of code,
    title, cause, owner, phone, mail, appliance, model, number, who has it."""
    before = int(paging.decode(cursor, (int,))[0]) if cursor else None
    wanted = Wanted(state, find, queue, tier, assigned, escalated, late, device)
    async with reading(cloud_of(request).store, access_for(user, purpose, why)) as read:
        rows = await newest(read, wanted, limit + 1, before)
    return paging.page(rows, limit, lambda row: [row.id], request, response)


@router.get("/cases/{case_id}", response_model=schemas.Case, tags=["cases"], summary="One case")
async def case(
    request: Request,
    user: Asking,
    case_id: Annotated[int, Path(ge=1, le=2**62, description="Case number")],
    purpose: Purpose = "service",
    why: Why = "Work on this case",
) -> views.CaseView:
    """One case, whole: who, what, evidence with units and limits, causes, next step, timeline. 403 when its owner's
    consent does not cover it now."""
    async with reading(cloud_of(request).store, access_for(user, purpose, why)) as read:
        view = await queries.case(read, case_id)
    if view is None:
        raise ProblemError(404, "no-such-case", f"There is no case {case_id}.")
    if isinstance(view, views.Withheld):
        raise ProblemError(403, "consent-withdrawn" if view.since else "other-purpose", withheld_words(view))
    return view


@router.get("/devices", response_model=paging.Page[schemas.Device], tags=["devices"], summary="List appliances")
async def devices(  # noqa: PLR0917  each is one word of the address
    request: Request,
    response: Response,
    user: Asking,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
    find: Find = "",
    purpose: Purpose = "service",
    why: Why = "The list of appliances",
) -> paging.Page[views.DeviceView]:
    """All appliances, by device id. `find`: words of id, name, model, firmware, owner, mail or phone."""
    after = str(paging.decode(cursor, (str,))[0]) if cursor else None
    async with reading(cloud_of(request).store, access_for(user, purpose, why)) as read:
        cut = await appliances.page(read, find, limit, after)
    return paging.cut(cut.rows, [cut.after] if cut.after else None, request, response)


@router.get("/devices/{device_id}", response_model=schemas.DeviceDetail, tags=["devices"], summary="One appliance")
async def device(
    request: Request, user: Asking, device_id: DeviceId, purpose: Purpose = "service", why: Why = "A look at it"
) -> views.DeviceDetail:
    """One appliance with its cases and newest messages, as far as its owner's consent covers them now."""
    async with reading(cloud_of(request).store, access_for(user, purpose, why)) as read:
        view = await queries.device(read, device_id)
    if view is None:
        raise ProblemError(404, "no-such-device", f"No appliance {device_id} is enrolled here.")
    return view


@router.post(
    "/devices/{device_id}/claim",
    response_model=schemas.Claimed,
    tags=["devices"],
    summary="Claim an appliance for its owner",
)
async def claim(request: Request, device_id: DeviceId, body: schemas.Claim) -> schemas.Claimed:
    """Bind appliance, account and support. A second claim needs the present owner or a factory reset."""
    try:
        owner = await cloud_of(request).registry.claim(
            device_id, body.secret, body.name, phone=body.phone, email=body.email, language=body.language
        )
    except ValueError as error:
        raise ProblemError(409, "claim-refused", str(error)) from error
    return schemas.Claimed(device=device_id, owner=owner)


@router.get(
    "/dead-letters",
    response_model=list[schemas.DeadLetterCount],
    tags=["operations"],
    summary="Refused messages, counted by reason",
)
async def dead_letters(request: Request) -> list[schemas.DeadLetterCount]:
    """Messages that reached no case, by the reason's stable number."""
    try:
        counts = await asyncio.wait_for(cloud_of(request).transport.dead_letter_counts(), ENGINE_PATIENCE_S)
    except OSError as error:  # TimeoutError is one
        raise ProblemError(503, "engine-away", "The message engine does not answer; try again.") from error
    return [
        schemas.DeadLetterCount(reason=reason, name=ids.REASON_NAMES.get(reason, "unknown"), count=count)
        for reason, count in sorted(counts.items())
    ]


def withheld_words(view: views.Withheld) -> str:
    """Why a case is not shown, in plain words."""
    if view.since is None:
        return f"It was sent for {view.purpose}: read it for that purpose."
    return (
        f"Its owner withdrew the consent to {view.purpose} on {view.since:%Y-%m-%d at %H:%M} UTC. What was gathered "
        "under it is not shown any more; hazards still are."
    )


@rest.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing(rest: str) -> None:
    """Everything else under /api is a problem 404, not a page."""
    raise ProblemError(404, "no-such-path", f"There is nothing at /api/{rest}; /api/openapi.json lists what is.")
