"""The REST routes for visits and the areas that technicians serve. Takes requests of the vendor's people; never books
what evidence does not speak for or what the owner was not told the price of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from trivet.api import schemas_visits as schemas
from trivet.api.auth import User
from trivet.api.casework import ANSWERS, CaseId, Key, hand_on, once_for, working
from trivet.api.problems import ProblemError
from trivet.api.routes import Asking, access_for, cloud_of, user_of
from trivet.cases.timeline import Actor, Hand
from trivet.consent import vendor
from trivet.consent.access import reading
from trivet.store.tables import utcnow
from trivet.visits import areas as keeping
from trivet.visits import book, invitation, listing
from trivet.visits.windows import Window, spread

router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=ANSWERS, tags=["visits"])
_PURPOSE, _WHY = "safety", "a visit to the appliance"  # whatever its owner agrees to: somebody is to come
CALENDAR: dict[int | str, Any] = {200: {"content": {"text/calendar": {}}, "description": "RFC 5545"}}
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the visit")]
Name = Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="Name of the area")]


@router.get("/areas", summary="Areas that technicians serve")
async def areas(request: Request) -> list[schemas.Area]:
    """Who serves which postcodes, and how many visits a day."""
    async with cloud_of(request).store.reading() as session:
        return [_area(row) for row in await keeping.every(session)]


@router.put("/areas/{name}", summary="Add or change an area")
async def keep_area(request: Request, user: Asking, name: Name, body: schemas.Plan) -> schemas.Area:
    """From now on windows are proposed by it. What is booked stays."""
    if user.role != "admin":
        raise ProblemError(403, "not-your-role", f"Areas are for admin, not for {user.role}.")
    async with working(request) as (session, _):
        return _area(await keeping.keep(session, name, keeping.Plan(**dict(body))))


@router.get("/cases/{case_id}/visit-offer", summary="When somebody could come, and what it costs")
async def offer(
    request: Request,
    user: Asking,
    case_id: CaseId,
    postcode: Annotated[str, Query(min_length=2, max_length=12, description="Of the owner's address")],
) -> schemas.VisitOffer:
    """Three windows to propose, and the price to say before. 409 where no visit is approved."""
    async with hand_on(request, user, case_id) as hand:
        found = await book.offer(hand, postcode)
    chosen = spread(found.windows)
    return schemas.VisitOffer(
        area=found.area.name,
        zone=found.area.zone,
        parts=[schemas.QuotedPart.model_validate(part) for part in found.quote.parts],
        fee_minor=found.quote.fee_minor,
        total_minor=found.quote.total_minor,
        currency=found.quote.currency,
        warranty=found.quote.warranty,
        proposed=[_window(one, found.area.zone) for one in chosen],
        free=[_window(one, found.area.zone) for one in found.windows],
    )


@router.get("/cases/{case_id}/visits", summary="Visits to a case")
async def of_case(request: Request, user: Asking, case_id: CaseId) -> list[schemas.Visit]:
    """Booked, done and cancelled ones, the newest first."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        return [schemas.Visit.model_validate(one) for one in await listing.of_case(read, case_id)]


@router.post("/cases/{case_id}/visits", status_code=201, summary="Book a visit")
async def book_visit(
    request: Request, user: Asking, case_id: CaseId, body: schemas.VisitWish, key: Key
) -> schemas.Visit:
    """The owner said yes to day and price: the proposal is accepted with it."""
    wish = book.Wish(Window(body.day, body.hour), body.postcode, body.address, body.agreed_minor, body.parts)
    async with hand_on(request, user, case_id) as hand:
        once = once_for(hand, key, request, body)
        number = await once.made()
        if number is None:
            number = (await book.book(hand, wish)).id
            await once.keep(number)
    return await _visit(request, user, number)


@router.get("/visits", summary="A day of an area's technicians")
async def of_day(
    request: Request,
    user: Asking,
    area: Annotated[str, Query(max_length=64, description="Area")],
    day: Annotated[dt.date, Query(description="Day, by the area's clock")],
) -> list[schemas.Visit]:
    """What is booked and was done, in order."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, "the day's visits")) as read:
        return [schemas.Visit.model_validate(one) for one in await listing.of_day(read, area, day)]


@router.post("/visits/{number}/move", summary="Move a visit")
async def move(request: Request, user: Asking, number: Number, body: schemas.OtherWindow) -> schemas.Visit:
    """To another free window, at the same price."""
    async with _hand(request, user, number) as hand:
        await book.move(hand, number, Window(body.day, body.hour))
    return await _visit(request, user, number)


@router.post("/visits/{number}/cancel", summary="Cancel a visit")
async def cancel(request: Request, user: Asking, number: Number, body: schemas.Cancelled) -> schemas.Visit:
    """Its window is free for others again."""
    async with _hand(request, user, number) as hand:
        await book.cancel(hand, number, body.why)
    return await _visit(request, user, number)


@router.post("/visits/{number}/done", summary="A visit was made")
async def done(request: Request, user: Asking, number: Number) -> schemas.Visit:
    """What came of it is the case's outcome."""
    async with _hand(request, user, number) as hand:
        await book.done(hand, number)
    return await _visit(request, user, number)


@router.get(
    "/visits/{number}/invitation.ics",
    summary="A visit for the owner's calendar",
    response_class=Response,
    responses=CALENDAR,
)
async def calendar(request: Request, user: Asking, number: Number) -> Response:
    """An iCalendar file in the owner's language; a later one of the same visit replaces it."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        found = await listing.one(read, number)
        language = "" if found is None else await listing.language_of(read, found.device)
    if found is None:
        raise _none(number)
    return ics(request, found, language)


def ics(request: Request, visit: listing.Visit, language: str) -> Response:
    """The file of one visit."""
    organizer = f"service@{vendor.load(cloud_of(request).settings.data_dir).domain}"
    body = invitation.invitation(visit, language=language, organizer=organizer, now=utcnow())
    name = f'attachment; filename="visit-{visit.id}.ics"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": name})


@asynccontextmanager
async def _hand(request: Request, user: User, number: int) -> AsyncIterator[Hand]:
    """The user's hand on the case of a visit: it can be moved and cancelled whatever its owner agrees to now."""
    if user.role not in book.BOOKING:
        raise ProblemError(403, "not-your-role", f"Visits are for {' or '.join(book.BOOKING)}, not for {user.role}.")
    visit = await _visit(request, user, number)
    async with working(request) as (session, kept):
        yield Hand(session, visit.case, kept, Actor("agent", user.name))


async def _visit(request: Request, user: User, number: int) -> schemas.Visit:
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        found = await listing.one(read, number)
    if found is None:
        raise _none(number)
    return schemas.Visit.model_validate(found)


def _none(number: int) -> ProblemError:
    return ProblemError(404, "no-such-visit", f"There is no visit {number}.")


def _area(kept: keeping.Kept) -> schemas.Area:
    return schemas.Area(name=kept.name, **vars(kept.plan))


def _window(window: Window, zone: str) -> schemas.Window:
    begins = window.begins(zone).astimezone(dt.UTC)
    return schemas.Window.model_validate({"day": window.day, "hour": window.hour, "begins": begins})
