"""The routes of the owner's rights: consents, uses, security events. Takes requests of a known user, gives JSON; every
read names its purpose and stands in the owner's log.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.api import schemas
from trivet.api.auth import User
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, DeviceId, access_for, cloud_of, user_of
from trivet.api.schemas_export import Export
from trivet.api.schemas_privacy import Consents, ConsentText, Erased, Erasing, Erasure, Promise, UseLine, Wish
from trivet.consent import (
    erase,
    export,
    owners,
    periods,
    records,
    requests,
    retention,
    security,
    state,
    tables,
    texts,
    uses,
    vendor,
)
from trivet.consent.access import OWN, Access, Reading, reading
from trivet.store.privacy import SecurityEventRow


class JsonLd(JSONResponse):
    """JSON-LD 1.1."""

    media_type = records.MEDIA_TYPE


router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["privacy"])


@router.get("/texts", response_model=list[ConsentText], summary="Texts shown before a decision")
async def consent_texts(
    request: Request, language: Annotated[schemas.Language, Query(description="Language")] = "en"
) -> list[texts.Text]:
    """The present text of every purpose."""
    kept = periods.load(cloud_of(request).settings.data_dir)
    return [one for one in texts.all_texts(kept) if one.language == language]


@router.get("/devices/{device_id}/consents", response_model=Consents, summary="What its owner agreed to")
async def consents(request: Request, user: Asking, device_id: DeviceId) -> Consents:
    """Every purpose now, every decision, and what waits for the appliance."""
    access = _look(user, "To see what may be done with it")
    async with reading(cloud_of(request).store, access) as read:
        await _enrolled(read, user, device_id)
        read.note(device_id, "consents")
        return await _consents(read, device_id)


async def _enrolled(read: Reading, user: User, device: str) -> None:
    await _known(read.session, user, device)


async def _known(session: AsyncSession, user: User, device: str) -> None:
    """Enrolled, and an owner's own where an owner asks: for them there is no other."""
    row = await state.of(session, device)
    owner = await owners.present(session, device) if user.role == "owner" else None
    if row is None or (user.role == "owner" and (owner is None or owner.id != user.owner)):
        raise ProblemError(404, "no-such-device", f"No appliance {device} is enrolled here.")


def _own(user: User, why: str) -> Access:
    """Under the owner's own right: for owners themselves, and for the privacy role on their wish."""
    return access_for(user, OWN, why, mine=True)


def _look(user: User, why: str) -> Access:
    """What says nothing of what was gathered: for everybody with a login."""
    return access_for(user, OWN if user.role == "owner" else "safety", why, mine=True)


async def _consents(read: Reading, device: str) -> Consents:
    now = await state.of(read.session, device)
    assert now is not None  # it is enrolled
    return Consents.model_validate(
        {
            "device": device,
            "seq": now.seq,
            "purposes": now.purposes,
            "history": await state.history(read.session, device),
            "requests": await requests.of(read.session, device),
        }
    )


@router.post(
    "/devices/{device_id}/consents",
    response_model=schemas.ConsentRequest,
    status_code=202,
    summary="Decide in the account",
)
async def decide(request: Request, user: Asking, device_id: DeviceId, wish: Wish) -> state.Request:
    """The owner's decision: pending until the appliance confirms it. For the owner, and for the privacy role on their
    written wish."""
    _own(user, "A decision in the account")
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            await _known(session, user, device_id)
            kept = periods.load(cloud.settings.data_dir)
            return await requests.decide(
                session, device_id, wish.purpose, wish.granted, language=wish.language, who=user.name, periods=kept
            )
    except requests.RequestError as error:
        raise ProblemError(409, "decision-refused", str(error)) from error


@router.get("/devices/{device_id}/uses", response_model=list[UseLine], summary="Who read what of it")
async def log_of_uses(
    request: Request, user: Asking, device_id: DeviceId, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> list[uses.Line]:
    """The owner's log, newest first."""
    async with reading(cloud_of(request).store, _own(user, "The owner's log")) as read:
        await _enrolled(read, user, device_id)
        read.note(device_id, "log of uses")
        return await uses.of(read.session, device_id, limit=limit)


@router.get("/devices/{device_id}/security", response_model=list[schemas.SecurityEvent], summary="What went wrong")
async def device_security(request: Request, user: Asking, device_id: DeviceId) -> list[SecurityEventRow]:
    """Security events of one appliance, newest first."""
    async with reading(cloud_of(request).store, _look(user, "Security events")) as read:
        await _enrolled(read, user, device_id)
        read.note(device_id, "security events")
        return await security.of(read.session, device_id)


@router.get(
    "/devices/{device_id}/export",
    response_class=Response,
    responses={200: {"model": Export, "content": {"application/zip": {}}, "description": "The export"}},
    summary="Everything that is held about it and its owner",
)
async def exported(
    request: Request,
    user: Asking,
    device_id: DeviceId,
    format: Annotated[Literal["json", "csv"], Query(description="csv is a ZIP of tables")] = "json",
) -> Response:
    """GDPR, articles 15 and 20; Regulation (EU) 2023/2854, article 4. Same schema as this interface, with units."""
    cloud = cloud_of(request)
    access = _own(user, "An export for its owner")
    async with reading(cloud.store, access) as read:
        await _enrolled(read, user, device_id)
        found = await export.of(read, device_id, periods.load(cloud.settings.data_dir))
    assert found is not None  # it is enrolled
    make, media, ending = (
        (msgspec.json.encode, "application/json", "json")
        if format == "json"
        else (tables.zipped, "application/zip", "zip")
    )
    body = await asyncio.to_thread(make, found)
    name = f"trivet-{device_id}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=media, headers=headers)


@router.get("/devices/{device_id}/retention", response_model=list[Promise], summary="When will it be deleted")
async def when_deleted(request: Request, user: Asking, device_id: DeviceId) -> list[retention.Promise]:
    """For each purpose: how long data stays, how much there is, and when the oldest goes."""
    cloud = cloud_of(request)
    access = _look(user, "When its data is deleted")
    async with reading(cloud.store, access) as read:
        await _enrolled(read, user, device_id)
        return await retention.promises(read, device_id, periods.load(cloud.settings.data_dir))


@router.post("/devices/{device_id}/erase", response_model=Erased, summary="Erase everything of it and of its owner")
async def erased(request: Request, user: Asking, device_id: DeviceId, body: Erasing) -> dict[str, object]:
    """GDPR, article 17. Answers when it is gone, with what a scan found afterwards. The appliance is told to begin
    anew; what it sent before stays refused, whoever plays it back."""
    _own(user, "An erasure")
    cloud = cloud_of(request)
    async with cloud.store.reading() as session:
        await _known(session, user, device_id)
    place = erase.Place(cloud.store, cloud.transport, cloud.settings.data_dir)
    try:
        done = await erase.appliance(place, device_id, by=user.role, markers=body.markers)
    except OSError as error:
        detail = "The message engine does not answer: the rows are gone, its streams are not. Ask again."
        raise ProblemError(503, "engine-away", detail) from error
    return {"clean": done.proof.clean, **msgspec.to_builtins(done)}


@router.get("/devices/{device_id}/erasures", response_model=list[Erasure], summary="What was erased, and the proof")
async def erasures(request: Request, user: Asking, device_id: DeviceId) -> list[Erasure]:
    """Nothing of a person is in it."""
    async with reading(cloud_of(request).store, _look(user, "Erasures")) as read:
        await _enrolled(read, user, device_id)
        read.note(device_id, "erasures")
        rows = await erase.of(read.session, device_id)
        names = {"at": "at", "cause": "cause", "by": "by", "rows": "rows_json", "proof": "proof_json"}
        return [Erasure.model_validate({key: getattr(row, name) for key, name in names.items()}) for row in rows]


@router.get(
    "/devices/{device_id}/consents/{seq}",
    response_class=JsonLd,
    responses={200: {"content": {records.MEDIA_TYPE: {}}, "description": "Record or receipt"}},
    summary="Record or receipt of one decision",
)
async def consent_record(
    request: Request,
    user: Asking,
    device_id: DeviceId,
    seq: Annotated[int, Path(ge=1, le=0xFFFFFFFF, description="The appliance's number of the decision")],
    form: Annotated[Literal["record", "receipt"], Query(description="receipt is the owner's copy")] = "record",
) -> Response:
    """ISO/IEC TS 27560 as JSON-LD, in the terms of the W3C Data Privacy Vocabulary (DPV-27560)."""
    cloud = cloud_of(request)
    folder = cloud.settings.data_dir
    house = records.House(vendor.load(folder), periods.load(folder), str(request.base_url))
    access = _look(user, "The record of a decision")
    async with reading(cloud.store, access) as read:
        await _enrolled(read, user, device_id)
        read.note(device_id, f"consent {seq}")
        make = records.record if form == "record" else records.receipt
        made = await make(read.session, device_id, seq, house)
    if made is None:
        raise ProblemError(404, "no-such-decision", f"{device_id} told of no decision {seq}.")
    return JsonLd(made)
