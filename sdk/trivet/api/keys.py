"""The REST routes for API keys. Takes requests of admins, makes, lists and revokes keys; a key is in an answer only
where it was made by this very request, and no key makes another.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from trivet import api_keys
from trivet.api import doors
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, cloud_of, user_of
from trivet.api.schemas import Schema
from trivet.api.schemas_webhooks import PLAIN

router = APIRouter(prefix="/api/keys", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["keys"])
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="The key's id, the part after `trivet_`")]


class WantedKey(BaseModel):
    """An API key."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=PLAIN, description="What will use it")
    role: Literal["agent", "engineer", "privacy", "admin"] = Field(description="What it may at most")
    scopes: list[str] = Field(
        min_length=1, max_length=len(doors.SCOPES), description=f"Of that, what it may: {', '.join(doors.SCOPES)}"
    )
    days: int | None = Field(None, ge=1, le=api_keys.LONGEST_DAYS, description="Good for so long; null: until revoked")


class Key(Schema):
    """A key, without the key."""

    id: str = Field(description="12 hexadecimal digits; not secret")
    name: str
    role: str
    scopes: list[str]
    made_at: dt.datetime
    made_by: str = Field(description="Login, or the command line")
    expires_at: dt.datetime | None = Field(description="After this it opens nothing")
    used_on: dt.date | None = Field(description="Last day on which it was used (UTC)")
    revoked_at: dt.datetime | None
    revoked_by: str | None


class MadeKey(Schema):
    """A new key, and the only time that it is told."""

    key: Key
    secret: str = Field(description="Send it as `Authorization: Bearer …`. It is shown this once and kept nowhere")


@router.get("", summary="API keys")
async def listed(request: Request, _user: Asking) -> list[Key]:
    """All that ever were, oldest first."""
    async with cloud_of(request).store.reading() as session:
        return [Key.model_validate(one) for one in await api_keys.listed(session)]


@router.post("", status_code=201, summary="Make an API key")
async def make(request: Request, response: Response, user: Asking, body: WantedKey) -> MadeKey:
    """The answer holds the key, once. Whoever made it, and when, stays on record."""
    wish = api_keys.Wish(body.name, body.role, body.scopes, body.days)
    try:
        async with cloud_of(request).store.writing() as session:
            key, secret = await api_keys.make(session, wish, doors.SCOPES, user.name)
    except api_keys.ApiKeyError as error:
        raise ProblemError(422, error.kind, str(error)) from error
    response.headers["Cache-Control"] = "no-store"
    return MadeKey(key=Key.model_validate(key), secret=secret)


@router.delete("/{key_id}", summary="Revoke an API key")
async def revoke(request: Request, user: Asking, key_id: KeyId) -> Key:
    """It opens nothing from now on; its line stays."""
    try:
        async with cloud_of(request).store.writing() as session:
            return Key.model_validate(await api_keys.revoke(session, key_id, user.name))
    except api_keys.ApiKeyError as error:
        raise ProblemError(404, error.kind, str(error)) from error
