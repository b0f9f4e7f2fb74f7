"""The REST routes for visits and the areas that technicians serve. Takes requests of the vendor's people; never books
what evidence does not speak for or what the owner was not told the price of.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from trivet.api import schemas_visits as schemas
from trivet.api.auth import User
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, access_for, cloud_of, user_of
from trivet.consent import vendor
from trivet.consent.access import reading
from trivet.store.tables import utcnow
from trivet.visits import areas as keeping
from trivet.visits import book, invitation, listing
from trivet.visits.problem import VisitError
from trivet.visits.windows import Window, spread

router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["visits"])
_PURPOSE, _WHY = "safety", "a visit to the appliance"
_NOT_FOUND = ("no-such-case", "no-such-visit")
CALENDAR: dict[int | str, Any] = {200: {"content": {"text/calendar": {}}, "description": "RFC 5545"}}
CaseId = Annotated[int, Path(ge=1, le=2**62, description="Case number")]
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the visit")]
Key = Annotated[
    str,
    Header(alias="Idempotency-Key", min_length=8, max_length=128, description="The same wish under it is booked once"),
]
Name = Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="Name of the area")]


def problem(error: VisitError) -> ProblemError:
    """As a problem document: 404 for what is not there, else 409."""
    return ProblemError(404 if error.kind in _NOT_FOUND else 409, error.kind, str(error))


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
    try:
        async with cloud_of(request).store.writing() as session:
            return _area(await keeping.keep(session, name, keeping.Plan(**dict(body))))
    except VisitError as error:
        raise problem(error) from error


@router.get("/cases/{case_id}/visit-offer", summary="When somebody could come, and what it costs")
async def offer(
    request: Request,
    user: Asking,
    case_id: CaseId,
    postcode: Annotated[str, Query(min_length=2, max_length=12, description="Of the owner's address")],
    warranty: Annotated[bool, Query(description="Whether the warranty bears it")],
) -> schemas.VisitOffer:
    """Three windows to propose, and the price to say before. 409 where nothing speaks for a visit."""
    _may_book(user)
    try:
        async with cloud_of(request).store.reading() as session:
            found = await book.offer(session, case_id, postcode, warranty=warranty)
    except VisitError as error:
        raise problem(error) from error
    windows = [_window(one, found.area.zone) for one in found.windows]
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
        free=windows,
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
    """The owner said yes to day and price. The same request under the same key again changes nothing."""
    _may_book(user)
    wish = book.Wish(
        window=Window(body.day, body.hour),
        postcode=body.postcode,
        address=body.address,
        agreed_minor=body.agreed_minor,
        warranty=body.warranty,
        key=key,
        parts=body.parts,
    )
    try:
        async with cloud_of(request).store.writing() as session:
            number = (await book.book(session, case_id, wish, user.name)).id
    except VisitError as error:
        raise problem(error) from error
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
    _may_book(user)
    try:
        async with cloud_of(request).store.writing() as session:
            await book.move(session, number, Window(body.day, body.hour), user.name)
    except VisitError as error:
        raise problem(error) from error
    return await _visit(request, user, number)


@router.post("/visits/{number}/cancel", summary="Cancel a visit")
async def cancel(request: Request, user: Asking, number: Number, body: schemas.Cancelled) -> schemas.Visit:
    """Its window is free for others again."""
    _may_book(user)
    try:
        async with cloud_of(request).store.writing() as session:
            await book.cancel(session, number, user.name, body.why)
    except VisitError as error:
        raise problem(error) from error
    return await _visit(request, user, number)


@router.post("/visits/{number}/done", summary="A visit was made")
async def done(request: Request, user: Asking, number: Number) -> schemas.Visit:
    """What came of it is the case's outcome."""
    _may_book(user)
    try:
        async with cloud_of(request).store.writing() as session:
            await book.done(session, number, user.name)
    except VisitError as error:
        raise problem(error) from error
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
        raise ProblemError(404, "no-such-visit", f"There is no visit {number}.")
    return ics(request, found, language)


def ics(request: Request, visit: listing.Visit, language: str) -> Response:
    """The file of one visit."""
    organizer = f"service@{vendor.load(cloud_of(request).settings.data_dir).domain}"
    body = invitation.invitation(visit, language=language, organizer=organizer, now=utcnow())
    name = f'attachment; filename="visit-{visit.id}.ics"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": name})


async def _visit(request: Request, user: User, number: int) -> schemas.Visit:
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        return schemas.Visit.model_validate(await listing.one(read, number))


def _area(kept: keeping.Kept) -> schemas.Area:
    return schemas.Area(name=kept.name, **vars(kept.plan))


def _window(window: Window, zone: str) -> schemas.Window:
    begins = window.begins(zone).astimezone(dt.UTC)
    return schemas.Window.model_validate({"day": window.day, "hour": window.hour, "begins": begins})


def _may_book(user: User) -> None:
    if user.role not in book.BOOKING:
        asked = " or ".join(book.BOOKING)
        raise ProblemError(403, "not-your-role", f"Visits are for {asked}, not for {user.role}.")
