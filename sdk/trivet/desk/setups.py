"""The page of set-ups: a funnel of where they stop. Takes counts that tell nobody apart, gives a live page for
engineers, privacy and admins; others are told whose page it is.
"""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from trivet.api.setups import SEEING
from trivet.desk.frame import Frame, Island, open_page
from trivet.setups.funnel import funnel
from trivet.store.tables import utcnow

PATH = "/setups"


class SetupsPage:
    """Every model together."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        with frame.main:
            self.card = Island("card setups", "section")

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        if self.frame.user.role not in SEEING:
            self.card.show(self.frame.draw("setups.html", "not_yours", roles=SEEING))
            return
        async with self.frame.cloud.store.reading() as session:
            found = await funnel(session, utcnow())
        self.card.show(self.frame.draw("setups.html", "funnel", found=found))


def register() -> None:
    """Tell NiceGUI of the page. Once per process."""

    @ui.page(PATH)
    async def setups(request: Request) -> None:
        frame = open_page(request, "setups.title")
        await frame.live(SetupsPage(frame).refresh)
