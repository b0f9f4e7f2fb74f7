"""The REST routes for commands to appliances. Takes requests of the vendor's people, queues what their role may ask,
shows what became of it; never sends and never waits for an appliance.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from trivet_wire import ids

from trivet import control
from trivet.api import schemas
from trivet.api.problems import RESPONSES, ProblemError
from trivet.api.routes import Asking, DeviceId, access_for, cloud_of, user_of
from trivet.consent.access import reading
from trivet.control import listing
from trivet.store.tables import utcnow

router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=RESPONSES, tags=["commands"])
ROLES = {  # who may ask for what; the owner's own decisions have routes of their own
    "clear": ("agent", "engineer", "admin"),
    "relearn": ("engineer", "admin"),
    "recover": ("agent", "engineer", "admin"),
    "rotate": ("admin",),
}
_PURPOSE, _WHY = "safety", "commands to the appliance"
_NUMBERS = {name: number for number, name in ids.COMMAND_NAMES.items()}


class Wanted(schemas.Schema):
    """What the appliance is to do."""

    command: Literal["clear", "relearn", "recover", "rotate"] = Field(
        description="clear: every code, after a repair; relearn: what drift monitors hold for normal; recover: restart "
        "with everything; rotate: the next message key"
    )


class Command(schemas.Schema):
    """A command and what became of it."""

    device: str = Field(description="Device id, 16 hexadecimal digits")
    counter: int = Field(description="Its number, unique and rising for the appliance")
    command: str = Field(description="rotate, consent, release, clear, relearn, recover, update, answer, …")
    grant: str = Field(description="What it is done under: vendor, account, service, technician or presence")
    who: str = Field(description="Who asked for it")
    created_at: dt.datetime
    expires_at: dt.datetime | None = Field(description="After this the appliance refuses it")
    sent_at: dt.datetime | None = Field(description="When it last went down; null while it waits for the appliance")
    answered_at: dt.datetime | None
    state: Literal["open", "done", "refused", "expired"]
    reason: int | None = Field(description="The appliance's reason: 0 done, else a stable number; null while open")
    says: str = Field(description="The reason in words")


@router.post("/devices/{device_id}/commands", response_model=Command, status_code=202, summary="Give a command")
async def give(request: Request, user: Asking, device_id: DeviceId, wanted: Wanted) -> Command:
    """Queue a command. It is sent when the appliance is connected; what came of it is at its address."""
    if user.role not in ROLES[wanted.command]:
        asked = " or ".join(ROLES[wanted.command])
        raise ProblemError(403, "not-your-role", f"{wanted.command} is for {asked}, not for {user.role}.")
    cloud = cloud_of(request)
    number = _NUMBERS[wanted.command]
    async with reading(cloud.store, access_for(user, _PURPOSE, _WHY)) as read:
        mask = await listing.agreed(read, device_id)
    if mask is None:
        raise ProblemError(404, "no-such-device", f"No appliance {device_id} is enrolled here.")
    if ids.COMMAND_GRANTS[number] == ids.G_SERVICE and not mask >> ids.SERVICE & 1:
        raise ProblemError(409, "no-consent", "Its owner has not said yes to service: the appliance would refuse it.")
    try:
        counter = await cloud.command(device_id, number, user.name)
    except control.ControlError as error:
        raise ProblemError(409, "command-refused", str(error)) from error
    return await one(request, user, device_id, counter)


@router.get("/devices/{device_id}/commands", response_model=list[Command], summary="Commands, newest first")
async def listed(request: Request, user: Asking, device_id: DeviceId) -> list[Command]:
    """The newest commands to an appliance and what became of them."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        rows = await listing.commands(read, device_id)
    if rows is None:
        raise ProblemError(404, "no-such-device", f"No appliance {device_id} is enrolled here.")
    return [_view(row) for row in rows]


@router.get("/devices/{device_id}/commands/{counter}", response_model=Command, summary="One command")
async def one(
    request: Request, user: Asking, device_id: DeviceId, counter: Annotated[int, Path(ge=1, le=control.MAX_COUNTER)]
) -> Command:
    """What became of a command."""
    async with reading(cloud_of(request).store, access_for(user, _PURPOSE, _WHY)) as read:
        row = await listing.command(read, device_id, counter)
    if row is None:
        raise ProblemError(404, "no-such-command", f"{device_id} was never given a command {counter}.")
    return _view(row)


def _view(row: listing.CommandRow) -> Command:
    reason = row.reason
    says = "" if reason is None else "done" if reason == 0 else ids.REASON_NAMES.get(reason, "unknown reason")
    return Command.model_validate(
        {
            "device": row.device,
            "counter": row.counter,
            "command": ids.COMMAND_NAMES[row.command],
            "grant": ids.GRANT_NAMES[row.grant],
            "who": row.who,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "sent_at": row.sent_at,
            "answered_at": row.answered_at,
            "state": control.state(row, utcnow()),
            "reason": reason,
            "says": says,
        }
    )
