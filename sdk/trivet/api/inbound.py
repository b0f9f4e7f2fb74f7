"""The REST routes for letters: the door that other systems post to, signed as Standard Webhooks asks; the list where a
person decides; the systems that may send. Takes requests, gives JSON; never answers an unsigned letter with more
than no.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ValidationError

from trivet.api import paging
from trivet.api import schemas_inbound as schemas
from trivet.api.problems import MEDIA_TYPE, RESPONSES, Problem, ProblemError
from trivet.api.routes import Asking, access_for, cloud_of, user_of
from trivet.api.webhooks import may
from trivet.consent.access import reading
from trivet.inbound import letters, sources
from trivet.inbound.letters import Letter
from trivet.inbound.problem import LetterError
from trivet.outward import signature
from trivet.store.tables import utcnow

MAX_BODY = 256 * 1024  # bytes: the longest text in its longest spelling
READING, SETTING = ("agent", "engineer", "admin", "privacy"), ("admin",)
_STATUS = {"no-such-letter": 404, "no-such-source": 404, "no-such-case": 404, "bad-name": 422}
Name = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,31}$", description="Name of the source")]
Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the letter")]

door = APIRouter(prefix="/api/inbound", tags=["inbound"])
router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["inbound"])


def _problem(status: int, says: str) -> dict[str, Any]:
    return {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": says}


@door.post(
    "/{source}",
    status_code=202,
    summary="Send a letter in",
    responses={
        200: {"model": schemas.Taken, "description": "It came before: what became of it then"},
        401: _problem(401, "Not signed by this source, or too long ago"),
        413: _problem(413, "Longer than any letter"),
        422: _problem(422, "Not a letter"),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas.LetterIn.model_json_schema()}},
        },
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": says}
            for name, says in (
                (signature.ID, "Unique for the letter, the same when it is sent again"),
                (signature.TIMESTAMP, "Seconds since 1970, of this try"),
                (signature.SIGNATURE, "v1, and base64 of the HMAC-SHA256 over id.timestamp.body"),
            )
        ],
    },
)
async def receive(request: Request, response: Response, source: Name) -> schemas.Taken:
    """A mention, mail, chat or call. It lands on the case that it names (case number, appliance, code) or that its
    sender's appliance has; where that is not certain it waits for a person. The same `webhook-id` again changes
    nothing."""
    body = await _body(request)
    cloud, now = cloud_of(request), utcnow()
    try:
        async with cloud.store.reading() as session:
            message = await sources.verified(session, cloud.seal, source, request.headers, now, body)
    except signature.SignatureError as error:
        raise ProblemError(401, "bad-signature", f"{error}.") from error
    try:
        given = schemas.LetterIn.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()[:5])
        raise ProblemError(422, "not-a-letter", f"Correct these fields: {wrong}.") from error
    async with cloud.store.writing() as session:
        if not await sources.heard(session, source, now):
            raise ProblemError(401, "bad-signature", "This source was removed.")
        kept, new = await letters.receive(session, source, message, Letter(**given.model_dump()))
    response.status_code = 202 if new else 200
    return schemas.Taken.model_validate(kept)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise ProblemError(413, "too-long", f"A letter has at most {MAX_BODY} bytes.")
    return body


@router.get("/letters", summary="Letters that wait for a person, or where they went")
async def listed(  # noqa: PLR0917  each is one word of the address
    request: Request,
    response: Response,
    user: Asking,
    state: Annotated[Literal["waiting", "landed", "dismissed"], Query(description="Which ones")] = "waiting",
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[schemas.Letter]:
    """Newest first."""
    may(user, READING)
    before = int(paging.decode(cursor, (int,))[0]) if cursor else None
    async with reading(cloud_of(request).store, access_for(user, "service", "Letters from outside")) as read:
        found = await letters.listed(read, state, before, limit + 1)
    rows = [schemas.Letter.model_validate(one) for one in found]
    return paging.page(rows, limit, lambda row: [row.id], request, response)


@router.post("/letters/{number}/land", summary="It belongs to this case")
async def land(request: Request, user: Asking, number: Number, body: schemas.Where) -> schemas.Letter:
    """Puts a waiting letter onto a case's timeline."""
    may(user, READING)
    try:
        async with cloud_of(request).store.writing() as session:
            return schemas.Letter.model_validate(await letters.land(session, number, body.case, user.name))
    except LetterError as error:
        raise _refused(error) from error


@router.post("/letters/{number}/dismiss", summary="It belongs to no case")
async def dismiss(request: Request, user: Asking, number: Number, body: schemas.NotACase) -> schemas.Letter:
    """Takes a waiting letter off the list; it is deleted after its time."""
    may(user, READING)
    try:
        async with cloud_of(request).store.writing() as session:
            return schemas.Letter.model_validate(await letters.dismiss(session, number, body.why, user.name))
    except LetterError as error:
        raise _refused(error) from error


@router.get("/inbound-sources", summary="Systems that may send letters in")
async def all_sources(request: Request, user: Asking) -> list[schemas.Source]:
    """By name."""
    may(user, ("engineer", "admin"))
    async with cloud_of(request).store.reading() as session:
        return [schemas.Source.model_validate(one) for one in await sources.listed(session)]


@router.post("/inbound-sources", status_code=201, summary="Let one more system send letters in")
async def add(request: Request, response: Response, user: Asking, body: schemas.SourceIn) -> schemas.SourceMade:
    """Its secret signs every letter."""
    may(user, SETTING)
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            secret = await sources.add(session, cloud.seal, body.name, user.name)
    except LetterError as error:
        raise _refused(error) from error
    return _made(request, response, body.name, secret)


@router.post("/inbound-sources/{name}/rotate", summary="A new secret")
async def rotate(request: Request, response: Response, user: Asking, name: Name) -> schemas.SourceMade:
    """The one before is believed for another 24 hours."""
    may(user, SETTING)
    cloud = cloud_of(request)
    try:
        async with cloud.store.writing() as session:
            secret = await sources.rotate(session, cloud.seal, name, utcnow())
    except LetterError as error:
        raise _refused(error) from error
    return _made(request, response, name, secret)


@router.delete("/inbound-sources/{name}", status_code=204, summary="Take nothing more of it")
async def remove(request: Request, user: Asking, name: Name) -> None:
    """What it sent stays."""
    may(user, SETTING)
    try:
        async with cloud_of(request).store.writing() as session:
            await sources.remove(session, name)
    except LetterError as error:
        raise _refused(error) from error


def _made(request: Request, response: Response, name: str, secret: str) -> schemas.SourceMade:
    response.headers["Cache-Control"] = "no-store"
    return schemas.SourceMade(name=name, address=f"{cloud_of(request).base}/api/inbound/{name}", secret=secret)


def _refused(error: LetterError) -> ProblemError:
    return ProblemError(_STATUS.get(error.kind, 409), error.kind, str(error))
