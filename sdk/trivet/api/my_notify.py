"""The owners' routes for how they are told what happens. Takes requests of an owner, gives and keeps their own
choice."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from trivet.api import schemas_notify as schemas
from trivet.api.my_routes import Owner, owner_of
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import cloud_of
from trivet.notify import choices
from trivet.notify.config import Config, NotifyError, load

router = APIRouter(prefix="/api/my", dependencies=[Depends(owner_of)], responses=RESPONSES, tags=["owner"])


@router.get("/notifications", summary="How I am told what happens")
async def shown(request: Request, user: Owner) -> schemas.Telling:
    """What holds now, and what there is to choose from."""
    config = _config(request)
    async with cloud_of(request).store.reading() as session:
        choice = await choices.of(session, user.owner, config)
    first, end = choice.quiet
    return schemas.Telling(
        channels=choice.channels,
        offered={name: channel.address for name, channel in config.channels.items()},
        zone=choice.zone,
        language=choice.language,
        quiet=[first, end] if first != end else [],
    )


@router.put("/notifications", summary="Choose how I am told")
async def choose(request: Request, user: Owner, body: schemas.Tell) -> schemas.Telling:
    """Channels, quiet hours and zone. A hazard is told at once, whatever the hour."""
    config = _config(request)
    try:
        async with cloud_of(request).store.writing() as session:
            quiet, told = tuple(body.quiet), body.channels
            await choices.choose(session, user.owner, config, told, zone=body.zone, quiet=quiet, language=body.language)
    except NotifyError as error:
        raise ProblemError(422, "not-choosable", f"{error}.") from error
    return await shown(request, user)


def _config(request: Request) -> Config:
    return load(cloud_of(request).settings.data_dir)
