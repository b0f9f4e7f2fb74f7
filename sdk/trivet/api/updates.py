"""The REST routes for updates. Takes requests of the vendor's people, offers and withdraws as their role may, shows how
far each is; never builds or signs anything and never waits for an appliance.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from trivet.api import schemas_updates as schemas
from trivet.api.auth import User
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, DeviceId, access_for, cloud_of, user_of
from trivet.consent.access import reading
from trivet.release import trust
from trivet.updates import give, keyring, listing
from trivet.updates.problem import UpdateError

router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["updates"])
_PURPOSE, _WHY = "safety", "updates of the appliance"
_NOT_FOUND = ("no-such-device", "no-such-release", "no-such-offer", "no-such-keys")
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the offer")]


def problem(error: UpdateError) -> ProblemError:
    """As a problem document: 404 for what is not there, else 409."""
    return ProblemError(404 if error.kind in _NOT_FOUND else 409, error.kind, str(error))


@router.get("/releases", summary="Published releases")
async def releases(
    request: Request, model: Annotated[str | None, Query(max_length=64, description="Only of this model")] = None
) -> list[schemas.Release]:
    """Every release that was published here, by model, the newest first."""
    async with cloud_of(request).store.reading() as session:
        return [schemas.Release.model_validate(one) for one in await listing.releases(session, model)]


@router.get("/release-keys", summary="Release keys of this cloud")
async def release_keys(request: Request) -> schemas.ReleaseKeys:
    """Whose signatures on a release count here, and which next sets can be offered to appliances."""
    cloud = cloud_of(request)
    try:
        present = keyring.needed(cloud.settings.updates_dir)
    except UpdateError as error:
        raise problem(error) from error
    async with cloud.store.reading() as session:
        taken = await listing.key_sets(session)
    return schemas.ReleaseKeys(
        number=present.number,
        threshold=present.threshold,
        hash_signature=present.hash_signature,
        keys=[
            schemas.ReleaseKey(kid=one.kid.hex(), algorithm=trust.name(one.algorithm), public=one.public.hex())
            for one in present.keys
        ],
        revoked=[kid.hex() for kid in present.revoked],
        taken=[schemas.KeySet.model_validate(one) for one in taken],
    )


@router.post("/release-keys", summary="Take over the next release keys")
async def take_keys(request: Request, user: Asking, body: schemas.KeyManifest) -> schemas.ReleaseKeys:
    """The present set has signed the next one: from now on this cloud believes that, and it can be offered to
    appliances. The same manifest again changes nothing."""
    _may_offer(user)
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            await keyring.take(session, cloud.settings.updates_dir, body.manifest, user.name)
    except UpdateError as error:
        raise problem(error) from error
    return await release_keys(request)


@router.get("/devices/{device_id}/updates", summary="What is installed, offered, and what came of it")
async def updates(request: Request, user: Asking, device_id: DeviceId) -> schemas.Updates:
    """What the appliance runs, what it is offered, and every update before with its outcome."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        found = await listing.of(read, device_id)
    if found is None:
        raise ProblemError(404, "no-such-device", f"No appliance {device_id} is enrolled here.")
    return schemas.Updates.model_validate(found)


@router.post("/devices/{device_id}/updates", status_code=202, summary="Offer a release, or release keys")
async def offer(request: Request, user: Asking, device_id: DeviceId, wanted: schemas.Wanted) -> schemas.Updates:
    """Offer a published release to this appliance, or the next set of release keys. It goes down as a signed command;
    the appliance decides by its own keys, and of a release its owner by their word."""
    _may_offer(user)
    cloud = cloud_of(request)
    try:
        if wanted.version is not None:
            await give.release(cloud.store, cloud.settings.updates_dir, device_id, wanted.version, user.name)
        elif wanted.keys is not None:
            await give.known_keys(cloud.store, device_id, wanted.keys, user.name)
    except UpdateError as error:
        raise problem(error) from error
    return await updates(request, user, device_id)


@router.delete("/devices/{device_id}/updates/{number}", summary="Withdraw an offer")
async def withdraw(request: Request, user: Asking, device_id: DeviceId, number: Number) -> schemas.Updates:
    """Offer it no more: nothing of it is served from now on. What is on trial already decides by itself."""
    _may_offer(user)
    try:
        await give.withdraw(cloud_of(request).store, device_id, number, user.name)
    except UpdateError as error:
        raise problem(error) from error
    return await updates(request, user, device_id)


def _may_offer(user: User) -> None:
    if user.role not in give.OFFERING:
        asked = " or ".join(give.OFFERING)
        raise ProblemError(403, "not-your-role", f"Offering updates is for {asked}, not for {user.role}.")
