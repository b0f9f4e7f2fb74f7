"""What stands around every page: bar, icons, styles, and the loop that keeps a page live. Takes a request and a
drawing function, gives the page; never shows a page to nobody in particular (the gate has let a user in).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from fastapi import Request
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from trivet.api.auth import User
from trivet.api.ports import CloudPort, StorePort
from trivet.consent.access import Access, Reading, reading
from trivet.desk import gate, render
from trivet.desk.texts import Words
from trivet.store.changes import change_id

POLL_S = 0.4  # a case is on the page within a second of its message
FRESH_S = 0.2  # an answer to "did anything change" holds for every open page of this process so long
log = logging.getLogger("trivet.desk")


class Island:
    """A piece of a page that is drawn anew only when its HTML changed."""

    def __init__(self, classes: str = "", tag: str = "div", html: str = "", props: str = "") -> None:
        self.element = ui.html(html, sanitize=False, tag=tag).classes(classes)
        if props:
            self.element.props(props)

    def show(self, html: str) -> None:
        """Draw, if it differs."""
        if self.element.content != html:
            self.element.content = html


@dataclass
class Frame:
    """One open page: its cloud, its words, what to draw with."""

    cloud: CloudPort
    words: Words
    main: ui.element
    user: User
    _seen: str = field(default="")

    def draw(self, template: str, macro: str, **values: object) -> str:
        """The HTML of a macro, now."""
        return render.fragment(template, macro, self.words, dt.datetime.now(dt.UTC), **values)

    def reading(self, why: str) -> AbstractAsyncContextManager[Reading]:
        """A look into the database for service, in the name of who is logged in; `why` as the owner reads it."""
        return reading(self.cloud.store, Access("service", self.user.name, why))

    async def live(
        self, refresh: Callable[[], Awaitable[None]], stamp: Callable[[], Awaitable[str]] | None = None
    ) -> None:
        """Draw once, then again whenever `stamp` differs (the desk's: after every change in the database). A database
        that is away is waited for."""
        stamp = stamp or self._desk_stamp
        client = ui.context.client
        await self._poll(refresh, stamp)

        async def again() -> None:
            if client.has_socket_connection:  # nobody looks at a page that was left
                await self._poll(refresh, stamp)

        ui.timer(POLL_S, again, immediate=False)

    async def _desk_stamp(self) -> str:
        return await _PULSES.setdefault(self.cloud.store, _Pulse()).beat(self.cloud.store)

    async def _poll(self, refresh: Callable[[], Awaitable[None]], stamp: Callable[[], Awaitable[str]]) -> None:
        try:
            change = await stamp()
            if change != self._seen:
                await refresh()
                self._seen = change
        except (SQLAlchemyError, OSError):
            log.warning("the page waits for the database", exc_info=True)


class _Pulse:
    """Whether anything changed, asked once for all pages that ask within FRESH_S."""

    def __init__(self) -> None:
        self._at, self._stamp = float("-inf"), ""
        self._turn = asyncio.Lock()

    async def beat(self, store: StorePort) -> str:
        """The newest change, at most FRESH_S old."""
        async with self._turn:
            if time.monotonic() - self._at >= FRESH_S:
                started = time.monotonic()
                async with store.reading() as session:
                    self._stamp = await change_id(session)
                self._at = started
            return self._stamp


_PULSES: weakref.WeakKeyDictionary[StorePort, _Pulse] = weakref.WeakKeyDictionary()


def open_page(request: Request, title: str, active: str = "", bar: str = "bar") -> Frame:
    """Lay bar (a macro of bar.html), icons and styles; give the frame whose `main` the page fills."""
    words = Words(gate.language_of(request))
    user: User = request.scope["trivet.user"]
    version = gate.asset_version()
    ui.page_title(f"{words(title) if '.' in title else title} · Trivet")
    ui.add_head_html(
        f'<link rel="stylesheet" href="{gate.BASE}/desk.css?v={version}">'
        f'<link rel="stylesheet" href="{gate.BASE}/my.css?v={version}">'
        f'<link rel="stylesheet" href="{gate.BASE}/work.css?v={version}">'
        f'<script>document.documentElement.lang = "{words.language}"</script>'
        f'<script src="{gate.BASE}/theme.js?v={version}"></script>'
        f'<script defer src="{gate.BASE}/desk.js?v={version}"></script>'
        f'<script defer src="{gate.BASE}/keys.js?v={version}"></script>'
    )
    ui.add_body_html(f'{gate.sprite()}<a class="skip" href="#main">{words("nav.skip")}</a>')
    now = dt.datetime.now(dt.UTC)
    Island("bar", "header", render.fragment("bar.html", bar, words, now, active=active, user=user.name))
    slot = ui.context.client.content.parent_slot
    if slot is not None:
        slot.parent.props("role=presentation")  # NiceGUI wraps bar and all in a <main>: ours is the one
    main = ui.element("main").classes("wrap").props("id=main tabindex=-1")
    return Frame(request.scope["trivet.cloud"], words, main, user)
