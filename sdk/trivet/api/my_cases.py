"""The owners' routes for their cases: what happened and what is proposed with its price, yes or no to it. A no is kept
so that nobody asks again, and changes nothing of the warranty. An appliance that is not theirs does not exist here.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request

from trivet.api import schemas_cases as schemas
from trivet.api import schemas_my_cases as mine_schemas
from trivet.api.casework import ANSWERS, CaseId, Number, working
from trivet.api.my_routes import Owner, owner_of, theirs
from trivet.api.problems import ProblemError
from trivet.api.routes import DeviceId
from trivet.cases import feedback, works
from trivet.owners import answers, cases

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=ANSWERS, tags=["owner"])


@router.get("/devices/{device_id}/cases", summary="Its cases")
async def shown(request: Request, user: Owner, device_id: DeviceId) -> list[mine_schemas.OwnCase]:
    """Open ones first, then those that were closed in the last 90 days, with what is proposed."""
    async with theirs(request, user, device_id) as (read, mine):
        return [mine_schemas.OwnCase.model_validate(one) for one in await cases.of(read, mine)]


@router.get("/devices/{device_id}/cases/{case_id}/proposals", summary="What is proposed")
async def proposed(request: Request, user: Owner, device_id: DeviceId, case_id: CaseId) -> list[schemas.Proposal]:
    """Steps that were proposed for it, their prices, and what was decided."""
    async with theirs(request, user, device_id) as (read, mine):
        found = await works.proposals_of(read, mine.device, case_id, after=mine.after)
    if found is None:
        raise ProblemError(404, "no-such-case", f"{device_id} has no case {case_id}.")
    return [schemas.Proposal.model_validate(one) for one in found]


@router.post("/devices/{device_id}/cases/{case_id}/proposals/{number}/{act}", summary="Say yes or no")
async def answer(  # noqa: PLR0917  each is one word of the address
    request: Request,
    user: Owner,
    device_id: DeviceId,
    case_id: CaseId,
    number: Number,
    act: Literal["accept", "decline"],
    body: schemas.Why,
) -> list[schemas.Proposal]:
    """Your word on a step. Declining it leaves your warranty as it is, and cancels a visit that was booked for it."""
    async with theirs(request, user, device_id):
        pass
    async with working(request) as (session, kept):
        hand = await answers.hand_of(session, kept, user.owner, device_id, case_id)
        await answers.answer(hand, number, act, body.why)
    return await proposed(request, user, device_id, case_id)


@router.post("/devices/{device_id}/cases/{case_id}/feedback", summary="Say whether it is mended")
async def told(
    request: Request, user: Owner, device_id: DeviceId, case_id: CaseId, body: mine_schemas.Feedback
) -> list[mine_schemas.OwnCase]:
    """Once after each closing. A no opens the case again, and a person looks at it."""
    async with theirs(request, user, device_id):
        pass
    async with working(request) as (session, kept):
        hand = await answers.hand_of(session, kept, user.owner, device_id, case_id)
        await feedback.answer(hand, fixed=body.fixed, words=body.words)
    return await shown(request, user, device_id)
