"""Visits to a case: free windows and the price, said before anything is booked; what is booked, with its calendar
entry, to be moved, cancelled or marked as made. Takes values of `trivet.visits`, gives a live card; the service books
or refuses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nicegui import ui

from trivet.api import schemas_visits as schemas
from trivet.cases import proposals, steps
from trivet.cases.problem import CaseError
from trivet.desk.each import Each
from trivet.desk.forms import Field, Form, Values, plain
from trivet.desk.frame import Frame, Island
from trivet.desk.hands import hand_on, hand_on_visit, once_for, works_here
from trivet.visits import book, windows
from trivet.visits.listing import Visit
from trivet.visits.windows import Window

if TYPE_CHECKING:
    from trivet.cases.works import Work
    from trivet.desk.case_page import CasePage

_READY = (proposals.APPROVED, proposals.ACCEPTED)
POSTCODE = Field("postcode", most=12)
BOOKING = (Field("window", "choice"), Field("address", "text", most=500), Field("agreed", "check"))
ENDS = (Field("window", "choice", need=False), Field("why", need=False))


@dataclass(frozen=True)
class Visits:
    """Of a case, and the windows that are still free, by area of what is booked."""

    all: list[Visit]
    free: dict[str, list[Window]]


class VisitCard:
    """Windows and price for an approved visit, then booking; below, what is or was booked."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        self.offered: tuple[str, int] | None = None  # postcode and price in cents, as shown
        with ui.element("section").classes("card visits").props("data-card=visits") as self.element:
            self.head = Island()
            stack = ui.element("div").classes("stack")
            self.lines = Each(stack, lambda number: VisitLine(self.frame, number, page.refresh))
            with ui.element("div") as self.asking:
                self.ask = Form(self.frame, "offer", (POSTCODE,), ("offer",), self._ask, "v")
                self.price = Island("quote", props="role=status data-quote=1")
                self.form = Form(self.frame, "book", BOOKING, ("book",), self._book)
        self.form.element.set_visibility(False)

    def show(self, found: Work, visits: Visits, *, open_: bool) -> None:
        """Draw what changed; without a visit, approved or booked, there is no card."""
        ready = any(one.step == steps.VISIT and one.state in _READY for one in found.proposals)
        booked = any(one.state == "booked" for one in visits.all)
        self.element.set_visibility(ready or bool(visits.all))
        self.head.show(self.frame.draw("case_visit.html", "head", ready=ready, booked=booked))
        self.asking.set_visibility(ready and open_ and not booked and works_here(self.frame))
        for one, line in self.lines.of({one.id: one for one in visits.all}):
            line.show(one, visits.free.get(one.area, []))

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.head.show("")
        self.price.show("")
        self.offered = None
        self.form.clear()
        self.form.element.set_visibility(False)
        self.lines.clear()

    async def _ask(self, values: Values) -> None:
        postcode = values.get("postcode", "").strip()
        if not 2 <= len(postcode) <= 12:
            raise CaseError("no-area", "A postcode has 2 to 12 characters.")
        async with hand_on(self.frame, self.page.case_id) as hand:
            found = await book.offer(hand, postcode)
        self.offered = postcode, found.quote.total_minor
        proposed = windows.spread(found.windows)
        self.price.show(self.frame.draw("case_visit.html", "offer", found=found, proposed=proposed))
        self.form.offer("window", named_windows(self.frame, found.windows, found.area.zone))
        self.form.element.set_visibility(bool(found.windows))
        self.ask.say("case_visit.told")

    async def _book(self, values: Values) -> None:
        if self.offered is None or "agreed" not in values:
            raise CaseError("price", "Tell the owner the price first; book when they say yes to it.")
        postcode, price = self.offered
        window = window_of(values)
        wish = {**plain(values, "address"), "postcode": postcode, "agreed_minor": price}
        body = schemas.VisitWish.model_validate(wish | {"day": window.day, "hour": window.hour})
        asked = book.Wish(window, body.postcode, body.address, body.agreed_minor, body.parts)
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.form.key, body.model_dump_json())
            if await once.made() is None:
                await once.keep((await book.book(hand, asked)).id)
        self.offered = None
        self.price.show("")
        self.form.element.set_visibility(False)
        await self.page.refresh()


class VisitLine:
    """One visit: what it is, and the form that moves, cancels or ends it. `then`: draws its page anew."""

    def __init__(self, frame: Frame, number: int, then: Callable[[], Awaitable[None]]) -> None:
        self.frame, self.number, self.then = frame, number, then
        with ui.element("article").classes("visit").props(f"data-visit={number}") as self.element:
            self.text = Island()
            with ui.element("details").classes("fold") as self.folded:
                Island(tag="summary", html=frame.words("case_visit.change"))
                self.form = Form(frame, "visit", ENDS, ("move", "cancel", "done"), self._do)
        self.form.offer("window", {"": frame.words("form.as_is")})

    def show(self, one: Visit, free: list[Window]) -> None:
        """Draw what changed."""
        self.text.show(self.frame.draw("case_visit.html", "visit", one=one))
        self.folded.set_visibility(one.state == "booked" and works_here(self.frame))
        same = {"": self.frame.words("form.as_is")}
        self.form.offer("window", same | named_windows(self.frame, free, one.zone))

    async def _do(self, values: Values) -> None:
        why = values.get("why", "").strip()
        async with hand_on_visit(self.frame, self.number) as hand:
            match values.get("act"):
                case "move":
                    await book.move(hand, self.number, window_of(values))
                case "cancel":
                    await book.cancel(hand, self.number, schemas.Cancelled.model_validate({"why": why}).why)
                case _:
                    await book.done(hand, self.number)
        await self.then()


def named_windows(frame: Frame, free: list[Window], zone: str) -> dict[str, str]:
    """By the value that `window_of` reads."""
    return {
        f"{one.day.isoformat()} {one.hour}": frame.draw("case_visit.html", "window", one=one, begins=one.begins(zone))
        for one in free
    }


def window_of(values: Values) -> Window:
    """CaseError where none was chosen."""
    day, _, hour = values.get("window", "").partition(" ")
    try:
        return Window(dt.date.fromisoformat(day), int(hour))
    except ValueError as error:
        raise CaseError("no-window", "Choose one of the free windows.") from error
