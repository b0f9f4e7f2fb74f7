"""What is proposed about a case and what people decide. Takes `works.Proposal`s, gives a live card: a form to propose,
and for each proposal a form with what can be done with it now. Nothing here judges: the service refuses or does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from trivet.api import schemas_cases as schemas
from trivet.cases import proposals, steps
from trivet.cases.problem import CaseError
from trivet.desk.each import Each
from trivet.desk.forms import WHY, Field, Form, Values, plain
from trivet.desk.frame import Island
from trivet.desk.hands import hand_on, once_for, works_here

if TYPE_CHECKING:
    from trivet.cases.choices import Choices
    from trivet.cases.works import Proposal
    from trivet.desk.case_page import CasePage

FIELDS = (
    Field("step", "choice", need=False),
    Field("part", "choice", need=False),
    Field("routine", "choice", need=False),
    Field("fix", "choice", need=False),
    WHY,
    Field("despite", "check", need=False),
)


class ProposalLine:
    """One proposal. Its form is kept while what stands above it is drawn anew."""

    def __init__(self, page: CasePage, number: int) -> None:
        self.page, self.number = page, number
        with ui.element("article").classes("proposal").props(f"data-proposal={number}") as self.element:
            self.text = Island()
            self.form = Form(page.frame, "decide", (WHY,), (), self._decide, "a")

    def show(self, one: Proposal, choices: Choices) -> None:
        """Draw what changed."""
        part = next((part for part in choices.parts if part.part == one.part), None)
        self.text.show(self.page.frame.draw("case_work.html", "proposal", one=one, part=part))
        self.form.let(one.acts)
        self.form.element.set_visibility(bool(one.acts) and works_here(self.page.frame))

    async def _decide(self, values: Values) -> None:
        why = schemas.Why.model_validate(plain(values, "why")).why
        async with hand_on(self.page.frame, self.page.case_id) as hand:
            await proposals.decide(hand, self.number, values.get("act", ""), why)
        await self.page.refresh()


class ProposalsCard:
    """The card."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        with ui.element("section").classes("card proposals").props("data-card=proposals"):
            self.head = Island()
            self.lines = Each(ui.element("div").classes("stack"), lambda number: ProposalLine(page, number))
            self.more = page.more("case_work.more_proposals")
            with page.folded("case_work.propose") as self.folded:
                self.form = Form(self.frame, "propose", FIELDS, ("propose",), self._propose, "p")
        self.form.wraps["despite"].set_visibility(self.frame.user.role in proposals.DESPITE)

    def show(self, found: list[Proposal], choices: Choices, *, open_: bool) -> None:
        """Draw what changed; newest first."""
        self.head.show(self.frame.draw("case_work.html", "proposals_head", count=len(found)))
        for one, line in self.lines.of({one.id: one for one in reversed(self.more.cut(found))}):
            line.show(one, choices)
        self.folded.set_visibility(open_ and works_here(self.frame))
        self._offer(choices)

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.head.show("")
        self.form.clear()
        self.lines.clear()

    def _offer(self, choices: Choices) -> None:
        words, draw, none = self.frame.words, self.frame.draw, {"": self.frame.words("form.none")}
        known = {step: words.known("step", step) for step in steps.STEPS}
        self.form.offer("step", {"": words("form.as_triage")} | known)
        parts = {one.part: draw("case_work.html", "part_choice", part=one) for one in choices.parts}
        self.form.offer("part", none | parts)
        routines = {one.name: draw("case_work.html", "named", one=one) for one in choices.routines}
        self.form.offer("routine", none | routines)
        self.form.wraps["routine"].set_visibility(bool(routines))
        self.form.offer("fix", none | {fix: words.known("fix", fix) for fix in choices.fixes})

    async def _propose(self, values: Values) -> None:
        wish = {**plain(values, "step", "part", "routine", "fix", "why"), "despite": "despite" in values}
        body = schemas.ProposalWish.model_validate(wish)
        if body.despite and self.frame.user.role not in proposals.DESPITE:
            raise CaseError("not-your-role", f"A visit against the rule is for {' or '.join(proposals.DESPITE)}.")
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.form.key, body.model_dump_json())
            if await once.made() is None:
                await once.keep((await proposals.propose(hand, proposals.Wish(**body.model_dump()))).id)
        await self.page.refresh()
