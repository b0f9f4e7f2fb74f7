"""The owners' routes for visits: who comes when, an entry for their calendar, and a no. An appliance that is not theirs
does not exist here.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from trivet.api import schemas_visits as schemas
from trivet.api.auth import User
from trivet.api.casework import working
from trivet.api.my_routes import Owner, owner_of, theirs
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import DeviceId
from trivet.api.visits import CALENDAR, Number, ics
from trivet.owners import answers
from trivet.visits import listing

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=RESPONSES, tags=["owner"])


@router.get("/devices/{device_id}/visits", summary="Its visits")
async def visits(request: Request, user: Owner, device_id: DeviceId) -> list[schemas.Visit]:
    """Booked, made and cancelled ones, the newest first."""
    async with theirs(request, user, device_id) as (read, mine):
        return [schemas.Visit.model_validate(one) for one in await listing.of_device(read, device_id, after=mine.after)]


@router.post("/devices/{device_id}/visits/{number}/cancel", summary="Cancel a visit")
async def cancel(
    request: Request, user: Owner, device_id: DeviceId, number: Number, body: schemas.Cancelled
) -> list[schemas.Visit]:
    """Nobody comes; the desk sees why."""
    found = await _theirs(request, user, device_id, number)
    async with working(request) as (session, kept):
        hand = await answers.hand_of(session, kept, user.owner, device_id, found.case)
        await answers.cancel(hand, number, body.why)
    return await visits(request, user, device_id)


@router.get(
    "/devices/{device_id}/visits/{number}/invitation.ics",
    summary="A visit for your calendar",
    response_class=Response,
    responses=CALENDAR,
)
async def calendar(request: Request, user: Owner, device_id: DeviceId, number: Number) -> Response:
    """An iCalendar file; a later one of the same visit replaces it."""
    found = await _theirs(request, user, device_id, number)
    async with theirs(request, user, device_id) as (read, _):
        language = await listing.language_of(read, device_id)
    return ics(request, found, language)


async def _theirs(request: Request, user: User, device: str, number: int) -> listing.Visit:
    async with theirs(request, user, device) as (read, mine):
        for one in await listing.of_device(read, device, after=mine.after):
            if one.id == number:
                return one
    raise ProblemError(404, "no-such-visit", f"There is no visit {number} to {device}.")
