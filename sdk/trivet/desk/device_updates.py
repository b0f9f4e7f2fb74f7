"""The desk's card of one appliance's updates: what is installed, what is offered and how far it is, what the trial saw.
Takes `trivet.updates.views`, gives a live card; offers and withdraws as the role of who is logged in may, after a
second look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from trivet.desk.frame import Frame, Island
from trivet.updates import give, views
from trivet.updates.problem import UpdateError


class UpdatesCard:
    """The card. What is asked for in it stands under the login's name."""

    def __init__(self, frame: Frame, device: str) -> None:
        self.frame, self.device = frame, device
        self.may = frame.user.role in give.OFFERING
        self.versions: list[str] = []
        self.chosen = ""
        self.open: views.Update | None = None
        with ui.element("section").classes("card updates-card"):
            self.head = Island()
            self.now = Island(props="role=status")
            with ui.element("div").classes("update-words") as self.asking:
                self.choice = ui.element("select").props(f'aria-label="{frame.words("updates.release")}"')
                self.choice.on("change", self._choose, js_handler="(e) => emit(e.target.value)")
                self.offer = self._button("updates.offer", self._ask)
            self.withdraw = self._button("updates.withdraw", self._ask)
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

    def show(self, updates: views.Updates, published: list[views.Release]) -> None:
        """Draw what changed."""
        draw = self.frame.draw
        self.open = next((one for one in updates.open if one.what == "release"), None)
        self.head.show(draw("device_updates.html", "head", updates=updates))
        self.now.show(draw("device_updates.html", "now", updates=updates))
        self.history.show(draw("device_updates.html", "history", lines=updates.history))
        fitting = [one for one in published if one.sequence >= updates.installed.sequence]
        self._choices(fitting)
        self.asking.set_visibility(self.may and self.open is None and bool(fitting))
        now = self.open
        may_end = now is not None and bool(now.who) and not now.withdrawing and now.state not in ("staged", "on trial")
        self.withdraw.element.set_visibility(self.may and may_end)

    def _choices(self, fitting: list[views.Release]) -> None:
        versions = [one.version for one in fitting]
        if versions == self.versions:
            return
        self.versions, self.chosen = versions, versions[0] if versions else ""
        self.choice.clear()
        with self.choice:
            for one in fitting:
                text = self.frame.draw("device_updates.html", "choice", one=one)
                Island(tag="option", html=text).element.props["value"] = one.version

    def _choose(self, event: GenericEventArguments) -> None:
        if event.args in self.versions:
            self.chosen = str(event.args)
        self._leave()

    async def _ask(self) -> None:
        """The second look: what happens, and in whose name."""
        macro = "ask_withdraw" if self.open else "ask_offer"
        version = self.open.version if self.open else self.chosen
        who = self.frame.user.name
        self.question.show(self.frame.draw("device_updates.html", macro, version=version, who=who))
        self.sure.set_visibility(True)
        ui.run_javascript(f"getHtmlElement({self.yes.element.id}).focus()")

    def _leave(self) -> None:
        self.sure.set_visibility(False)

    async def _do(self) -> None:
        cloud, who = self.frame.cloud, self.frame.user.name
        self._leave()
        if not self.may:
            return
        try:
            if self.open is not None:
                await give.withdraw(cloud.store, self.device, self.open.id, who)
            else:
                await give.release(cloud.store, cloud.settings.updates_dir, self.device, self.chosen, who)
        except UpdateError as error:
            self.error.show(self.frame.draw("device_updates.html", "wrong", text=str(error)))
        else:
            self.error.show("")
