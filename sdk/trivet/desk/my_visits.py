"""The owner's card of visits: who comes when, what it costs at most, an entry for their calendar, and a no. Takes
`trivet.visits.listing`, gives a live card that is not there while nobody comes or came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from trivet.desk.frame import Island
from trivet.desk.my_cases import Words, button
from trivet.owners import answers
from trivet.store.visits import BOOKED
from trivet.visits.listing import Visit

if TYPE_CHECKING:
    from trivet.desk.my_pages import MyPage

SHOWN = 6  # the newest ones


class VisitView:
    """One visit. Cancelling asks once more, in the same place."""

    def __init__(self, card: VisitsCard, visit: Visit) -> None:
        self.card, self.visit = card, visit
        words = card.page.frame.words
        with ui.element("article").classes("visit"):
            self.text = Island("stack", props="role=status")
            with ui.element("div").classes("update-words") as self.row:
                self.link = Island("button-link")
                self.cancel = button(words("my_visits.cancel"), self._ask)
            with ui.element("div").classes("confirm") as self.sure:
                Island("muted", "p", words("my_visits.after_cancel"))
                self.words = Words(words("my_visits.words"))
                with ui.element("div").classes("update-words"):
                    button(words("my_visits.sure"), self._cancel, primary=True)
                    button(words("my_visits.keep"), self._keep)
        self.sure.set_visibility(False)

    def show(self, visit: Visit) -> None:
        """Draw what changed."""
        self.visit, draw = visit, self.card.page.frame.draw
        self.text.show(draw("my_visits.html", "visit", one=visit))
        self.link.show(draw("my_visits.html", "calendar", one=visit))
        self.row.set_visibility(visit.state == BOOKED)
        if visit.state != BOOKED:
            self.sure.set_visibility(False)

    async def _ask(self) -> None:
        self.sure.set_visibility(True)

    async def _keep(self) -> None:
        self.sure.set_visibility(False)

    async def _cancel(self) -> None:
        number, why = self.visit.id, self.words.text
        await self.card.page.cases.act(self.visit.case, lambda hand: answers.cancel(hand, number, why))


class VisitsCard:
    """The card."""

    def __init__(self, page: MyPage) -> None:
        self.page = page
        self.views: dict[int, VisitView] = {}
        with ui.element("section").classes("card visits-card") as self.element:
            Island(html=page.frame.draw("my_visits.html", "head"))
            self.slot = ui.element("div")

    def show(self, visits: list[Visit]) -> None:
        """Draw what changed."""
        self.element.set_visibility(bool(visits))
        for visit in visits[:SHOWN]:
            if visit.id not in self.views:
                with self.slot:
                    self.views[visit.id] = VisitView(self, visit)
            self.views[visit.id].show(visit)
