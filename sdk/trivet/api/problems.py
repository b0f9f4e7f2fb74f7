"""Takes every error on the HTTP side, gives an RFC 9457 problem document; never lets a traceback or a secret out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("trivet.api")


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457, section 3)."""

    type: str = Field("about:blank", description="URI reference that names the kind of problem")
    title: str = Field(description="The kind of problem in a few words")
    status: int = Field(ge=400, le=599, description="HTTP status code, repeated")
    detail: str = Field("", description="What went wrong this time and what to do")
    instance: str = Field("", description="Path of the request")
    errors: list[dict[str, str]] = Field(
        default_factory=list, description="Invalid fields: `at` (where) and `says` (what is wrong)"
    )


class ProblemError(Exception):
    """Raised by handlers to answer with a problem document.

    `kind` becomes the last part of the problem's type, e.g. `urn:trivet:problem:claim-refused`.
    """

    def __init__(self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers = dict(headers or {})


RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": text}
    for code, text in (
        (400, "Not readable: no JSON, or a cursor that is none"),
        (401, "Not logged in"),
        (403, "Not for this login, or not covered by the owner's consent"),
        (404, "No such thing"),
        (409, "Not as things stand"),
        (422, "Invalid parameters"),
        (429, "Too many wrong passwords"),
    )
}


def respond(
    request: Request,
    status: int,
    detail: str = "",
    *,
    kind: str | None = None,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Give the problem document for this request as a response."""
    problem = Problem(
        type=f"urn:trivet:problem:{kind}" if kind else "about:blank",
        title=kind.replace("-", " ").capitalize() if kind else HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=errors or [],
    )
    body = problem.model_dump(exclude_defaults=True) | {"type": problem.type}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return respond(request, error.status, error.detail, kind=error.kind, headers=error.headers)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return respond(request, error.status_code, str(error.detail), headers=error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"at": ".".join(str(x) for x in e["loc"]), "says": e["msg"]} for e in error.errors()]
    return respond(request, 422, "Correct the fields named under `errors`.", kind="invalid-parameters", errors=errors)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return respond(request, 500, "The server failed; its log says why.", kind="internal-error")


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(ProblemError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)
