"""The owner's card of care: what their appliance is due for, done, and no reminder of it; and the page behind the link
that ends a reminder. Takes `trivet.care`, gives a live card; it is not there for a model without tips.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.api.ports import CloudPort
from trivet.care import stop, tips
from trivet.desk import gate
from trivet.desk.doors import door_page, form_of
from trivet.desk.frame import Island
from trivet.desk.my_cases import button
from trivet.desk.texts import Words
from trivet.owners.own import own
from trivet.store.tables import utcnow

if TYPE_CHECKING:
    from trivet.desk.my_pages import MyPage

router = APIRouter(include_in_schema=False)


class TipView:
    """One tip."""

    def __init__(self, card: CareCard, name: str) -> None:
        self.card, self.name, self.off = card, name, False
        words = card.page.frame.words
        with ui.element("article").classes("visit tip"):
            self.text = Island("stack", props="role=status")
            with ui.element("div").classes("update-words") as self.row:
                button(words("my_care.done"), self._done)
                self.remind = button(words("my_care.off"), self._remind)

    def show(self, tip: tips.Tip, *, allowed: bool) -> None:
        """Draw what changed."""
        self.off = tip.off
        self.text.show(self.card.page.frame.draw("my_care.html", "tip", one=tip, allowed=allowed))
        self.row.set_visibility(allowed)
        self.remind.show(self.card.page.frame.words("my_care.on" if tip.off else "my_care.off"))

    async def _done(self) -> None:
        await self.card.change(lambda session, device: tips.done(session, device, self.name, utcnow()))

    async def _remind(self) -> None:
        await self.card.change(lambda session, device: tips.remind(session, device, self.name, utcnow(), on=self.off))


class CareCard:
    """The card."""

    def __init__(self, page: MyPage) -> None:
        self.page = page
        self.views: dict[str, TipView] = {}
        with ui.element("section").classes("card care-card") as self.element:
            self.head = Island()
            self.slot = ui.element("div")

    def show(self, care: tips.Care) -> None:
        """Draw what changed."""
        self.element.set_visibility(bool(care.tips))
        self.head.show(self.page.frame.draw("my_care.html", "head", allowed=care.allowed))
        for tip in care.tips:
            if tip.name not in self.views:
                with self.slot:
                    self.views[tip.name] = TipView(self, tip.name)
            self.views[tip.name].show(tip, allowed=care.allowed)

    async def change(self, do: Callable[[AsyncSession, str], Awaitable[None]]) -> None:
        """The owner pressed a button; what the appliance is due for meanwhile stands on the page afterwards."""
        page = self.page
        try:
            async with page.frame.cloud.store.writing() as session:
                if await own(session, page.user.owner, page.device) is not None:
                    await do(session, page.device)
        except tips.CareError:  # withdrawn a moment ago: the page says so
            pass
        await page.refresh()


@router.get(stop.PATH)
async def ask_to_stop(request: Request, t: str = "") -> Response:
    """What the link does: it does nothing until the button is pressed, for programs open links too."""
    return door_page(request, "my_stop.html", token=t[:600], done=False)


@router.post(stop.PATH)
async def stopped(request: Request) -> Response:
    """No more of this reminder."""
    form = await form_of(request, "t")
    if form is None:
        return Response(status_code=413)
    cloud: CloudPort = request.app.state.cloud
    try:
        async with cloud.store.writing() as session:
            await stop.end(session, stop.opened(cloud.seal, form["t"]))
    except tips.CareError:
        says = Words(gate.language_of(request))("my_care.bad_link")
        return door_page(request, "my_stop.html", 409, token=form["t"], done=False, error=says)
    return door_page(request, "my_stop.html", token="", done=True)
