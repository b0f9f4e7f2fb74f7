"""Letters from outside that wait for a person: put onto a case, or dismissed. Takes `trivet.inbound.letters`, gives a
live page; what stands in a letter is text and nothing else.
"""

from __future__ import annotations

import asyncio

from nicegui import ui

from trivet.api.inbound import READING
from trivet.api.schemas_inbound import NotACase, Where
from trivet.desk.browse import Pager
from trivet.desk.each import Each
from trivet.desk.forms import Field, Form, Values, plain
from trivet.desk.frame import Frame, Island
from trivet.inbound import letters
from trivet.inbound.letters import Kept
from trivet.inbound.problem import LetterError
from trivet.store.letters import DISMISSED, LANDED, WAITING

STATES = (WAITING, LANDED, DISMISSED)
PAGE = 25  # letters
WHERE = (Field("case", most=19, need=False), Field("why", need=False))


class LetterLine:
    """One letter, and the form that decides about it."""

    def __init__(self, page: LettersPage, number: int) -> None:
        self.page, self.number = page, number
        with ui.element("article").classes("letter").props(f"data-letter={number}") as self.element:
            self.text = Island()
            self.form = Form(page.frame, "letter", WHERE, ("land", "dismiss"), self._decide)

    def show(self, one: Kept) -> None:
        """Draw what changed."""
        self.text.show(self.page.frame.draw("desk.html", "letter", one=one))
        self.form.element.set_visibility(one.state == WAITING and self.page.frame.user.role in READING)

    async def _decide(self, values: Values) -> None:
        frame = self.page.frame
        if frame.user.role not in READING:
            raise LetterError("not-your-role", f"Letters are for {' or '.join(READING)}.")
        if values.get("act") == "land":
            case = Where.model_validate(plain(values, "case")).case
            async with frame.cloud.store.writing() as session:
                await letters.land(session, self.number, case, frame.user.name)
        else:
            why = NotACase.model_validate(plain(values, "why")).why
            async with frame.cloud.store.writing() as session:
                await letters.dismiss(session, self.number, why, frame.user.name)
        await self.page.refresh()


class LettersPage:
    """Letters of one state, newest first, page by page."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.state = frame, WAITING
        self._drawing = asyncio.Lock()
        words = frame.words
        with frame.main:
            with ui.element("div").classes("top"):
                Island(tag="h1", html=words("letters.title"))
                with ui.element("div").classes("tabs end").props("role=group"):
                    self.tabs = {name: self._tab(name) for name in STATES}
            self.list = ui.element("section").classes("card letters").props("data-card=letters")
            self.lines = Each(self.list, lambda number: LetterLine(self, number))
            self.empty = Island(props="role=status")
            self.pager = Pager[int](frame, self.refresh, PAGE)

    def _tab(self, name: str) -> ui.element:
        button = Island(tag="button", html=self.frame.words(f"letters.{name}"), props="type=button").element
        button.props["aria-pressed"] = str(name == self.state).lower()
        button.on("click", lambda: self._choose(name))
        return button

    async def stamp(self) -> str:
        """Differs after every change of what is shown."""
        async with self.frame.cloud.store.reading() as session:
            return await letters.stamp(session)

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self._drawing:  # one after another: the last that was chosen is what stands there
            async with self.frame.reading("Letters from outside") as read:
                found = await letters.listed(read, self.state, self.pager.begins, PAGE + 1)
            after = found[PAGE - 1].id if len(found) > PAGE else None
            found = found[:PAGE]
            for one, line in self.lines.of({one.id: one for one in found}):
                line.show(one)
            self.list.set_visibility(bool(found))
            self.empty.show("" if found else self.frame.draw("desk.html", "no_letters"))
            self.pager.show(len(found), after)

    async def _choose(self, name: str) -> None:
        self.state = name
        self.pager.restart()
        for key, tab in self.tabs.items():
            tab.props["aria-pressed"] = str(key == name).lower()
            tab.update()
        await self.refresh()
