"""Payloads of updates over HTTP, whole or in ranges (RFC 9110, section 14), for appliances that have it. Takes a
SHA-256, gives the bytes that have it: public, because whoever fetches verifies, and the same for ever.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse

from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import cloud_of
from trivet.updates.payloads import Payloads

router = APIRouter(prefix="/u", tags=["updates"])
_NAME = re.compile("(?:sha256/)?([0-9a-f]{64})")  # the long form is how a manifest names them
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "All of it"},
    206: {"content": {"application/octet-stream": {}}, "description": "The ranges asked for"},
    404: RESPONSES[404],
    416: {"description": "Beyond its end"},
}
FOR_EVER = "public, max-age=31536000, immutable"
_RANGE = re.compile(r"bytes *= *(?=[^,]*\d)(\d*-\d*)( *, *(\d+-\d*|-\d+))*", re.IGNORECASE | re.ASCII)


@router.get("/{sha256:path}", response_class=Response, responses=_ANSWERS, summary="A payload by its SHA-256")
@router.head("/{sha256:path}", include_in_schema=False)
async def payload(
    request: Request, sha256: Annotated[str, Path(description="SHA-256, 64 hexadecimal digits")]
) -> Response:
    """Whole, or the ranges asked for. No login: what it holds is signed elsewhere."""
    payloads = Payloads(cloud_of(request).settings.updates_dir)
    named = _NAME.fullmatch(sha256)
    if named is None or payloads.size(named[1]) is None:
        raise ProblemError(404, "no-such-payload", "Nothing that was published here has this hash.")
    tag = f'"{named[1]}"'
    headers = {"ETag": tag, "Cache-Control": FOR_EVER}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range")
    if asked is not None and not _RANGE.fullmatch(asked.strip()):  # to be ignored (section 14.2)
        request.scope["headers"] = [one for one in request.scope["headers"] if one[0].lower() != b"range"]
    return FileResponse(payloads.path(named[1]), media_type="application/octet-stream", headers=headers)


def _matches(given: str, tag: str) -> bool:
    """If-None-Match (section 13.1.2), which compares weakly."""
    return given.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in given.split(","))
