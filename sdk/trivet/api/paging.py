"""Takes a keyset position, gives an opaque cursor and back; never shows a client how rows are stored."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from trivet.api.problems import ProblemError

T = TypeVar("T")
MAX_PAGE = 200
MAX_CURSOR = 200

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items per page")]
Cursor = Annotated[
    str | None, Query(max_length=MAX_CURSOR, description="`next` of the page before; absent: the first page")
]


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(description="This page's items, in order")
    next: str | None = Field(description="Cursor of the next page; null on the last")


def encode(position: list[str | int]) -> str:
    """Give the cursor for a position in a list's order."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, shape: tuple[type, ...]) -> list[str | int]:
    """Give back the position in a cursor of ours; anything else is a problem 400."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise ProblemError(400, "bad-cursor", "Use `next` of an earlier page as it is.") from error
    if not isinstance(position, list) or tuple(type(x) for x in position) != shape:
        raise ProblemError(400, "bad-cursor", "Use `next` of an earlier page as it is.")
    return position


def page(
    rows: Sequence[T], limit: int, position: Callable[[T], list[str | int]], request: Request, response: Response
) -> Page[T]:
    """Cut `rows` (fetched with one more than `limit`) to a page and set its Link header (RFC 8288)."""
    return cut(rows[:limit], position(rows[limit - 1]) if len(rows) > limit else None, request, response)


def cut(rows: Sequence[T], after: list[str | int] | None, request: Request, response: Response) -> Page[T]:
    """These, and where the next page begins: its cursor, and the Link header."""
    if after is None:
        return Page(items=list(rows), next=None)
    cursor = encode(after)
    url = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Page(items=list(rows), next=cursor)
