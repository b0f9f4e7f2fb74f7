"""Who works on a case: its clock, who has it, tier, queue, escalation, notes. Takes `works.Work` and what can be
chosen, gives a live card whose forms do what the role may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from trivet.api import schemas_cases as schemas
from trivet.cases import work
from trivet.desk.forms import WHY, Field, Form, Values, plain
from trivet.desk.frame import Island
from trivet.desk.hands import hand_on, once_for

if TYPE_CHECKING:
    from trivet.cases.choices import Choices
    from trivet.cases.works import Work
    from trivet.desk.case_page import CasePage

NOBODY = "-"


class WorkCard:
    """The card."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        self.seen: str | None = None  # who had it when it was drawn
        with ui.element("section").classes("card work").props("data-card=work"):
            self.now = Island()
            with ui.element("div").classes("forms") as self.forms:
                self.take = Form(self.frame, "take", (), ("take",), self._take, "t")
                with page.folded("case_work.assign"):
                    whom = (Field("to", "choice"), WHY)
                    self.assign = Form(self.frame, "assign", whom, ("assign",), self._assign, "g")
                with page.folded("case_work.place"):
                    fields = (Field("tier", "choice", need=False), Field("queue", "choice", need=False), WHY)
                    self.place = Form(self.frame, "place", fields, ("place",), self._place, "q")
                with page.folded("case_work.escalation"):
                    self.escalation = Form(self.frame, "escalation", (WHY,), ("escalate",), self._escalate, "e")
                with page.folded("case_work.note"):
                    self.note = Form(self.frame, "note", (Field("text", "text"),), ("note",), self._note, "n")

    def show(self, found: Work, choices: Choices) -> None:
        """Draw what changed."""
        words = self.frame.words
        self.seen = found.owner
        self.now.show(self.frame.draw("case_work.html", "now", work=found, me=self.frame.user.name))
        mine = found.owner == self.frame.user.name
        self.take.element.set_visibility(not mine)
        self.take.let(() if mine else ("take",))
        self.assign.offer("to", {name: self._text(name) for name in choices.people} | {NOBODY: words("form.nobody")})
        same = {"": words("form.as_is")}
        self.place.offer("tier", same | {str(one): words("queue.tier", n=one) for one in choices.tiers})
        self.place.offer("queue", same | {one: self._text(one) for one in choices.queues})
        self.escalation.let(("calm",) if found.escalated else ("escalate",))

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.now.show("")
        for form in (self.assign, self.place):
            form.clear()

    def _text(self, text: str) -> str:
        return self.frame.draw("form.html", "plain", text=text)

    async def _take(self, _values: Values) -> None:
        async with hand_on(self.frame, self.page.case_id) as hand:
            await work.assign(hand, self.frame.user.name, self.frame.words("case_work.took"), was=(self.seen,))
        await self.page.refresh()

    async def _assign(self, values: Values) -> None:
        to = values.get("to", "")
        body = schemas.Assign.model_validate({"to": None if to == NOBODY else to, **plain(values, "why")})
        async with hand_on(self.frame, self.page.case_id) as hand:
            await work.assign(hand, body.to, body.why, was=(self.seen,))
        await self.page.refresh()

    async def _place(self, values: Values) -> None:
        body = schemas.Place.model_validate(plain(values, "tier", "queue", "why"))
        async with hand_on(self.frame, self.page.case_id) as hand:
            await work.place(hand, body.tier, body.queue, body.why)
        await self.page.refresh()

    async def _escalate(self, values: Values) -> None:
        body = schemas.Escalation.model_validate({"up": values.get("act") == "escalate", **plain(values, "why")})
        async with hand_on(self.frame, self.page.case_id) as hand:
            await work.escalate(hand, up=body.up, why=body.why)
        await self.page.refresh()

    async def _note(self, values: Values) -> None:
        body = schemas.Note.model_validate(plain(values, "text"))
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.note.key, body.model_dump_json())
            if await once.made() is None:
                await work.note(hand, body.text)
                await once.keep(self.page.case_id)
        await self.page.refresh()
