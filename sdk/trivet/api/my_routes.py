"""The owners' routes under /api/my. Takes requests of an owner, gives what is theirs as JSON; an appliance that is not
theirs does not exist here, whoever's it is. The desk's logins open nothing of this.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic

from trivet.api import my_schemas as schemas
from trivet.api.accounts import AccountError, Accounts
from trivet.api.auth import OwnerGuard, User
from trivet.api.ports import CloudPort
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import DeviceId, cloud_of
from trivet.api.schemas import Language
from trivet.api.schemas_export import Export
from trivet.api.schemas_privacy import Erased
from trivet.consent import erase, export, periods, records, requests, state, tables, texts, vendor
from trivet.consent.access import Reading, reading
from trivet.owners import happened, health, looks, sent
from trivet.owners.own import Own, all_of, own
from trivet.registry import RegistryError

WHY = "asked for their own data"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="trivet owners", charset="UTF-8"'}


class _Basic(HTTPBasic):
    """For the OpenAPI document only: `OwnerGuard.identify` reads the header."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        return None


_basic = _Basic(scheme_name="OwnerBasic", description="An owner's mail address and password")


async def owner_of(request: Request, _b: object = Depends(_basic)) -> User:
    """The owner who asks, or a problem 401."""
    guard: OwnerGuard = request.app.state.owner_guard
    user = await guard.identify(request)
    if user is None:
        raise ProblemError(401, "not-logged-in", "Log in with your mail address and password (HTTP Basic).", _CHALLENGE)
    return user


Owner = Annotated[User, Depends(owner_of)]
router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=RESPONSES, tags=["owner"])


def not_theirs(device: str) -> ProblemError:
    """The one answer for an appliance of somebody else, of nobody, and for one that does not exist."""
    return ProblemError(404, "no-such-device", f"You have no appliance {device}.")


@asynccontextmanager
async def theirs(request: Request, user: User, device: str) -> AsyncIterator[tuple[Reading, Own]]:
    """A reading of the owner's own appliance, or a problem 404."""
    async with reading(cloud_of(request).store, looks.own_access(user.owner, WHY)) as read:
        mine = await own(read.session, user.owner, device)
        if mine is None:
            raise not_theirs(device)
        read.note(device, "own data")
        yield read, mine


@router.get("/devices", summary="My appliances")
async def devices(request: Request, user: Owner) -> list[schemas.OwnDevice]:
    """Every appliance of the owner who asks."""
    async with cloud_of(request).store.reading() as session:
        return [schemas.OwnDevice.model_validate(mine) for mine in await all_of(session, user.owner)]


@router.post("/claim", summary="Register one more appliance")
async def claim(request: Request, user: Owner, body: schemas.Sticker) -> schemas.OwnDevice:
    """Bring an appliance into the account with what stands on its sticker."""
    accounts: Accounts = request.app.state.accounts
    try:
        await accounts.add(user.owner, body.device, body.secret)
    except (RegistryError, AccountError) as error:
        raise ProblemError(409, "claim-refused", str(error)) from error
    async with theirs(request, user, body.device) as (_, mine):
        return schemas.OwnDevice.model_validate(mine)


@router.get("/devices/{device_id}", summary="How it is and what it may send")
async def device(request: Request, user: Owner, device_id: DeviceId, language: Language = "en") -> schemas.OwnState:
    """Open cases in plain words, and every purpose with its text."""
    kept = periods.load(cloud_of(request).settings.data_dir)
    async with theirs(request, user, device_id) as (read, mine):
        standing = await state.of(read.session, device_id)
        assert standing is not None  # it is theirs, so it is enrolled
        return schemas.OwnState(
            device=schemas.OwnDevice.model_validate(mine),
            troubles=[schemas.OwnTrouble.model_validate(one) for one in await health.troubles(read.session, mine)],
            consents=[_consent(one, texts.text(one.purpose, language, kept)) for one in standing.purposes],
        )


def _consent(one: state.Standing, text: texts.Text) -> schemas.OwnConsent:
    names = set(schemas.OwnConsent.model_fields) - {"text"}
    return schemas.OwnConsent.model_validate({name: getattr(one, name) for name in names} | {"text": text})


@router.put("/devices/{device_id}/consents/{purpose}", summary="Say yes or no")
async def decide(
    request: Request,
    user: Owner,
    device_id: DeviceId,
    purpose: Annotated[schemas.PurposeName, Path(description="Purpose")],
    body: schemas.Decide,
) -> schemas.OwnState:
    """Decide on a purpose. Pending until the appliance confirms it."""
    cloud = cloud_of(request)
    kept = periods.load(cloud.settings.data_dir)
    async with cloud.store.writing() as session:
        if await own(session, user.owner, device_id) is None:
            raise not_theirs(device_id)
        if body.text_hash != texts.text(purpose, body.language, kept).hash:
            raise ProblemError(409, "other-text", "This is not the present text: show the owner the present one first.")
        who = looks.name_of(user.owner)
        try:
            await requests.decide(
                session, device_id, purpose, body.granted, language=body.language, who=who, periods=kept
            )
        except requests.RequestError as error:
            raise ProblemError(409, "not-decidable", str(error)) from error
    return await device(request, user, device_id, body.language)


@router.get("/devices/{device_id}/sent", summary="What it sent, and why")
async def messages(request: Request, user: Owner, device_id: DeviceId) -> list[schemas.OwnSent]:
    """The newest messages first, 200 at most; the export has all."""
    async with theirs(request, user, device_id) as (read, mine):
        return [schemas.OwnSent.model_validate(line) for line in await sent.lines(read.session, mine)]


@router.get("/devices/{device_id}/uses", summary="Who looked at it")
async def looked(request: Request, user: Owner, device_id: DeviceId) -> list[schemas.OwnUse]:
    """Who read what for which purpose, the newest first; the owner's own looks are left out."""
    async with theirs(request, user, device_id) as (read, mine):
        return [schemas.OwnUse.model_validate(line) for line in await looks.lines(read.session, mine)]


@router.get("/devices/{device_id}/happened", summary="What happened to it")
async def happenings(request: Request, user: Owner, device_id: DeviceId) -> list[schemas.OwnHappening]:
    """Commands, security events and the registration, the newest first."""
    async with theirs(request, user, device_id) as (read, mine):
        return [schemas.OwnHappening.model_validate(line) for line in await happened.lines(read.session, mine)]


@router.get(
    "/devices/{device_id}/export",
    response_class=Response,
    responses={200: {"model": Export, "content": {"application/zip": {}}, "description": "The export"}},
    summary="Everything that is held about it and you",
)
async def exported(
    request: Request,
    user: Owner,
    device_id: DeviceId,
    format: Annotated[Literal["json", "zip"], Query(description="zip holds tables as CSV")] = "json",
) -> Response:
    """GDPR, articles 15 and 20; Regulation (EU) 2023/2854, article 4."""
    async with theirs(request, user, device_id) as (read, _):
        return await download(cloud_of(request), read, device_id, format)


async def download(cloud: CloudPort, read: Reading, device: str, ending: str) -> Response:
    """An export as a file: `json`, or a `zip` of tables."""
    found = await export.of(read, device, periods.load(cloud.settings.data_dir))
    if found is None:
        raise not_theirs(device)
    make: Callable[[Mapping[str, Any]], bytes] = msgspec.json.encode if ending == "json" else tables.zipped
    body = await asyncio.to_thread(make, found)
    headers = {"Content-Disposition": f'attachment; filename="trivet-{device}.{ending}"', "Cache-Control": "no-store"}
    return Response(body, media_type=f"application/{ending}", headers=headers)


@router.get("/devices/{device_id}/receipts/{seq}", summary="Your copy of one decision")
async def receipt(
    request: Request,
    user: Owner,
    device_id: DeviceId,
    seq: Annotated[int, Path(ge=1, le=0xFFFFFFFF, description="The appliance's number of the decision")],
) -> Response:
    """ISO/IEC TS 27560 as JSON-LD, in the terms of the W3C Data Privacy Vocabulary."""
    async with theirs(request, user, device_id) as (read, _):
        made = await receipt_of(cloud_of(request), read, device_id, seq, str(request.base_url))
    if made is None:
        raise ProblemError(404, "no-such-decision", f"{device_id} told of no decision {seq}.")
    return JSONResponse(made, media_type=records.MEDIA_TYPE)


async def receipt_of(cloud: CloudPort, read: Reading, device: str, seq: int, base: str) -> dict[str, Any] | None:
    """A receipt; None for a decision that never came."""
    folder = cloud.settings.data_dir
    return await records.receipt(
        read.session, device, seq, records.House(vendor.load(folder), periods.load(folder), base)
    )


@router.post("/devices/{device_id}/release", summary="Give it away", status_code=204)
async def release(request: Request, user: Owner, device_id: DeviceId, body: schemas.Sure) -> None:
    """It stops being yours at once; what was held of your time with it is removed, and it is told to forget you."""
    async with theirs(request, user, device_id):
        pass
    await cloud_of(request).registry.release(device_id, by="owner")


@router.post("/devices/{device_id}/erase", response_model=Erased, summary="Erase everything of it and of you")
async def erased(request: Request, user: Owner, device_id: DeviceId, body: schemas.Sure) -> dict[str, object]:
    """GDPR, article 17. Answers when it is gone, with what a scan found afterwards."""
    cloud = cloud_of(request)
    async with cloud.store.reading() as session:
        if await own(session, user.owner, device_id) is None:
            raise not_theirs(device_id)
    try:
        place = erase.Place(cloud.store, cloud.transport, cloud.settings.data_dir)
        done = await erase.appliance(place, device_id, by="owner")
    except OSError as error:
        detail = "The message engine does not answer: the rows are gone, its streams are not. Ask again."
        raise ProblemError(503, "engine-away", detail) from error
    return {"clean": done.proof.clean, **msgspec.to_builtins(done)}
