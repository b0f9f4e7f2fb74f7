"""The desk's card of one appliance's updates: what is installed, what is offered and how far it is, what the trial saw.
Takes `trivet.updates.views`, gives a live card; offers (a release, the next release keys) and withdraws as the role of
who is logged in may, after a second look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.desk.frame import Frame, Island
from trivet.updates import give, views
from trivet.updates.problem import UpdateError

KEYS = "keys/"  # a set of release keys among the choices; no version has a slash


class UpdatesCard:
    """The card. What is asked for in it stands under the login's name."""

    def __init__(self, frame: Frame, device: str) -> None:
        self.frame, self.device = frame, device
        self.may = frame.user.role in give.OFFERING
        self.choices: list[str] = []  # values: a version, or KEYS and the number of a set
        self.chosen = ""
        self.open: views.Update | None = None
        self.then: Callable[[], Awaitable[object]] | None = None  # what a yes does
        with ui.element("section").classes("card updates-card"):
            self.head = Island()
            self.now = Island(props="role=status")
            with ui.element("div").classes("update-words") as self.asking:
                self.choice = ui.element("select").props(f'aria-label="{frame.words("updates.release")}"')
                self.choice.on("change", self._choose, js_handler="(e) => emit(e.target.value)")
                self.offer = self._button("updates.offer", self._ask_offer)
            self.withdraw = self._button("updates.withdraw", self._ask_withdraw)
            with ui.element("div").classes("confirm").props("role=group") as self.sure:
                self.question = Island(props="role=alert")
                with ui.element("div").classes("update-words"):
                    self.yes = self._button("updates.sure", self._do, "primary-small")
                    self.back = self._button("updates.back", self._leave)
            self.error = Island(props="role=alert")
            self.history = Island()
        self.sure.set_visibility(False)

    def _button(self, key: str, then: Callable[[], Awaitable[None] | None], classes: str = "") -> Island:
        made = Island(f"update-button {classes}", "button", self.frame.words(key), "type=button")
        made.element.on("click", then)
        return made

    def show(self, updates: views.Updates, published: list[views.Release], key_sets: list[views.KeySet]) -> None:
        """Draw what changed. Keys are offered one set at a time, while a release is open too."""
        draw = self.frame.draw
        self.open = next((one for one in updates.open if one.what == "release"), None)
        self.head.show(draw("device_updates.html", "head", updates=updates))
        self.now.show(draw("device_updates.html", "now", updates=updates))
        self.history.show(draw("device_updates.html", "history", lines=updates.history))
        installed = updates.installed
        fitting = [one for one in published if one.sequence >= installed.sequence]
        free = not any(one.what == "keys" for one in updates.open)
        following = [one for one in key_sets if one.number > installed.keys][: 1 if installed.keys else None]
        self._choices(fitting if self.open is None else [], following if free else [])
        self.asking.set_visibility(self.may and bool(self.choices))
        now = self.open
        may_end = now is not None and bool(now.who) and not now.withdrawing and now.state not in ("staged", "on trial")
        self.withdraw.element.set_visibility(self.may and may_end)

    def _choices(self, fitting: list[views.Release], following: list[views.KeySet]) -> None:
        draw = self.frame.draw
        texts = {one.version: draw("device_updates.html", "choice", one=one) for one in fitting}
        texts |= {f"{KEYS}{one.number}": draw("device_updates.html", "choice_keys", one=one) for one in following}
        if list(texts) == self.choices:
            return
        self.choices, self.chosen = list(texts), next(iter(texts), "")
        self.choice.clear()
        with self.choice:
            for value, text in texts.items():
                Island(tag="option", html=text).element.props["value"] = value

    def _choose(self, event: GenericEventArguments) -> None:
        if event.args in self.choices:
            self.chosen = str(event.args)
        self._leave()

    def _ask_offer(self) -> None:
        if self.chosen.startswith(KEYS):
            self._ask("ask_keys", self._offer, number=self.chosen.removeprefix(KEYS))
        else:
            self._ask("ask_offer", self._offer, version=self.chosen)

    def _ask_withdraw(self) -> None:
        if self.open is not None:
            self._ask("ask_withdraw", self._withdraw, version=self.open.version)

    def _ask(self, macro: str, then: Callable[[], Awaitable[object]], **more: str) -> None:
        """The second look: what happens, and in whose name."""
        self.then = then
        self.question.show(self.frame.draw("device_updates.html", macro, who=self.frame.user.name, **more))
        self.sure.set_visibility(True)
        ui.run_javascript(f"getHtmlElement({self.yes.element.id}).focus()")

    def _leave(self) -> None:
        self.sure.set_visibility(False)

    async def _do(self) -> None:
        self._leave()
        if not self.may or self.then is None:
            return
        try:
            await self.then()
        except UpdateError as error:
            self.error.show(self.frame.draw("device_updates.html", "wrong", text=str(error)))
        else:
            self.error.show("")

    async def _offer(self) -> None:
        cloud, who = self.frame.cloud, self.frame.user.name
        if self.chosen.startswith(KEYS):
            await give.known_keys(cloud.store, self.device, int(self.chosen.removeprefix(KEYS)), who)
        else:
            await give.release(cloud.store, cloud.settings.updates_dir, self.device, self.chosen, who)

    async def _withdraw(self) -> None:
        if self.open is not None:
            await give.withdraw(self.frame.cloud.store, self.device, self.open.id, self.frame.user.name)
