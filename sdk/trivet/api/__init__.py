"""The REST interface. Takes a running cloud, gives the FastAPI application with /api, /u, /metrics and /healthz.

`trivet.desk.mount(app)` adds the pages for people. Nothing of an owner is ever answered without a login.
"""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from trivet.api import (
    bundles,
    casework,
    commands,
    inbound,
    keys,
    metrics,
    my_care,
    my_cases,
    my_notify,
    my_remote,
    my_routes,
    my_updates,
    my_visits,
    payloads,
    privacy,
    problems,
    remote,
    routes,
    schemas,
    setups,
    updates,
    visits,
    webhooks,
)
from trivet.api.accounts import Accounts
from trivet.api.auth import Guard, OwnerGuard, signing_key
from trivet.api.ports import CloudPort
from trivet.observe.metrics import Metrics

__all__ = ["CloudPort", "Guard", "create"]


def create(cloud: CloudPort) -> FastAPI:
    """The application for one cloud. `app.state` holds what it works with: cloud, guard, owner_guard, accounts."""
    app = FastAPI(
        title="Trivet",
        version="1",
        summary="Appliances that find their own faults, and the cases these make",
        description="Times are UTC (RFC 3339). Errors are problem documents (RFC 9457). Lists have cursors.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's documentation pages load from foreign servers
        redoc_url=None,
    )
    app.state.cloud = cloud
    key = signing_key(cloud.settings.secrets_dir)
    app.state.guard = Guard(cloud.store, key)
    app.state.owner_guard = OwnerGuard(cloud.store, key)
    app.state.accounts = Accounts(cloud.store, key)
    app.state.metrics = Metrics()
    app.add_middleware(metrics.Counting, metrics=app.state.metrics)
    problems.install(app)
    app.add_api_route("/healthz", health, response_model=schemas.Health, tags=["operations"])
    app.include_router(metrics.router)
    app.include_router(payloads.router)
    app.include_router(routes.public)
    app.include_router(inbound.door)
    app.include_router(my_routes.router)
    app.include_router(my_updates.router)
    app.include_router(my_notify.router)
    app.include_router(my_visits.router)
    app.include_router(my_cases.router)
    app.include_router(my_care.router)
    app.include_router(bundles.my_router)
    app.include_router(my_remote.router)
    app.include_router(routes.router)
    app.include_router(casework.router)
    app.include_router(bundles.router)
    app.include_router(setups.router)
    app.include_router(privacy.router)
    app.include_router(commands.router)
    app.include_router(updates.router)
    app.include_router(visits.router)
    app.include_router(remote.router)
    app.include_router(webhooks.router)
    app.include_router(keys.router)
    app.include_router(inbound.router)
    app.include_router(routes.rest)
    return app


async def health(request: Request, response: Response) -> schemas.Health:
    """Whether database and engine answer. 503 when one does not. No login needed, nothing about anybody inside."""
    cloud = routes.cloud_of(request)
    database, engine = await asyncio.gather(_database(cloud), _engine(cloud))
    if not (database and engine):
        response.status_code = 503
    response.headers["Cache-Control"] = "no-store"
    return schemas.Health(status="ok" if database and engine else "degraded", database=database, engine=engine)


async def _database(cloud: CloudPort) -> bool:
    try:
        async with cloud.store.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _engine(cloud: CloudPort) -> bool:
    try:
        await asyncio.wait_for(cloud.transport.dead_letter_counts(), routes.ENGINE_PATIENCE_S)
    except OSError:
        return False
    return True
