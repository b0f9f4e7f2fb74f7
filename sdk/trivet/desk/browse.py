"""What a long list needs: a box to search in, and pages. Takes what is to be done when somebody types or turns, gives
controls; never asks the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.desk.frame import Frame, Island

Position = TypeVar("Position")
PAGE = 50  # lines
MAX_FIND = 80  # characters
PAUSE_S = 0.15  # of typing, before the database is asked
# The box belongs to who types in it: every drawing would set a `value` from here again. What the address asks for
# is put in once; what was typed before the page was connected, or while it was not, is told again.
TELL_SEARCH = """
const box = document.querySelector(".search input");
box.value ||= box.dataset.find;
box.dataset.find = "";
box.dispatchEvent(new Event("input"));
"""


def asked(find: str | None) -> str:
    """What an address asks for, as long as somebody may type."""
    return (find or "")[:MAX_FIND].strip()


class Search:
    """The box. `find`: what is asked for now; `want` is called with what is asked for next."""

    def __init__(self, frame: Frame, label: str, find: str, want: Callable[[str], Awaitable[None]]) -> None:
        self.find, self._want, self._typed = find, want, 0
        with ui.element("div").classes("search"):
            Island(tag="span", html=frame.draw("queue.html", "glass"))
            box = ui.element("input").props(f"type=search maxlength={MAX_FIND} autocomplete=off")
            box.props["data-find"] = find
            box.props["placeholder"] = box.props["aria-label"] = label
            box.on("input", self._input, js_handler="(e) => emit(e.target.value)")
            client = ui.context.client
            client.on_connect(lambda: client.run_javascript(TELL_SEARCH))

    async def _input(self, event: GenericEventArguments) -> None:
        self._typed += 1
        mine, words = self._typed, asked(str(event.args or ""))
        if words != self.find:
            await asyncio.sleep(PAUSE_S)
            if mine == self._typed:
                self.find = words
                await self._want(words)


class Pager(Generic[Position]):
    """Back and on, by where each page of `size` lines begins."""

    def __init__(self, frame: Frame, turned: Callable[[], Awaitable[None]], size: int = PAGE) -> None:
        self._frame, self._turned, self._size = frame, turned, size
        self._path: list[Position | None] = [None]  # where each page up to this one begins
        self._after: Position | None = None
        words = frame.words
        with ui.element("nav").classes("pager").props(f'aria-label="{words("queue.pages")}"') as self._element:
            self._back = Island("button", "button", words("queue.page_back"), "type=button data-page=back")
            self._where = Island("muted", "span", props="role=status")
            self._next = Island("button", "button", words("queue.page_next"), "type=button data-page=next")
        self._back.element.on("click", lambda: self._turn(-1))
        self._next.element.on("click", lambda: self._turn(1))
        self._element.set_visibility(False)

    @property
    def begins(self) -> Position | None:
        """Where the page begins that is shown; None: with the first line."""
        return self._path[-1]

    def restart(self) -> None:
        """Another list: its first page."""
        self._path = [None]

    def show(self, count: int, after: Position | None) -> None:
        """So many lines are shown; `after`: where the next page begins, None on the last."""
        self._after = after
        self._element.set_visibility(len(self._path) > 1 or after is not None)
        self._back.element.set_visibility(len(self._path) > 1)
        self._next.element.set_visibility(after is not None)
        first = self._size * (len(self._path) - 1)
        self._where.show(self._frame.words("queue.shown", first=first + 1, last=first + count) if count else "")

    async def _turn(self, by: int) -> None:
        if by > 0 and self._after is not None:
            self._path.append(self._after)
        elif by < 0 and len(self._path) > 1:
            self._path.pop()
        await self._turned()
        ui.run_javascript("scrollTo(0, 0)")
