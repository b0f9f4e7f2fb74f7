"""The REST routes for receivers of webhooks. Takes requests of admins (engineers may look), adds, tests and removes
receivers; what goes to them is sent elsewhere.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from trivet.api import paging
from trivet.api import schemas_webhooks as schemas
from trivet.api.auth import User
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, cloud_of, user_of
from trivet.outward import schedule
from trivet.outward.http import REQUEST_S
from trivet.store.tables import utcnow
from trivet.webhooks import receivers, sender
from trivet.webhooks.problem import WebhookError

router = APIRouter(prefix="/api/webhooks", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["webhooks"])
LOOKING, CHANGING = ("engineer", "admin"), ("admin",)
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the receiver")]


def may(user: User, roles: tuple[str, ...]) -> None:
    """A problem 403 unless the login has one of the roles."""
    if user.role not in roles:
        raise ProblemError(403, "not-your-role", f"This is for {' or '.join(roles)}, not for {user.role}.")


def problem(error: WebhookError) -> ProblemError:
    """As a problem document: 404 for what is not there, 422 for what was written wrongly, else 409."""
    status = {"no-such-webhook": 404, "bad-url": 422, "bad-kind": 422, "bad-time": 422}.get(error.kind, 409)
    return ProblemError(status, error.kind, str(error))


@router.get("", summary="Receivers of webhooks")
async def listed(request: Request, user: Asking) -> list[schemas.Webhook]:
    """Every receiver, by number, with what is waiting for it."""
    may(user, LOOKING)
    cloud = cloud_of(request)
    async with cloud.store.reading() as session:
        found = await receivers.listed(session, cloud.seal)
    return [schemas.Webhook.model_validate(one) for one in found]


@router.get("/schedule", summary="When a delivery is tried again")
async def printed(user: Asking) -> schemas.Schedule:
    """The waits before each try. A receiver that asks for a longer one (Retry-After, in seconds) gets it, a day at
    most; 410 disables it at once, a whole schedule without anything taken too."""
    may(user, LOOKING)
    return schemas.Schedule(delays_s=list(schedule.DELAYS_S), jitter=schedule.JITTER, timeout_s=REQUEST_S)


@router.post("", status_code=201, summary="Add a receiver")
async def add(request: Request, response: Response, user: Asking, body: schemas.Wanted) -> schemas.Made:
    """From now on it gets a CloudEvent (JSON) for each entry of a case's timeline, signed as Standard Webhooks asks:
    numbers, kind and links, nothing of the owner. At least once, in no promised order."""
    may(user, CHANGING)
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            number, secret = await receivers.add(
                session, cloud.seal, body.url, kinds=body.kinds, name=body.name, who=user.name
            )
    except WebhookError as error:
        raise problem(error) from error
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/api/webhooks/{number}"
    return schemas.Made(webhook=await one(request, user, number), secret=secret)


@router.get("/{number}", summary="One receiver")
async def one(request: Request, user: Asking, number: Number) -> schemas.Webhook:
    """How it does."""
    may(user, LOOKING)
    cloud = cloud_of(request)
    async with cloud.store.reading() as session:
        found = await receivers.listed(session, cloud.seal, number)
    if not found:
        raise ProblemError(404, "no-such-webhook", f"There is no webhook {number}.")
    return schemas.Webhook.model_validate(found[0])


@router.delete("/{number}", status_code=204, summary="Remove a receiver")
async def remove(request: Request, user: Asking, number: Number) -> None:
    """It gets nothing more, what was waiting for it is gone."""
    may(user, CHANGING)
    try:
        async with cloud_of(request).store.writing() as session:
            await receivers.remove(session, number)
    except WebhookError as error:
        raise problem(error) from error


@router.post("/{number}/rotate", summary="A new secret")
async def rotate(request: Request, response: Response, user: Asking, number: Number) -> schemas.Made:
    """The one before signs along for 24 hours: give the receiver the new one within that time."""
    may(user, CHANGING)
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            secret = await receivers.rotate(session, cloud.seal, number, utcnow())
    except WebhookError as error:
        raise problem(error) from error
    response.headers["Cache-Control"] = "no-store"
    return schemas.Made(webhook=await one(request, user, number), secret=secret)


@router.post("/{number}/test", summary="Send one test event now")
async def test(request: Request, user: Asking, number: Number) -> schemas.Tested:
    """Of the type `trivet.test`; waits for the answer, at most as long as a delivery does."""
    may(user, CHANGING)
    cloud = cloud_of(request)
    try:
        outcome = await sender.test(cloud.store, cloud.seal, cloud.client, number, cloud.base)
    except WebhookError as error:
        raise problem(error) from error
    return schemas.Tested(taken=not outcome.error, status=outcome.status, says=outcome.error)


@router.post("/{number}/enable", summary="Send to a disabled receiver again")
async def enable(request: Request, user: Asking, number: Number) -> schemas.Webhook:
    """From what happens now on; what was not taken before goes out by `resend`."""
    may(user, CHANGING)
    try:
        async with cloud_of(request).store.writing() as session:
            await receivers.enable(session, number)
    except WebhookError as error:
        raise problem(error) from error
    return await one(request, user, number)


@router.post("/{number}/resend", status_code=202, summary="Send once more what was sent since")
async def resend(request: Request, user: Asking, number: Number, body: schemas.Since) -> schemas.Resent:
    """Each with the id that it had: a receiver that keeps ids takes none twice."""
    may(user, CHANGING)
    try:
        if body.since.tzinfo is None:
            raise WebhookError("bad-time", "Write `since` with its zone, e.g. 2026-05-01T08:00:00Z.")
        async with cloud_of(request).store.writing() as session:
            count = await receivers.resend(session, number, body.since, utcnow())
    except WebhookError as error:
        raise problem(error) from error
    return schemas.Resent(count=count)


@router.get("/{number}/deliveries", summary="What went to a receiver")
async def deliveries(  # noqa: PLR0917  each is one word of the address
    request: Request,
    response: Response,
    user: Asking,
    number: Number,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[schemas.Delivery]:
    """Newest first; ended ones are kept for 30 days."""
    may(user, LOOKING)
    before = int(paging.decode(cursor, (int,))[0]) if cursor else None
    try:
        async with cloud_of(request).store.reading() as session:
            rows = await receivers.deliveries(session, number, before, limit + 1)
    except WebhookError as error:
        raise problem(error) from error
    found = [schemas.Delivery.model_validate(row, from_attributes=True) for row in rows]
    return paging.page(found, limit, lambda row: [row.id], request, response)
