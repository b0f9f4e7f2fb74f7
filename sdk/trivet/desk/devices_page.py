"""The page of all appliances: search, one line each, page by page. Takes cut pages of `trivet.cases.appliances`, gives
a live page whose address holds what is asked for; never writes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from nicegui import ui

from trivet.cases import appliances
from trivet.desk import browse
from trivet.desk.frame import Frame, Island
from trivet.desk.lines import Line, Lines


class DevicesPage:
    """All appliances, as one person looks at them."""

    def __init__(self, frame: Frame, asked: Mapping[str, str]) -> None:
        self.frame = frame
        self.find = browse.asked(asked.get("find"))
        self._turn = asyncio.Lock()
        with frame.main:
            with ui.element("div").classes("top"):
                Island(tag="h1", html=frame.words("devices.title"))
                with ui.element("div").classes("controls"):
                    browse.Search(frame, frame.words("devices.search"), self.find, self._want)
            self.lines = Lines("devices", frame.draw("devices.html", "head"))
            self.empty = Island(props="role=status")
            self.pager = browse.Pager[str](frame, lambda: self.refresh(calm=True))

    async def refresh(self, *, calm: bool = False) -> None:
        """Ask the database, draw what changed."""
        draw = self.frame.draw
        async with self._turn:
            async with self.frame.reading("The list of appliances") as read:
                cut = await appliances.page(read, self.find, browse.PAGE, self.pager.begins)
            lines = [Line(one.id, f"/device/{one.id}", "", draw("devices.html", "row", d=one)) for one in cut.rows]
            self.lines.show(lines, calm=calm)
            self.empty.show("" if lines else draw("devices.html", "no_match" if self.find else "nothing"))
            self.pager.show(len(lines), cut.after)

    async def _want(self, find: str) -> None:
        self.find = find
        self.pager.restart()
        address = "/devices" + ("?" + urlencode({"find": find}) if find else "")
        ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(address)})")
        await self.refresh(calm=True)
