"""The REST routes for people's work on cases. Takes requests of the vendor's people, does what their role may, shows
the case's work as it is then; every act stands on the timeline with who and why. Never judges a fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.api import schemas_cases as schemas
from trivet.api.auth import User
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, access_for, cloud_of, user_of, withheld_words
from trivet.cases import outcomes, proposals, terms, views, warranty, work, works
from trivet.cases.once import Once
from trivet.cases.problem import CaseError
from trivet.cases.rates import rates
from trivet.cases.timeline import Actor, Hand
from trivet.consent.access import reading

ANSWERS = RESPONSES | {
    403: RESPONSES[404] | {"description": "Not for this role, or not covered by the owner's consent"},
    409: RESPONSES[404] | {"description": "Not as things stand"},
}
router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=ANSWERS, tags=["cases"])
CaseId = Annotated[int, Path(ge=1, le=2**62, description="Case number")]
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the proposal or outcome")]
Routine = Annotated[str, Path(min_length=1, max_length=64, description="Name of the self-test")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=128,
        description="Of your own, new for each thing: the same request under it again makes nothing more",
    ),
]
Found = TypeVar("Found", works.Work, list[warranty.Standing])
_STATUS = {"key-reused": 422} | dict.fromkeys(("no-such-case", "no-such-proposal", "no-such-outcome"), 404)
_STATUS |= dict.fromkeys(("no-such-visit", "no-such-session", "no-such-act"), 404)


def problem(error: CaseError) -> ProblemError:
    """As a problem document: 404 for what is not there, 422 for a key of another request, else 409."""
    return ProblemError(_STATUS.get(error.kind, 409), error.kind, str(error))


@router.get("/cases/{case_id}/work", summary="Who has it, what was proposed, decided and found")
async def shown(request: Request, user: Asking, case_id: CaseId) -> schemas.Work:
    """People's work on one case."""
    return schemas.Work.model_validate(await _seen(request, user, case_id))


@router.get("/cases/{case_id}/parts", summary="Parts, prices and warranty")
async def parts(request: Request, user: Asking, case_id: CaseId) -> list[schemas.PartStanding]:
    """Every part of the appliance, and what its owner would pay for it: said before anything is booked."""
    cloud = cloud_of(request)
    async with reading(cloud.store, access_for(user, "service", "Parts for this case")) as read:
        found = await works.parts(read, case_id, terms.load(cloud.settings.data_dir))
    return [schemas.PartStanding.model_validate(one) for one in _shown(found, case_id)]


@router.post("/cases/{case_id}/assign", summary="Give a case to somebody")
async def assign(request: Request, user: Asking, case_id: CaseId, body: schemas.Assign) -> schemas.Work:
    """To a login that works on cases, or back to nobody."""
    async with hand_on(request, user, case_id) as hand:
        await work.assign(hand, body.to, body.why)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/place", summary="Change tier or queue")
async def place(request: Request, user: Asking, case_id: CaseId, body: schemas.Place) -> schemas.Work:
    """A new tier winds the clock anew from the same start."""
    async with hand_on(request, user, case_id) as hand:
        await work.place(hand, body.tier, body.queue, body.why)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/escalation", summary="Escalate, or calm down")
async def escalate(request: Request, user: Asking, case_id: CaseId, body: schemas.Escalation) -> schemas.Work:
    """A person must look at it now; or no longer."""
    async with hand_on(request, user, case_id) as hand:
        await work.escalate(hand, up=body.up, why=body.why)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/notes", status_code=201, summary="Write a note")
async def note(request: Request, user: Asking, case_id: CaseId, body: schemas.Note, key: Key) -> schemas.Work:
    """Onto the timeline."""
    async with hand_on(request, user, case_id) as hand:
        once = once_for(hand, key, request, body)
        if await once.made() is None:
            await work.note(hand, body.text)
            await once.keep(case_id)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/proposals", status_code=201, summary="Propose a step")
async def propose(
    request: Request, user: Asking, case_id: CaseId, body: schemas.ProposalWish, key: Key
) -> schemas.Work:
    """Put a step up for decision; without `step`, what triage says. 409 for a visit that evidence does not carry."""
    if body.despite and user.role not in proposals.DESPITE:
        raise ProblemError(403, "not-your-role", f"A visit against the rule is for {' or '.join(proposals.DESPITE)}.")
    async with hand_on(request, user, case_id) as hand:
        once = once_for(hand, key, request, body)
        if await once.made() is None:
            await once.keep((await proposals.propose(hand, proposals.Wish(**body.model_dump()))).id)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/proposals/{number}/{act}", summary="Decide about a proposal")
async def decide(  # noqa: PLR0917  each is one word of the address
    request: Request, user: Asking, case_id: CaseId, number: Number, act: schemas.Act, body: schemas.Why
) -> schemas.Work:
    """`accept` and `decline` are the owner's word, told to the desk. `order` sends the command that does it. What was
    refused, declined or withdrawn can be put up again."""
    async with hand_on(request, user, case_id) as hand:
        await proposals.decide(hand, number, act, body.why)
    return await shown(request, user, case_id)


@router.put("/cases/{case_id}/tests/{routine}", summary="Report a self-test")
async def tested(
    request: Request, user: Asking, case_id: CaseId, routine: Routine, body: schemas.TestResult
) -> schemas.Work:
    """Its last result; the case is judged anew."""
    async with hand_on(request, user, case_id) as hand:
        await proposals.tested(hand, routine, body.passed)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/outcomes", status_code=201, summary="Say what it was")
async def close(request: Request, user: Asking, case_id: CaseId, body: schemas.OutcomeForm, key: Key) -> schemas.Work:
    """Closes the case, but after a wrong part, and teaches the weights of its causes."""
    async with hand_on(request, user, case_id) as hand:
        once = once_for(hand, key, request, body)
        if await once.made() is None:
            await once.keep((await outcomes.close(hand, outcomes.Form(**body.model_dump()))).id)
    return await shown(request, user, case_id)


@router.post("/cases/{case_id}/outcomes/{number}/withdraw", summary="Take an outcome back")
async def take_back(request: Request, user: Asking, case_id: CaseId, number: Number, body: schemas.Why) -> schemas.Work:
    """What it taught is forgotten, and the case is open again."""
    async with hand_on(request, user, case_id) as hand:
        await outcomes.take_back(hand, number, body.why)
    return await shown(request, user, case_id)


@router.get("/rates", summary="How good the desk is")
async def how_good(
    request: Request,
    model: Annotated[str | None, Query(max_length=64, description="Only of this model")] = None,
    code: Annotated[str | None, Query(max_length=12, description="Only of this code, with its check character")] = None,
    since: Annotated[dt.date | None, Query(description="Only from this day on (UTC)")] = None,
) -> schemas.Rates:
    """Precision of the first cause, first-time-fix rate, no-fault-found rate."""
    start = None if since is None else dt.datetime.combine(since, dt.time(), dt.UTC)
    async with cloud_of(request).store.reading() as session:
        return schemas.Rates.model_validate(await rates(session, model=model, code=code, since=start))


@asynccontextmanager
async def hand_on(request: Request, user: User, case_id: int) -> AsyncIterator[Hand]:
    """The user's hand on a case that they may see, in one transaction."""
    if user.role not in work.WORKING:
        raise ProblemError(403, "not-your-role", f"Work on cases is for {' or '.join(work.WORKING)}, not {user.role}.")
    await _seen(request, user, case_id)
    async with working(request) as (session, kept):
        yield Hand(session, case_id, kept, Actor("agent", user.name))


@asynccontextmanager
async def working(request: Request) -> AsyncIterator[tuple[AsyncSession, terms.Terms]]:
    """One transaction, and the terms as they are now; a CaseError within it is a problem, and nothing is written."""
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            yield session, terms.load(cloud.settings.data_dir)
    except CaseError as error:
        raise problem(error) from error


def once_for(hand: Hand, key: str, request: Request, body: BaseModel) -> Once:
    """The same request under the same key makes one thing."""
    asked = f"{request.method} {request.url.path}\n{body.model_dump_json()}"
    return Once(hand.session, hand.actor.who, key, asked)


async def _seen(request: Request, user: User, case_id: int) -> works.Work:
    cloud = cloud_of(request)
    async with reading(cloud.store, access_for(user, "service", "Work on this case")) as read:
        found = await works.work(read, case_id, terms.load(cloud.settings.data_dir))
    return _shown(found, case_id)


def _shown(found: Found | views.Withheld | None, case_id: int) -> Found:
    """What may be shown, or the problem why not."""
    if found is None:
        raise ProblemError(404, "no-such-case", f"There is no case {case_id}.")
    if isinstance(found, views.Withheld):
        raise ProblemError(403, "consent-withdrawn" if found.since else "other-purpose", withheld_words(found))
    return found
