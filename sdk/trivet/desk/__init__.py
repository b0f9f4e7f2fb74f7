"""The pages for people: queue, case and appliances for the vendor's, their own appliance for owners. Takes the
application of `trivet.api.create`, adds the pages, the logins and the gate before them; never loads anything from
another server.

NiceGUI has one application in a process, so one process serves one desk at a time; opened and closed again is fine.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

import nicegui
from fastapi import FastAPI
from nicegui import ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from trivet.desk import doors, gate, my_actions, my_care, my_notify, my_pages, pages, setups

__all__ = ["mount"]


def mount(app: FastAPI) -> None:
    """Add the pages to an application of `trivet.api.create`."""
    _configure()
    app.include_router(doors.router)
    app.include_router(my_care.router)
    app.include_router(my_notify.router)  # before the pages that have an appliance's id in this place
    app.include_router(my_actions.router)
    static = Path(str(resources.files("trivet.desk").joinpath("static")))
    app.mount(gate.BASE, StaticFiles(directory=static))
    app.mount("/", _Bound(nicegui.app, app))
    app.add_middleware(gate.Gate, guard=app.state.guard, owners=app.state.owner_guard)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(outer: FastAPI) -> AsyncIterator[None]:
        async with nicegui.app.router.lifespan_context(nicegui.app), inner(outer):
            yield

    app.router.lifespan_context = lifespan


class _Bound:
    """NiceGUI's one application, told for each request which cloud it serves."""

    def __init__(self, inner: ASGIApp, outer: FastAPI) -> None:
        self.inner, self.outer = inner, outer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.inner({**scope, "trivet.cloud": self.outer.state.cloud}, receive, send)


@functools.cache
def _configure() -> None:
    """Set NiceGUI up; it can be done only once in a process. The application given here is never served."""
    icon = Path(str(resources.files("trivet.desk").joinpath("static", "trivet.svg")))
    ui.run_with(
        FastAPI(),
        title="Trivet",
        favicon=icon,
        dark=None,
        language=None,
        tailwind=False,
        reconnect_timeout=8.0,
        show_welcome_message=False,
        binding_refresh_interval=None,
        # Level 9, the default, takes a small server seconds for every new browser and saves little.
        gzip_middleware_factory=lambda app: GZipMiddleware(app, minimum_size=1000, compresslevel=4),
    )
    pages.register()
    my_pages.register()
    setups.register()
