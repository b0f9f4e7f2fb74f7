"""The owner's card of updates: what is offered and their word on it, hours in which nothing installs, what came of
earlier ones. Takes `trivet.updates.views`, gives a live card; buttons are kept, so that they keep the focus.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.desk.frame import Island
from trivet.owners import looks
from trivet.owners.own import own
from trivet.updates import views, wishes
from trivet.updates.problem import UpdateError

if TYPE_CHECKING:
    from trivet.desk.my_pages import MyPage

WAITS = (1, 3, 7, 30)  # days
# What a browser knows of its owner's clock: minutes east of UTC, and the zone's name.
CLOCK = "() => emit([-new Date().getTimezoneOffset(), Intl.DateTimeFormat().resolvedOptions().timeZone || ''])"


class Offered:
    """One open update: text, state, and the owner's three words on it."""

    def __init__(self, card: UpdatesCard) -> None:
        self.card, self.shown, self.days = card, 0, WAITS[0]
        words = card.page.frame.words
        with ui.element("article").classes("update") as self.element:
            self.text = Island()
            self.state = Island(props="role=status")
            with ui.element("div").classes("update-words") as self.buttons:
                self.yes = self._button(words("my_updates.yes_feature"), "primary-small", self._yes)
                with ui.element("span").classes("wait") as self.wait:
                    self.later = self._button(words("my_updates.later"), "", self._later)
                    self.until = ui.element("select").props(f'aria-label="{words("my_updates.until")}"')
                    with self.until:
                        for days in WAITS:
                            Island(tag="option", html=words(f"my_updates.wait_{days}"), props=f"value={days}")
                    self.until.on("change", self._choose, js_handler="(e) => emit(e.target.value)")
                self.no = self._button(words("my_updates.no"), "", self._no)

    @staticmethod
    def _button(text: str, classes: str, then: Callable[[], Awaitable[None]]) -> Island:
        made = Island(f"update-button {classes}", "button", text, "type=button")
        made.element.on("click", then)
        return made

    def show(self, update: views.Update | None) -> None:
        """Draw what changed; nothing while nothing is open."""
        self.element.set_visibility(update is not None)
        if update is None:
            self.shown = 0
            return
        words, draw = self.card.page.frame.words, self.card.page.frame.draw
        self.shown = update.id
        self.text.show(draw("my_updates.html", "offered", one=update))
        self.state.show(draw("my_updates.html", "stands", one=update, own=self.card.page.own))
        said = update.answer.answer if update.answer and update.answer.state != "refused" else ""
        over = update.deadline is not None and update.deadline <= dt.datetime.now(dt.UTC)
        open_ = update.state != "on trial" and not update.withdrawing and not over
        self.buttons.set_visibility(open_ and bool(update.who))  # one over the service port is answered there
        self.yes.show(words("my_updates.yes_security" if update.security else "my_updates.yes_feature"))
        self.yes.element.set_visibility(said != "yes" and (not update.security or said == "later"))
        self.no.element.set_visibility(not update.security and said != "no")

    def _choose(self, event: GenericEventArguments) -> None:
        if str(event.args).isdecimal() and int(event.args) in WAITS:
            self.days = int(event.args)

    async def _yes(self) -> None:
        await self.card.answer(self.shown, "yes")

    async def _no(self) -> None:
        await self.card.answer(self.shown, "no")

    async def _later(self) -> None:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=self.days)
        await self.card.answer(self.shown, "later", until)


class HoursPicker:
    """24 hours to mark; they go down when they are saved, in the zone of the browser that saved them."""

    def __init__(self, card: UpdatesCard) -> None:
        self.card, self.marked, self.saved = card, set[int](), set[int]()
        words = card.page.frame.words
        with ui.element("details").classes("words hours"):
            self.summary = Island(tag="summary")
            Island("muted", "p", words("my_updates.hours_text"))
            with ui.element("div").classes("hour-grid").props(f'role=group aria-label="{words("my_updates.hours")}"'):
                self.buttons = [self._hour(hour) for hour in range(24)]
            self.wrong = Island(props="role=alert")
            with ui.element("div").classes("update-words"):
                self.save = Island("update-button primary-small", "button", words("my_updates.save"), "type=button")
                self.save.element.on("click", self._save, js_handler=CLOCK)
                self.clear = Island("update-button", "button", words("my_updates.clear"), "type=button")
                self.clear.element.on("click", self._clear)
            self.zone = Island()
        self.stands = Island(props="role=status")

    def _hour(self, hour: int) -> ui.element:
        words = self.card.page.frame.words
        button = Island("hour", "button", str(hour), "type=button").element
        button.props["aria-label"] = words("my_updates.hour", n=hour, m=hour + 1)
        button.on("click", lambda: self._toggle(hour))
        return button

    def show(self, excluded: views.Excluded | None) -> None:
        """Draw what changed; marks that are not saved stay."""
        saved = set(excluded.hours) if excluded else set[int]()
        if saved != self.saved:
            self.marked = set(saved)
        self.saved = saved
        draw = self.card.page.frame.draw
        self.summary.show(draw("my_updates.html", "hours_summary", spans=spans(sorted(saved))))
        known = spans(excluded.known) if excluded else []
        self.stands.show(draw("my_updates.html", "hours_stands", excluded=excluded, known=known))
        self.zone.show(draw("my_updates.html", "hours_zone", excluded=excluded))
        self._draw()

    def _draw(self) -> None:
        words = self.card.page.frame.words
        for hour, button in enumerate(self.buttons):
            pressed = str(hour in self.marked).lower()
            if button.props.get("aria-pressed") != pressed:
                button.props["aria-pressed"] = pressed
                button.update()
        many = len(self.marked) > wishes.MOST_EXCLUDED
        self.wrong.show(
            self.card.page.frame.draw("my_updates.html", "wrong", text=words("my_updates.too_many")) if many else ""
        )
        self.save.element.set_visibility(self.marked != self.saved and not many)
        self.clear.element.set_visibility(bool(self.marked))

    def _toggle(self, hour: int) -> None:
        self.marked ^= {hour}
        self._draw()

    def _clear(self) -> None:
        self.marked = set()
        self._draw()

    async def _save(self, event: GenericEventArguments) -> None:
        minutes, zone = event.args
        await self.card.exclude(sorted(self.marked), int(minutes), str(zone)[:64])


class UpdatesCard:
    """The card. `page` says whose appliance it is; every word is checked against that anew."""

    def __init__(self, page: MyPage) -> None:
        self.page = page
        self.all = False
        with ui.element("section").classes("card updates-card"):
            self.head = Island()
            self.offered, self.keys = Offered(self), Island("update", "article")
            self.hours = HoursPicker(self)
            self.error = Island(props="role=alert")
            self.history = Island()

    def show(self, updates: views.Updates) -> None:
        """Draw what changed."""
        draw = self.page.frame.draw
        self.head.show(draw("my_updates.html", "head", updates=updates))
        by_kind = {one.what: one for one in updates.open}
        self.offered.show(by_kind.get("release"))
        keys = by_kind.get("keys")
        self.keys.element.set_visibility(keys is not None)
        self.keys.show(draw("my_updates.html", "keys", one=keys, own=self.page.own) if keys else "")
        self.hours.show(updates.excluded)
        self.history.show(draw("my_updates.html", "history", lines=updates.history))

    async def answer(self, number: int, word: str, until: dt.datetime | None = None) -> None:
        """The owner pressed a button."""
        page = self.page
        async with page.frame.cloud.store.writing() as session:
            if await own(session, page.user.owner, page.device) is None:
                return
            try:
                who = looks.name_of(page.user.owner)
                await wishes.answer(session, page.device, number, word, until=until, who=who)
            except UpdateError:
                self._say("my_updates.gone")
            else:
                self.error.show("")
        await page.refresh()

    async def exclude(self, hours: list[int], minutes: int, zone: str) -> None:
        """The owner saved their hours."""
        page = self.page
        async with page.frame.cloud.store.writing() as session:
            if await own(session, page.user.owner, page.device) is None:
                return
            try:
                wanted = wishes.hours_of(hours, minutes, zone)
                await wishes.exclude(session, page.device, wanted, who=looks.name_of(page.user.owner))
            except UpdateError:
                self._say("my_updates.too_many")
            else:
                self.error.show("")
        await page.refresh()

    def _say(self, key: str) -> None:
        words = self.page.frame.words
        self.error.show(self.page.frame.draw("my_updates.html", "wrong", text=words(key)))


def spans(hours: list[int]) -> list[tuple[int, int]]:
    """Hours that follow one another as one span, over midnight too: [22, 23, 0, 1] is (22, 2)."""
    marked = set(hours)
    if len(marked) == 24:
        return [(0, 24)]
    found = []
    for start in sorted(hour for hour in marked if (hour - 1) % 24 not in marked):
        end = start
        while end % 24 in marked:
            end += 1
        found.append((start, end if end <= 24 else end - 24))
    return found
