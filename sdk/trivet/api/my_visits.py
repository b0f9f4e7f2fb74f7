"""The owners' routes for visits: who comes when, an entry for their calendar, and a no. An appliance that is not theirs
does not exist here.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from trivet.api import schemas_visits as schemas
from trivet.api.my_routes import Owner, not_theirs, owner_of, theirs
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import DeviceId, cloud_of
from trivet.api.visits import CALENDAR, Number, ics, problem
from trivet.owners import looks
from trivet.owners.own import own
from trivet.visits import book, listing
from trivet.visits.problem import VisitError

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
    async with cloud_of(request).store.writing() as session:
        mine = await own(session, user.owner, device_id)
        if mine is None:
            raise not_theirs(device_id)
        try:
            await book.cancel(session, number, looks.name_of(user.owner), body.why, of=mine.device, actor="owner")
        except VisitError as error:
            raise problem(error) from error
    return await visits(request, user, device_id)


@router.get(
    "/devices/{device_id}/visits/{number}/invitation.ics",
    summary="A visit for your calendar",
    response_class=Response,
    responses=CALENDAR,
)
async def calendar(request: Request, user: Owner, device_id: DeviceId, number: Number) -> Response:
    """An iCalendar file; a later one of the same visit replaces it."""
    async with theirs(request, user, device_id) as (read, mine):
        found = [one for one in await listing.of_device(read, device_id, after=mine.after) if one.id == number]
        language = await listing.language_of(read, device_id)
    if not found:
        raise ProblemError(404, "no-such-visit", f"There is no visit {number} to {device_id}.")
    return ics(request, found[0], language)
