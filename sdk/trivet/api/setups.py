"""The REST route for where set-ups stop. Takes requests of engineers, privacy and admins, gives counts that tell nobody
apart.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from trivet.api.casework import ANSWERS
from trivet.api.problems import ProblemError
from trivet.api.routes import Asking, cloud_of, user_of
from trivet.api.schemas import Schema
from trivet.setups.funnel import SetupsError, funnel
from trivet.store.tables import utcnow

SEEING = ("engineer", "privacy", "admin")
router = APIRouter(prefix="/api", dependencies=[Depends(user_of)], responses=ANSWERS, tags=["operations"])


class SetupStep(Schema):
    """One step of a set-up."""

    name: str = Field(description="made, heard, registered, decided or service; each counts only with all before it")
    reached: int | None = Field(ge=0, description="Appliances; null where the number is hidden")
    share: float | None = Field(ge=0, le=1, description="Of those that were made; null where it is hidden")


class Setups(Schema):
    """How far new appliances come."""

    model: str | None = Field(description="Of this model; null for all")
    month: str | None = Field(description="Enrolled in this month (UTC); null for all")
    steps: list[SetupStep] = Field(description="In their order")
    under_way: int | None = Field(ge=0, description="Younger than a week and not through; null where it is hidden")
    fewest: int = Field(description="Numbers between 0 and this are hidden")


@router.get("/setups", summary="Where set-ups stop")
async def shown(
    request: Request,
    user: Asking,
    model: Annotated[str | None, Query(max_length=64, description="Only of this model")] = None,
    month: Annotated[str | None, Query(max_length=7, description="Only enrolled in this month, as 2026-05")] = None,
) -> Setups:
    """How many appliances reached each step, without any that could be told apart."""
    if user.role not in SEEING:
        raise ProblemError(403, "not-your-role", f"This is for {' or '.join(SEEING)}, not for {user.role}.")
    try:
        async with cloud_of(request).store.reading() as session:
            return Setups.model_validate(await funnel(session, utcnow(), model=model, month=month))
    except SetupsError as error:
        raise ProblemError(422, "no-such-month", str(error)) from error
