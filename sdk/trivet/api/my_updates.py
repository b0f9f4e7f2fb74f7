"""The owners' routes for updates: what is offered to their appliance and what came of it, their word on it, and the
hours in which nothing installs. An appliance that is not theirs does not exist here.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from trivet.api import schemas_updates as schemas
from trivet.api.my_routes import Owner, not_theirs, owner_of, theirs
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import DeviceId, cloud_of
from trivet.api.updates import Number, problem
from trivet.owners import looks
from trivet.owners.own import own
from trivet.updates import listing, wishes
from trivet.updates.problem import UpdateError

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=RESPONSES, tags=["owner"])


@router.get("/devices/{device_id}/updates", summary="Its updates")
async def updates(request: Request, user: Owner, device_id: DeviceId) -> schemas.Updates:
    """What it runs, what it is offered, what came of every update before."""
    async with theirs(request, user, device_id) as (read, mine):
        found = await listing.of(read, device_id, after=mine.after)
    return schemas.Updates.model_validate(found)


@router.put("/devices/{device_id}/updates/{number}/answer", summary="Say yes, no, or later")
async def answer(
    request: Request, user: Owner, device_id: DeviceId, number: Number, body: schemas.Word
) -> schemas.Updates:
    """Your word on an update. Pending until the appliance confirms it."""
    if body.until is not None and body.until.tzinfo is None:
        raise ProblemError(422, "no-zone", "Say the zone of `until`, e.g. 2026-12-01T08:00:00+01:00.")
    who = looks.name_of(user.owner)
    async with cloud_of(request).store.writing() as session:
        if await own(session, user.owner, device_id) is None:
            raise not_theirs(device_id)
        try:
            await wishes.answer(session, device_id, number, body.answer, until=body.until, who=who)
        except UpdateError as error:
            raise problem(error) from error
    return await updates(request, user, device_id)


@router.put("/devices/{device_id}/hours", summary="Exclude hours")
async def exclude(request: Request, user: Owner, device_id: DeviceId, body: schemas.ExcludedHours) -> schemas.Updates:
    """Hours of your day in which nothing installs, whatever it is. Pending until the appliance confirms it."""
    async with cloud_of(request).store.writing() as session:
        if await own(session, user.owner, device_id) is None:
            raise not_theirs(device_id)
        try:
            wanted = wishes.hours_of(body.hours, body.minutes, body.zone)
            await wishes.exclude(session, device_id, wanted, who=looks.name_of(user.owner))
        except UpdateError as error:
            raise problem(error) from error
    return await updates(request, user, device_id)
