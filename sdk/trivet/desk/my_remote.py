"""The owner's card of service sessions: that the desk is connected, until when, what it does, and a button that ends
it. Takes `trivet.remote.listing`, gives a live card that is not there while nobody ever was connected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui
from trivet_wire import ids

from trivet.cases.timeline import Hand
from trivet.desk.frame import Island
from trivet.desk.my_cases import button
from trivet.remote import sessions
from trivet.remote.listing import Session
from trivet.store.remote import ENDED

if TYPE_CHECKING:
    from trivet.desk.my_pages import MyPage

SHOWN = 4  # the newest ones


class SessionView:
    """One session. Stopping asks nothing: it must be easy."""

    def __init__(self, card: RemoteCard, session: Session) -> None:
        self.card, self.session = card, session
        with ui.element("article").classes("remote") as self.element:
            self.text = Island("stack", props="role=status")
            self.stop = button(card.page.frame.words("my_remote.stop"), self._stop, primary=True)

    def show(self, session: Session) -> None:
        """Draw what changed."""
        self.session = session
        self.text.show(self.card.page.frame.draw("my_remote.html", "session", one=session))
        self.stop.element.set_visibility(session.state != ENDED)

    async def _stop(self) -> None:
        number = self.session.id

        async def stop(hand: Hand) -> None:
            await sessions.stop(hand, number, ids.END_ACCOUNT, "its owner's word")

        await self.card.page.cases.act(self.session.case, stop)


class RemoteCard:
    """The card."""

    def __init__(self, page: MyPage) -> None:
        self.page = page
        self.views: dict[int, SessionView] = {}
        with ui.element("section").classes("card remote-card") as self.element:
            Island(html=page.frame.draw("my_remote.html", "head"))
            self.slot = ui.element("div")

    def show(self, found: list[Session]) -> None:
        """Draw what changed; the newest stands first."""
        self.element.set_visibility(bool(found))
        for one in reversed(found[:SHOWN]):
            if one.id not in self.views:
                with self.slot:
                    view = self.views[one.id] = SessionView(self, one)
                view.element.move(target_index=0)
            self.views[one.id].show(one)
