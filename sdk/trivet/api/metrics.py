"""The route for numbers, and the middleware that counts requests. Takes a login of an engineer or admin, gives
Prometheus text.
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trivet.api.problems import RESPONSES
from trivet.api.routes import Asking, cloud_of, user_of
from trivet.api.webhooks import may
from trivet.observe.metrics import MEDIA_TYPE, Metrics
from trivet.store.tables import utcnow

router = APIRouter(dependencies=[Depends(user_of)], responses=RESPONSES, tags=["operations"])
ROLES = ("engineer", "admin")


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text format"}},
)
async def numbers(request: Request, user: Asking) -> Response:
    """Cases, appliances, deliveries, messages and requests as counts: nothing about anybody. Log in by HTTP Basic
    (`basic_auth` of a scrape configuration)."""
    may(user, ROLES)
    cloud = cloud_of(request)
    metrics: Metrics = request.app.state.metrics
    async with cloud.store.reading() as session:
        body = await metrics.text(session, cloud.counted(), utcnow())
    return Response(body, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


class Counting:
    """ASGI middleware: counts requests to the API by the template of their route; pages by one name."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), [500]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.seen(_method(scope), _route(scope), status[0], time.perf_counter() - began)


def _route(scope: MutableMapping[str, Any]) -> str:
    route = scope.get("route")
    return route.path if isinstance(route, APIRoute) else "other"


def _method(scope: MutableMapping[str, Any]) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"
