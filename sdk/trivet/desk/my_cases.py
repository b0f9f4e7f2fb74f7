"""The owner's card of cases: what happened, what we do, what they can do, and their word on what is proposed. Takes
`trivet.owners.cases`, gives a live card; what somebody types and where they are stays while the page draws itself anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui

from trivet.cases import feedback, proposals, terms
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Hand
from trivet.desk.each import Each
from trivet.desk.frame import Island
from trivet.owners import answers
from trivet.owners.cases import Offer, OwnCase

if TYPE_CHECKING:
    from trivet.desk.my_pages import MyPage

MOST_WORDS = 2000


class Words:
    """A line to type into: what an owner wants to add to their word."""

    def __init__(self, label: str) -> None:
        self.text = ""
        with ui.element("label").classes("say"):
            Island(tag="span", html=label)
            self.field = ui.element("textarea").props(f"rows=2 maxlength={MOST_WORDS}")
            self.field.on("input", self._take, js_handler="(e) => emit(e.target.value)")

    def _take(self, event: object) -> None:
        self.text = str(getattr(event, "args", ""))[:MOST_WORDS]


def button(text: str, then: Callable[[], Awaitable[None]], *, primary: bool = False) -> Island:
    """A button a finger finds; it is kept, so that it keeps the focus."""
    made = Island("update-button" + (" primary-small" if primary else ""), "button", text, "type=button")
    made.element.on("click", then)
    return made


class OfferView:
    """One proposal: what, price, what a no means, and the two words."""

    def __init__(self, card: CasesCard, case: int, offer: int) -> None:
        self.card, self.case, self.offer = card, case, offer
        words = card.page.frame.words
        with ui.element("div").classes("offer") as self.element:
            self.text, self.stands = Island("stack"), Island(props="role=status")
            with ui.element("div").classes("offer-words") as self.ask:
                self.if_no = Island()
                self.words = Words(words("my_offer.words"))
                with ui.element("div").classes("update-words"):
                    self.yes = button(words("my_offer.yes"), self._yes, primary=True)
                    self.no = button(words("my_offer.no"), self._no)

    def show(self, one: Offer, case: OwnCase) -> None:
        """Draw what changed."""
        draw, words = self.card.page.frame.draw, self.card.page.frame.words
        self.text.show(draw("my_cases.html", "offer", one=one, case=case.trouble))
        self.stands.show(draw("my_cases.html", "offer_stands", one=one))
        self.if_no.show(draw("my_cases.html", "if_declined", one=one, case=case.trouble))
        self.ask.set_visibility(bool(one.answers) and case.open)
        self.yes.element.set_visibility(proposals.ACCEPT in one.answers)
        self.no.element.set_visibility(proposals.DECLINE in one.answers)
        self.no.show(words("my_offer.no_after_all" if one.state == proposals.ACCEPTED else "my_offer.no"))

    async def _yes(self) -> None:
        await self._say(proposals.ACCEPT)

    async def _no(self) -> None:
        await self._say(proposals.DECLINE)

    async def _say(self, act: str) -> None:
        await self.card.act(self.case, lambda hand: answers.answer(hand, self.offer, act, self.words.text))


class CaseView:
    """One open case."""

    def __init__(self, card: CasesCard, case: int) -> None:
        self.card, self.case = card, case
        with ui.element("article").classes("trouble case") as self.element:
            self.happened = Island("stack")
            self.offers = Each(ui.element("div").classes("offers"), lambda number: OfferView(card, case, number))
            self.you = Island("stack")

    def show(self, one: OwnCase) -> None:
        """Draw what changed."""
        draw = self.card.page.frame.draw
        self.element.classes(replace="trouble case hazard" if one.trouble.hazard else "trouble case")
        self.happened.show(draw("my_cases.html", "happened", one=one))
        self.you.show(draw("my_cases.html", "you", one=one, device=self.card.page.device))
        for offer, view in self.offers.of({offer.id: offer for offer in one.offers}):
            view.show(offer, one)


class ClosedView:
    """One case that is over: what it was, and whether it is mended."""

    def __init__(self, card: CasesCard, case: int) -> None:
        self.card, self.case = card, case
        words = card.page.frame.words
        with ui.element("article").classes("closed") as self.element:
            self.text = Island("stack", props="role=status")
            with ui.element("div").classes("offer-words ask-fixed") as self.ask:
                Island("strong", "p", words("my_feedback.question"))
                self.words = Words(words("my_feedback.words"))
                with ui.element("div").classes("update-words"):
                    button(words("my_feedback.yes"), self._yes, primary=True)
                    button(words("my_feedback.no"), self._no)
                Island("muted", "p", words("my_feedback.once"))

    def show(self, one: OwnCase) -> None:
        """Draw what changed."""
        page = self.card.page
        self.text.show(page.frame.draw("my_cases.html", "closed", one=one, device=page.device))
        self.ask.set_visibility(one.asked)

    async def _yes(self) -> None:
        await self._say(fixed=True)

    async def _no(self) -> None:
        await self._say(fixed=False)

    async def _say(self, *, fixed: bool) -> None:
        await self.card.act(self.case, lambda hand: feedback.answer(hand, fixed=fixed, words=self.words.text))


class CasesCard:
    """The card. `page` says whose appliance it is; every word is checked against that anew."""

    def __init__(self, page: MyPage) -> None:
        self.page = page
        with ui.element("section").classes("card state"):
            self.calm, self.error = Island(), Island(props="role=alert")
            self.views = Each(ui.element("div"), lambda number: CaseView(self, number))
            with ui.element("div").classes("over") as self.closed:
                Island(html=page.frame.draw("my_cases.html", "closed_head"))
                self.over = Each(ui.element("div"), lambda number: ClosedView(self, number))

    def show(self, cases: list[OwnCase]) -> None:
        """Draw what changed: open ones, or that all is well; then what is over."""
        self._show_closed([one for one in cases if not one.open])
        open_ = [one for one in cases if one.open]
        self.calm.show("" if open_ else self.page.frame.draw("my_cases.html", "calm"))
        for one, view in self.views.of({one.number: one for one in open_}):
            view.show(one)

    def _show_closed(self, cases: list[OwnCase]) -> None:
        self.closed.set_visibility(bool(cases))
        for one, view in self.over.of({one.number: one for one in cases}):
            view.show(one)

    async def act(self, case: int, do: Callable[[Hand], Awaitable[None]]) -> None:
        """The owner pressed a button of this case."""
        page = self.page
        cloud = page.frame.cloud
        try:
            async with cloud.store.writing() as session:
                kept = terms.load(cloud.settings.data_dir)
                await do(await answers.hand_of(session, kept, page.user.owner, page.device, case))
        except CaseError:
            self.error.show(page.frame.draw("my_cases.html", "wrong", text=page.frame.words("my_cases.gone")))
        else:
            self.error.show("")
        await page.refresh()
