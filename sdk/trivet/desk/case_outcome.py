"""What self-tests said about a case and what it was in the end. Takes `works.Work`, gives live cards with the forms of
the technician and of the desk after a call; an outcome that was wrong can be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from trivet.api import schemas_cases as schemas
from trivet.cases import outcomes, proposals
from trivet.desk.each import Each
from trivet.desk.forms import WHY, Field, Form, Values, plain
from trivet.desk.frame import Island
from trivet.desk.hands import hand_on, once_for, works_here

if TYPE_CHECKING:
    from trivet.cases.choices import Choices
    from trivet.cases.works import Outcome, Work
    from trivet.desk.case_page import CasePage

RESULTS = ("passed", "failed")
FIELDS = (
    Field("kind", "choice"),
    Field("cause", "choice", need=False),
    Field("part", "choice", need=False),
    Field("visit", "check", need=False),
    Field("note", "text", need=False),
)


class TestsCard:
    """Self-tests and their last results."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        with ui.element("section").classes("card tests").props("data-card=tests") as self.element:
            self.results = Island()
            with page.folded("case_work.test") as self.folded:
                fields = (Field("routine", "choice"), Field("passed", "choice"))
                self.form = Form(self.frame, "test", fields, ("test",), self._test, "s")
        self.form.offer("passed", {name: self.frame.words(f"case_work.{name}") for name in RESULTS})

    def show(self, found: Work, choices: Choices, *, open_: bool) -> None:
        """Draw what changed; an appliance without self-tests has no card."""
        draw, texts = self.frame.draw, {one.name: one.text for one in choices.routines}
        self.element.set_visibility(bool(choices.routines or found.tests))
        self.results.show(draw("case_work.html", "tests", tests=found.tests, texts=texts))
        routines = {one.name: draw("case_work.html", "named", one=one) for one in choices.routines}
        self.form.offer("routine", routines)
        self.folded.set_visibility(open_ and bool(routines) and works_here(self.frame))

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.results.show("")
        self.form.offer("routine", {})

    async def _test(self, values: Values) -> None:
        body = schemas.TestResult.model_validate({"passed": values.get("passed") == RESULTS[0]})
        async with hand_on(self.frame, self.page.case_id) as hand:
            await proposals.tested(hand, values.get("routine", ""), body.passed)
        await self.page.refresh()


class OutcomeLine:
    """One outcome, and the form that takes it back."""

    def __init__(self, page: CasePage, number: int) -> None:
        self.page, self.number = page, number
        with ui.element("article").classes("outcome").props(f"data-outcome={number}") as self.element:
            self.text = Island()
            self.back = ui.element("div")

    def show(self, one: Outcome, causes: dict[str, dict[str, str]]) -> None:
        """Draw what changed."""
        text = causes.get(one.cause or "", {})
        self.text.show(self.page.frame.draw("case_work.html", "outcome", one=one, cause=text))
        if not one.stands or not works_here(self.page.frame):
            self.back.clear()
        elif not self.back.default_slot.children:
            with self.back, self.page.folded("case_work.take_back"):
                Form(self.page.frame, "take_back", (WHY,), ("take_back",), self._take_back, "b")

    async def _take_back(self, values: Values) -> None:
        why = schemas.Why.model_validate(plain(values, "why")).why
        async with hand_on(self.page.frame, self.page.case_id) as hand:
            await outcomes.take_back(hand, self.number, why)
        await self.page.refresh()


class OutcomeCard:
    """What it was, and the form to say so."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        with ui.element("section").classes("card outcomes").props("data-card=outcomes"):
            self.head = Island()
            self.lines = Each(ui.element("div").classes("stack"), lambda number: OutcomeLine(page, number))
            self.more = page.more("case_work.more_outcomes")
            with page.folded("case_work.close") as self.folded:
                self.form = Form(self.frame, "outcome", FIELDS, ("close",), self._close, "o")

    def show(self, found: Work, choices: Choices, *, open_: bool) -> None:
        """Draw what changed."""
        words, draw = self.frame.words, self.frame.draw
        causes = {one.name: one.text for one in choices.causes}
        self.head.show(draw("case_work.html", "outcomes_head", count=len(found.outcomes)))
        for one, line in self.lines.of({one.id: one for one in self.more.cut(found.outcomes)}):
            line.show(one, causes)
        self.folded.set_visibility(open_ and works_here(self.frame))
        self.form.offer("kind", {kind: words.known("outcome", kind) for kind in outcomes.KINDS})
        named = {one.name: draw("case_work.html", "named", one=one) for one in choices.causes}
        self.form.offer("cause", {"": words("form.likeliest")} | named)
        parts = {one.part: draw("case_work.html", "part_choice", part=one) for one in choices.parts}
        self.form.offer("part", {"": words("form.none")} | parts)

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.head.show("")
        self.form.clear()
        self.lines.clear()

    async def _close(self, values: Values) -> None:
        form = {**plain(values, "kind", "cause", "part"), "visit": "visit" in values}
        body = schemas.OutcomeForm.model_validate(form | {"note": values.get("note", "").strip()})
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.form.key, body.model_dump_json())
            if await once.made() is None:
                await once.keep((await outcomes.close(hand, outcomes.Form(**body.model_dump()))).id)
        await self.page.refresh()
