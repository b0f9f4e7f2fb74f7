"""The queue's page: figures, search, filters, one line per case, page by page. Takes cut pages of `trivet.cases.queue`,
gives a live page whose address holds what is asked for; never writes, and never holds more of the queue than it shows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.cases import queue, views
from trivet.cases import terms as agreed
from trivet.cases.queue import Position, Wanted
from trivet.desk import browse
from trivet.desk.frame import Frame, Island
from trivet.desk.lines import Line, Lines

NOBODY, MINE = "nobody", "mine"
ONLY = ("escalated", "late")


class QueuePage:
    """The queue as one person looks at it."""

    def __init__(self, frame: Frame, asked: Mapping[str, str]) -> None:
        self.frame = frame
        self.wanted = _wanted(asked, frame.user.name)
        self._turn = asyncio.Lock()
        with frame.main:
            with ui.element("div").classes("top"):
                with ui.element("div").classes("stack"):
                    Island(tag="h1", html=frame.words("queue.title"))
                    self.figures = Island()
                self._controls()
            self._filters()
            self.lines = Lines("cases", frame.draw("queue.html", "head"))
            self.empty = Island(props="role=status")
            self.pager = browse.Pager[Position](frame, lambda: self.refresh(calm=True))

    def _controls(self) -> None:
        words = self.frame.words
        with ui.element("div").classes("controls"):
            browse.Search(self.frame, words("queue.search"), self.wanted.find, lambda find: self._want(find=find))
            with ui.element("div").classes("tabs").props("role=group"):
                self.tabs = {name: self._toggle(name, words(f"queue.{name}")) for name in queue.STATES}

    def _filters(self) -> None:
        words, wanted = self.frame.words, self.wanted
        known = agreed.load(self.frame.cloud.settings.data_dir)
        who = {"": words("queue.anybody"), MINE: words("queue.mine"), NOBODY: words("queue.nobody")}
        queues = {"": words("queue.any_queue")} | {name: name for name in known.queues}
        tiers = {"": words("queue.any_tier")} | {str(n): words("queue.tier", n=n) for n in agreed.TIERS}
        here = {None: "", "": NOBODY}.get(wanted.assigned, MINE)
        with ui.element("div").classes("filters").props("role=group").props(f'aria-label="{words("queue.filters")}"'):
            self._select("who", "queue.who_has", who, here)
            self._select("queue", "queue.queue", queues, wanted.queue or "")
            self._select("tier", "queue.tiers", tiers, str(wanted.tier or ""))
            self.only = {name: self._toggle(name, words(f"queue.only_{name}")) for name in ONLY}
        self._mark()

    def _select(self, name: str, label: str, choices: dict[str, str], chosen: str) -> None:
        select = ui.element("select").classes("filter").props(f'name={name} aria-label="{self.frame.words(label)}"')
        select.on("change", self._choose, js_handler="(e) => emit([e.target.name, e.target.value])")
        with select:
            for value, text in choices.items():
                _option(value, text, chosen=value == chosen)

    def _toggle(self, name: str, text: str) -> ui.element:
        button = Island("filter", "button", self.frame.draw("queue.html", "plain", text=text), "type=button").element
        button.props["data-filter"] = name
        button.on("click", lambda: self._press(name))
        return button

    async def refresh(self, *, calm: bool = False) -> None:
        """Ask the database, draw what changed."""
        async with self._turn:
            async with self.frame.reading("The queue of the service desk") as read:
                figures = await queue.figures(read)
                cut = await queue.page(read, self.wanted, browse.PAGE, self.pager.begins)
            self.figures.show(self.frame.draw("queue.html", "figures", of=figures))
            self._show(cut, calm=calm)

    def _show(self, cut: queue.Cut, *, calm: bool) -> None:
        draw = self.frame.draw
        lines = [
            Line(str(row.id), f"/case/{row.id}", _line_classes(row), draw("queue.html", "row", case=row))
            for row in cut.rows
        ]
        self.lines.show(lines, calm=calm)
        nothing = "nothing" if self.wanted == Wanted() else "no_match"
        self.empty.show("" if lines else draw("queue.html", nothing))
        self.pager.show(len(lines), cut.after)

    async def _press(self, name: str) -> None:
        if name in ONLY:
            await self._want(**{name: None if getattr(self.wanted, name) else True})
        else:
            await self._want(state=name)

    async def _choose(self, event: GenericEventArguments) -> None:
        name, value = (str(one)[:64] for one in event.args)
        if name == "who":
            await self._want(assigned={"": None, NOBODY: ""}.get(value, self.frame.user.name))
        elif name == "queue":
            await self._want(queue=value or None)
        elif name == "tier" and value in ("", *map(str, agreed.TIERS)):
            await self._want(tier=int(value) if value else None)

    async def _want(self, **changes: Any) -> None:
        self.wanted = replace(self.wanted, **changes)
        self.pager.restart()
        self._mark()
        address = "/?" + urlencode(_asked(self.wanted))
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(address.rstrip('?'))})")
        await self.refresh(calm=True)

    def _mark(self) -> None:
        for name, button in (self.tabs | self.only).items():
            pressed = getattr(self.wanted, name, None) is True if name in ONLY else name == self.wanted.state
            button.props["aria-pressed"] = str(pressed).lower()
            button.update()


def _option(value: str, text: str, *, chosen: bool) -> None:
    option = Island(tag="option", html=text).element
    option.props["value"] = value
    if chosen:
        option.props["selected"] = "selected"


def _wanted(asked: Mapping[str, str], me: str) -> Wanted:
    """From an address; what it does not know is left out."""
    state, tier = asked.get("state", ""), asked.get("tier", "")
    find = browse.asked(asked.get("find"))
    return Wanted(
        state=state if state in queue.STATES else queue.ALL if find else queue.OPEN,
        find=find,
        queue=asked.get("queue", "")[:32] or None,
        tier=int(tier) if tier in map(str, agreed.TIERS) else None,
        assigned={MINE: me, NOBODY: ""}.get(asked.get("who", "")),
        escalated=True if "escalated" in asked else None,
        late=True if "late" in asked else None,
    )


def _asked(wanted: Wanted) -> dict[str, str]:
    """As `_wanted` reads it."""
    who = {None: "", "": NOBODY}.get(wanted.assigned, MINE)
    state = "" if wanted.state == queue.OPEN and not wanted.find else wanted.state
    every = {"find": wanted.find, "state": state, "who": who, "queue": wanted.queue or ""}
    every |= {"tier": str(wanted.tier or ""), "escalated": "1" if wanted.escalated else ""}
    every["late"] = "1" if wanted.late else ""
    return {name: value for name, value in every.items() if value}


def _line_classes(row: views.CaseRow) -> str:
    return " ".join(filter(None, ("hazard" if row.hazard else "", "resolved" if row.state == "resolved" else "")))
