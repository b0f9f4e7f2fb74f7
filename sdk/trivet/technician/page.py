"""The technician's page: a whole terminal, keyboard alone. Takes an open client; shows codes, and of the chosen one
advice, parts and evidence, beside it live values and self-tests. Everything that waits for the port waits in a thread,
and what goes wrong stands in the last line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, OptionList, Static, TabbedContent, TabPane
from textual.widgets.option_list import Option

from trivet.errors import TrivetError

from . import asking, render
from .answers import Found, Named, Shown, Who
from .client import Client
from .errors import PulledError, RefusedError
from .guide import Guide
from .words import word

LIVE_S = 1.0  # between two looks
RENEW_S = 5.0  # between two looks at the list of codes
_CURVE = 6  # lines of a curve
TABS = ("advice", "evidence", "live", "tests")


class Page(App[None]):
    """Run it with `run()`; it ends with `q`."""

    CSS = """
    #head { height: 1; background: $primary; color: $text; padding: 0 1; }
    #codes { width: 36; height: 1fr; border: round $primary; }
    #tabs { width: 1fr; height: 1fr; }
    #said { height: 1; padding: 0 1; }
    VerticalScroll { padding: 0 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(self, client: Client, language: str = "en") -> None:
        super().__init__()
        self._client, self._language = client, language
        self._port = threading.Lock()  # one question at a time
        self._guide = Guide()
        self.found: list[Found] = []
        self.shown: Shown | None = None
        self._routines: list[Named] = []
        self._testing = ""  # self-test that runs
        self._stop = threading.Event()
        self._sure = ""  # what a second press does
        for key, action, text in (
            ("1", "tab('advice')", "advice"),
            ("2", "tab('evidence')", "before"),
            ("3", "tab('live')", "live"),
            ("4", "tab('tests')", "tests"),
            ("r", "renew", "renew"),
            ("c", "clear", "clear"),
            ("s,escape", "stop", "stop"),
            ("q", "quit", "quit"),
        ):
            self._bindings.bind(key, action, self._word(f"key_{text}"), key_display=key.split(",")[0])

    def _word(self, key: str) -> str:
        return word(key, self._language)

    def compose(self) -> ComposeResult:
        yield Static(id="head")
        with Horizontal():
            yield OptionList(id="codes")
            with TabbedContent(id="tabs"):
                for name in TABS:
                    with TabPane(self._word(f"tab_{name}"), id=name):
                        if name == "tests":
                            yield OptionList(id="routines")
                        with VerticalScroll(can_focus=name != "tests"):
                            yield Static(id=f"{name}_text")
        yield Static(id="said")
        yield Footer()

    def on_mount(self) -> None:
        self._client.told = self._cable
        self.query_one("#codes").focus()
        self._ask(self._first)
        self.set_interval(RENEW_S, self.action_renew)
        self.set_interval(LIVE_S, self._look)

    # -- asking, in a thread -----------------------------------------------------------------------------------------

    def _ask(self, what: Callable[[], Callable[[], None]], *, patient: bool = True) -> None:
        """`what` asks the appliance and gives what then shows it. Not `patient`: only when nothing else is asked."""

        def ask() -> None:
            if not self._port.acquire(blocking=patient):
                return
            try:
                show = what()
            except PulledError as error:
                self.call_from_thread(self._say, str(error), "bold white on red")
                self._wait()
            except TrivetError as error:
                self.call_from_thread(self._say, str(error), "bold white on red")
            else:
                self.call_from_thread(show)
            finally:
                self._port.release()

        self.run_worker(ask, thread=True)

    def _cable(self, what: str) -> None:
        style = "bold white on red" if what == "pulled" else "bold green"
        self.call_from_thread(self._say, self._word(what), style)

    def _wait(self) -> None:
        """For a pulled cable; what failed is then asked again by itself."""
        with suppress(TrivetError):
            self._client.reconnect()

    def _first(self) -> Callable[[], None]:
        who = asking.who(self._client)
        guide, routines = Guide.of(who), _routines(self._client)
        codes = self._codes()

        def show() -> None:
            self._guide, self._routines = guide, routines
            self._head(who)
            self._list_routines()
            codes()

        return show

    def _codes(self) -> Callable[[], None]:
        found = render.ordered(asking.codes(self._client))
        return lambda: self._list_codes(found)

    def _one(self, code: str) -> Callable[[], None]:
        shown = asking.show(self._client, code)
        return lambda: self._show(shown)

    def _look(self) -> None:
        if self.query_one("#tabs", TabbedContent).active == "live" and not self._testing:
            self._ask(self._live, patient=False)

    def _live(self) -> Callable[[], None]:
        units, sample = asking.look(self._client)
        table = render.live(units, sample, self._guide, self._language)
        return lambda: self.query_one("#live_text", Static).update(table)

    # -- showing -----------------------------------------------------------------------------------------------------

    def _head(self, who: Who) -> None:
        self.query_one("#head", Static).update(render.head(who, self._guide, self._language))

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#said", Static).update(Text(text, style=style))

    def _list_codes(self, found: list[Found]) -> None:
        """Anew only when something changed: the cursor stays where it was."""
        if found == self.found and found:
            return
        options = self.query_one("#codes", OptionList)
        chosen = options.highlighted
        self.found = found
        options.clear_options()
        for one in found:
            title = Text(self._guide.title(one, self._language))
            line = Text.assemble((one.code, "bold"), "  ", render.state(one, self._language), "\n", title, "\n")
            options.add_option(Option(line, id=one.code))
        if found:
            options.highlighted = min(chosen or 0, len(found) - 1)
        else:
            self.query_one("#advice_text", Static).update(render.codes([], self._guide, self._language))

    def _show(self, shown: Shown) -> None:
        told = self._guide.told(shown, self._language)
        self.shown = told
        width = max(30, self.query_one("#tabs").size.width - 6)  # a pane that is not seen has no size
        evidence = render.evidence(told, self._guide, self._language, (min(width, 100), _CURVE))
        self.query_one("#advice_text", Static).update(render.advice(told, self._guide, self._language))
        self.query_one("#evidence_text", Static).update(evidence or Text(self._word("no_evidence")))

    def _list_routines(self) -> None:
        options = self.query_one("#routines", OptionList)
        for one in self._routines:
            options.add_option(Option(Text.assemble((one.name, "bold"), f"  {one.text}"), id=one.name))

    def _tested(self, text: Any) -> None:
        self.query_one("#tests_text", Static).update(text)

    # -- keys --------------------------------------------------------------------------------------------------------

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        code = event.option.id
        if event.option_list.id == "codes" and code is not None:
            self._ask(lambda: self._one(code))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = event.option.id
        if event.option_list.id == "codes":
            self.action_tab("advice")
        elif name is not None and not self._testing:
            self._test(name)

    def action_tab(self, name: str) -> None:
        self.query_one("#tabs", TabbedContent).active = name
        self.query_one("#routines" if name == "tests" else "#codes").focus()

    def action_renew(self) -> None:
        if not self._testing:
            self._ask(self._codes, patient=False)

    def action_stop(self) -> None:
        self._stop.set()
        self._sure = ""

    def action_clear(self) -> None:
        """The second time in a row it is meant."""
        if self.shown is None:
            return
        code = self.shown.found.code
        if self._sure != code:
            self._sure = code
            self._say(f"{self._word('sure')} {code}", "bold black on yellow")
            return
        self._sure = ""

        def clear() -> Callable[[], None]:
            asking.clear(self._client, code)
            codes = self._codes()

            def show() -> None:
                self._say(self._word("done"))
                codes()

            return show

        self._ask(clear)

    def _test(self, name: str) -> None:
        self._testing = name
        self._stop.clear()

        def told(step: int, of: int) -> None:
            line = Text.assemble((name, "bold"), f"  {self._word('step')} {step}/{of}   {self._word('stoppable')}")
            self.call_from_thread(self._tested, line)

        def run() -> Callable[[], None]:
            try:
                result = asking.self_test(self._client, name, told, self._stop.is_set)
            finally:
                self._testing = ""
            return lambda: self._tested(Group(render.tested(name, result, self._language)))

        self._ask(run)


def _routines(client: Client) -> list[Named]:
    """None where the appliance has none, or does not speak of them."""
    try:
        return asking.routines(client)
    except RefusedError:
        return []
