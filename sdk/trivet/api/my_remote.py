"""The owners' routes for service sessions: see that the desk is connected and what it does, and stop it. An appliance
that is not theirs does not exist here.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from trivet_wire import ids

from trivet.api import schemas_remote as schemas
from trivet.api.casework import working
from trivet.api.my_routes import Owner, not_theirs, owner_of, theirs
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.remote import Number
from trivet.api.routes import DeviceId
from trivet.cases.timeline import Actor, Hand
from trivet.owners import looks
from trivet.owners.own import own
from trivet.remote import listing, sessions

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=RESPONSES, tags=["owner"])


@router.get("/devices/{device_id}/sessions", summary="When the service desk was connected")
async def shown(request: Request, user: Owner, device_id: DeviceId) -> list[schemas.Session]:
    """The newest first: who, why, what was tested and fixed, and how it ended."""
    async with theirs(request, user, device_id) as (read, mine):
        return [
            schemas.Session.model_validate(one) for one in await listing.of_device(read, device_id, after=mine.after)
        ]


@router.post("/devices/{device_id}/sessions/{number}/stop", summary="Stop the service desk")
async def stop(request: Request, user: Owner, device_id: DeviceId, number: Number) -> list[schemas.Session]:
    """At once: nothing more is done in it, and a self-test that runs is stopped."""
    found = next((one for one in await shown(request, user, device_id) if one.id == number), None)
    if found is None:
        raise ProblemError(404, "no-such-session", f"{device_id} has no service session {number}.")
    async with working(request) as (session, kept):
        if await own(session, user.owner, device_id) is None:
            raise not_theirs(device_id)
        hand = Hand(session, found.case, kept, Actor("owner", looks.name_of(user.owner)))
        await sessions.stop(hand, number, ids.END_ACCOUNT, "its owner's word")
    return await shown(request, user, device_id)
