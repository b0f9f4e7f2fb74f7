"""The REST routes for service sessions: begin and end one for a case, self-tests and fixes within it. Takes requests of
the vendor's people; whatever they ask, the appliance's owner sees it and can stop it, and the appliance decides itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel
from trivet_wire import ids

from trivet.api import schemas_remote as schemas
from trivet.api.auth import User
from trivet.api.casework import ANSWERS, CaseId, Key, hand_on, once_for
from trivet.api.routes import Asking, access_for, cloud_of, user_of
from trivet.cases.timeline import Hand
from trivet.consent.access import reading
from trivet.remote import acts, listing, sessions

router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=ANSWERS, tags=["service sessions"])
_PURPOSE, _WHY = "service", "a service session"
Number = Annotated[int, Path(ge=1, le=0xFFFFFFFF, description="Number of the service session")]
ActId = Annotated[int, Path(ge=1, le=2**62, description="Number of the fix")]
Why = Annotated[str, Query(min_length=1, max_length=2000, description="In plain words; its owner reads it")]


@router.get("/cases/{case_id}/sessions", summary="Service sessions of a case")
async def listed(request: Request, user: Asking, case_id: CaseId) -> list[schemas.Session]:
    """The newest first, each with what was tested and fixed in it."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        return [schemas.Session.model_validate(one) for one in await listing.of_case(read, case_id)]


@router.post("/cases/{case_id}/sessions", status_code=201, summary="Begin a service session")
async def begin(request: Request, user: Asking, case_id: CaseId, body: schemas.Begin, key: Key) -> schemas.Session:
    """Under the owner's consent to service. It is open once the appliance has answered; 409 while another is."""
    async with hand_on(request, user, case_id) as hand:
        once = once_for(hand, key, request, body)
        number = await once.made()
        if number is None:
            number = (await sessions.begin(hand, body.seconds, body.why)).id
            await once.keep(number)
    return await _one(request, user, case_id, number)


@router.delete("/cases/{case_id}/sessions/{number}", summary="End a service session")
async def end(request: Request, user: Asking, case_id: CaseId, number: Number, why: Why) -> schemas.Session:
    """At once; a self-test that runs is stopped. One that is over stays as it ended."""
    async with hand_on(request, user, case_id) as hand:
        await sessions.stop(hand, number, ids.END_DESK, why)
    return await _one(request, user, case_id, number)


@dataclass(frozen=True)
class Within:
    """A request for something to be done within a session of a case."""

    request: Request
    user: User
    case_id: int
    number: int
    key: str

    async def once(self, body: BaseModel, do: Callable[[Hand], Awaitable[Any]]) -> schemas.Session:
        """One act for one key; gives the session as it is then."""
        async with hand_on(self.request, self.user, self.case_id) as hand:
            once = once_for(hand, self.key, self.request, body)
            if await once.made() is None:
                await once.keep((await do(hand)).id)
        return await _one(self.request, self.user, self.case_id, self.number)


async def within(request: Request, user: Asking, case_id: CaseId, number: Number, key: Key) -> Within:
    """As the address and the headers say it."""
    return Within(request, user, case_id, number, key)


Here = Annotated[Within, Depends(within)]


@router.post("/cases/{case_id}/sessions/{number}/tests", status_code=201, summary="Run a self-test")
async def test(here: Here, body: schemas.Test) -> schemas.Session:
    """Its result lands on the case, which is judged anew."""
    wish = acts.Wish(acts.TEST, body.routine, body.why, body.proposal)
    return await here.once(body, lambda hand: acts.run(hand, here.number, wish))


@router.post("/cases/{case_id}/sessions/{number}/fixes", status_code=201, summary="Have a fix done")
async def fix(here: Here, body: schemas.Fix) -> schemas.Session:
    """One that an approved proposal names. The appliance's own monitors say whether it helped."""
    wish = acts.Wish(acts.FIX, body.fix, body.why, body.proposal)
    return await here.once(body, lambda hand: acts.fix(hand, here.number, wish, body.hours))


@router.post("/cases/{case_id}/sessions/{number}/fixes/{act}/undo", status_code=201, summary="Take a fix back")
async def undo(here: Here, act: ActId, body: schemas.Undo) -> schemas.Session:
    """What it replaced holds again; `number` is the session in which it is taken back, which may be a later one."""
    return await here.once(body, lambda hand: acts.undo(hand, here.number, act, body.why))


async def _one(request: Request, user: User, case_id: int, number: int) -> schemas.Session:
    shown = await listed(request, user, case_id)
    return next(one for one in shown if one.id == number)
