"""The REST routes for a case to hand on: without anybody's name, number or words. Takes requests of the vendor's people
who work on cases, and of owners for their own; that it was made stands in the owner's log.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from trivet.api.casework import ANSWERS, CaseId
from trivet.api.my_routes import Owner, owner_of, theirs
from trivet.api.problems import ProblemError
from trivet.api.routes import Asking, DeviceId, access_for, cloud_of, user_of, withheld_words
from trivet.cases import bundle, terms, views, works
from trivet.consent.access import reading

ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        "description": "case.json, frames.csv and manifest.json, which says what was left out",
    }
}
router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=ANSWERS, tags=["cases"])
my_router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=ANSWERS, tags=["owner"])


@router.get("/cases/{case_id}/bundle", summary="A case to hand on", response_class=Response, responses=ZIP)
async def shared(request: Request, user: Asking, case_id: CaseId) -> Response:
    """Evidence, causes and decisions, without anything of a person."""
    cloud = cloud_of(request)
    async with reading(cloud.store, access_for(user, "service", "A copy to hand on, without names")) as read:
        found = await bundle.of(read, case_id, terms.load(cloud.settings.data_dir))
    return _file(found, case_id)


@my_router.get(
    "/devices/{device_id}/cases/{case_id}/bundle",
    summary="Your case to hand on",
    response_class=Response,
    responses=ZIP,
)
async def own(request: Request, user: Owner, device_id: DeviceId, case_id: CaseId) -> Response:
    """Evidence, causes and decisions, without anything of a person: for whoever you want to ask."""
    async with theirs(request, user, device_id) as (read, mine):
        if await works.proposals_of(read, device_id, case_id, after=mine.after) is None:
            raise ProblemError(404, "no-such-case", f"{device_id} has no case {case_id}.")
        found = await bundle.of(read, case_id, terms.load(cloud_of(request).settings.data_dir))
    return _file(found, case_id)


def _file(found: bytes | views.Withheld | None, case_id: int) -> Response:
    if found is None:
        raise ProblemError(404, "no-such-case", f"There is no case {case_id}.")
    if isinstance(found, views.Withheld):
        raise ProblemError(403, "consent-withdrawn" if found.since else "other-purpose", withheld_words(found))
    headers = {"Content-Disposition": 'attachment; filename="trivet-case.zip"', "Cache-Control": "no-store"}
    return Response(found, media_type="application/zip", headers=headers)
