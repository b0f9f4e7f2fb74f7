"""The owners' routes for what is proposed for their appliance: see it with its price, say yes or no. A no is kept so
that nobody asks again, and changes nothing of the warranty. An appliance that is not theirs does not exist here.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Request

from trivet.api import schemas_cases as schemas
from trivet.api.casework import ANSWERS, CaseId, Number, problem
from trivet.api.my_routes import Owner, not_theirs, owner_of, theirs
from trivet.api.problems import ProblemError
from trivet.api.routes import DeviceId, cloud_of
from trivet.cases import proposals, terms, works
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Actor, Hand
from trivet.owners import looks
from trivet.owners.own import own

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=ANSWERS, tags=["owner"])


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
    """Your word on a step. Declining it leaves your warranty as it is."""
    cloud = cloud_of(request)
    async with theirs(request, user, device_id) as (read, mine):
        if await works.proposals_of(read, mine.device, case_id, after=mine.after) is None:
            raise ProblemError(404, "no-such-case", f"{device_id} has no case {case_id}.")
    try:
        async with cloud.store.writing() as session:
            if await own(session, user.owner, device_id) is None:
                raise not_theirs(device_id)
            actor = Actor("owner", looks.name_of(user.owner))
            hand = Hand(session, case_id, terms.load(cloud.settings.data_dir), actor)
            await proposals.decide(hand, number, act, body.why)
    except CaseError as error:
        raise problem(error) from error
    return await proposed(request, user, device_id, case_id)
