"""A day of an area's technicians: who is visited when, to be moved, cancelled or marked as made. Takes
`trivet.visits.listing`, gives a live page whose address names area and day; the service moves or refuses.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.desk.case_visit import VisitLine
from trivet.desk.frame import Frame, Island
from trivet.visits import areas, book, listing
from trivet.visits.areas import Kept


class VisitsPage:
    """One day of one area."""

    def __init__(self, frame: Frame, asked: Mapping[str, str]) -> None:
        self.frame = frame
        self.area = asked.get("area", "")[:64]
        self.day = _day(asked.get("day", ""))
        self.known: dict[str, Kept] = {}
        self.lines: dict[int, VisitLine] = {}
        words = frame.words
        with frame.main:
            with ui.element("div").classes("top"):
                Island(tag="h1", html=words("visits.title"))
                self.count = Island("figures")
            with (
                ui.element("div").classes("filters").props("role=group").props(f'aria-label="{words("queue.filters")}"')
            ):
                self.pick = ui.element("select").classes("filter").props("name=area")
                self.pick.props["aria-label"] = words("form.area")
                self.pick.on("change", self._choose, js_handler="(e) => emit(['area', e.target.value])")
                self._step("before", -1)
                self.date = ui.element("input").classes("filter").props("type=date name=day")
                self.date.props["aria-label"] = words("form.day")
                self.date.on("change", self._choose, js_handler="(e) => emit(['day', e.target.value])")
                self._step("after", 1)
            self.list = ui.element("section").classes("card day").props("data-card=day")
            self.empty = Island(props="role=status")

    def _step(self, name: str, days: int) -> None:
        button = Island("filter", "button", self.frame.words(f"visits.{name}"), f"type=button data-day={name}").element
        button.on("click", lambda: self._turn(days))

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("The visits of a day") as read:
            self.known = {one.name: one for one in await areas.every(read.session)}
            if self.area not in self.known:
                self.area = next(iter(self.known), "")
            self.day = self.day or self._today()
            visits = await listing.of_day(read, self.area, self.day)
            free = await book.free_in(read.session, self.area)
        self._areas()
        self.date.props["value"] = self.day.isoformat()
        self.date.update()
        for number in self.lines.keys() - {one.id for one in visits}:
            self.lines.pop(number).element.delete()
        for place, one in enumerate(visits):
            if one.id not in self.lines:
                with self.list:
                    self.lines[one.id] = VisitLine(self.frame, one.id, self.refresh)
            line = self.lines[one.id]
            line.show(one, free)
            if self.list.default_slot.children.index(line.element) != place:
                line.element.move(target_index=place)
        self.list.set_visibility(bool(visits))
        draw = self.frame.draw
        quota = self.known[self.area].plan.a_day if self.known else 0
        self.count.show(draw("desk.html", "quota", count=len(visits), quota=quota) if self.known else "")
        self.empty.show("" if visits else draw("desk.html", "no_visits", areas=self.known))

    def _areas(self) -> None:
        if [child.props.get("value") for child in self.pick.default_slot.children] == list(self.known):
            return
        self.pick.clear()
        with self.pick:
            for name in self.known:
                option = Island(tag="option", html=self.frame.draw("form.html", "plain", text=name)).element
                option.props["value"] = name
                if name == self.area:
                    option.props["selected"] = "selected"

    def _today(self) -> dt.date:
        zone = self.known[self.area].plan.zone if self.known else "UTC"
        return dt.datetime.now(ZoneInfo(zone)).date()

    async def _choose(self, event: GenericEventArguments) -> None:
        name, value = (str(one)[:64] for one in event.args)
        if name == "area" and value in self.known:
            self.area = value
        elif name == "day":
            self.day = _day(value)
        await self._go()

    async def _turn(self, days: int) -> None:
        here = self.day or self._today()
        self.day = here + dt.timedelta(days=days) if dt.date.min < here < dt.date.max else here
        await self._go()

    async def _go(self) -> None:
        await self.refresh()
        day = self.day.isoformat() if self.day else ""
        address = "/visits?" + urlencode({"area": self.area, "day": day})
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(address)})")


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
