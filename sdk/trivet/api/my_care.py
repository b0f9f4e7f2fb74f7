"""The owners' routes for care: what their appliance is due for, that it was done, and no reminder of it. Nothing is
counted without their yes to `personal`; an appliance that is not theirs does not exist here.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from trivet.api import schemas_my_care as schemas
from trivet.api.auth import User
from trivet.api.casework import ANSWERS
from trivet.api.my_routes import Owner, not_theirs, owner_of, theirs
from trivet.api.problems import ProblemError
from trivet.api.routes import DeviceId, cloud_of
from trivet.care import tips
from trivet.owners.own import own
from trivet.store.tables import utcnow

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=ANSWERS, tags=["owner"])
Name = Annotated[str, Path(min_length=1, max_length=64, description="Name of the reminder")]


@router.get("/devices/{device_id}/care", summary="What it is due for")
async def shown(request: Request, user: Owner, device_id: DeviceId) -> schemas.Care:
    """Reminders that this model has, and how soon each is due."""
    async with theirs(request, user, device_id) as (read, _):
        return schemas.Care.model_validate(await tips.of(read.session, device_id))


@router.post("/devices/{device_id}/care/{name}/done", summary="Say that it is done")
async def done(request: Request, user: Owner, device_id: DeviceId, name: Name) -> schemas.Care:
    """It counts anew from now."""
    await _change(request, user, device_id, name, on=None)
    return await shown(request, user, device_id)


@router.put("/devices/{device_id}/care/{name}", summary="Be reminded, or not")
async def remind(request: Request, user: Owner, device_id: DeviceId, name: Name, body: schemas.Remind) -> schemas.Care:
    """Of this one alone. A no to the purpose `personal` ends all of them, and what was counted is forgotten."""
    await _change(request, user, device_id, name, on=body.on)
    return await shown(request, user, device_id)


async def _change(request: Request, user: User, device: str, name: str, *, on: bool | None) -> None:
    try:
        async with cloud_of(request).store.writing() as session:
            if await own(session, user.owner, device) is None:
                raise not_theirs(device)
            if on is None:
                await tips.done(session, device, name, utcnow())
            else:
                await tips.remind(session, device, name, utcnow(), on=on)
    except tips.CareError as error:
        raise ProblemError(409, "no-such-reminder", str(error)) from error
