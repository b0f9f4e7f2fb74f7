"""The page of one appliance: what its owner allows, what went wrong with it, its cases, its updates. Takes views from
the cases and updates rooms, gives a live page; the only thing it writes is an offer (`device_updates`).
"""

from __future__ import annotations

from nicegui import ui

from trivet.cases import queries
from trivet.desk import render
from trivet.desk.device_updates import UpdatesCard
from trivet.desk.frame import Frame, Island
from trivet.updates import listing

ASIDE = ("consents", "security")  # each is drawn by the macro of its name


class DevicePage:
    """One appliance."""

    def __init__(self, frame: Frame, device: str) -> None:
        self.frame, self.device = frame, device
        with frame.main:
            self.head = Island("case-head")
            with ui.element("div").classes("columns") as self.columns:
                with ui.element("div"):
                    self.updates = UpdatesCard(frame, device)
                    self.islands = {"cases": Island("card", "section")}
                with ui.element("div"):
                    self.islands |= {name: Island("card", "section") for name in ASIDE}

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("A look at this appliance") as read:
            view = await queries.device(read, self.device)
            updates = await listing.of(read, self.device)
            published = await listing.releases(read.session, updates.model) if updates else []
            key_sets = await listing.key_sets(read.session)
        self.columns.set_visibility(view is not None)
        if view is None:
            self.head.show(self.frame.draw("device.html", "missing", id=self.device))
            return
        ui.page_title(f"{render.shown(view.device.name or view.device.model)} · Trivet")
        self.head.show(self.frame.draw("device.html", "head", d=view.device))
        assert updates is not None  # it is enrolled
        self.updates.show(updates, published, key_sets)
        for name, island in self.islands.items():
            island.show(self.frame.draw("device.html", name, view=view))
