"""The page of one case: what its appliance found, and what people do about it. Takes views of the cases room, gives a
live page; what is done on it, its cards do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from nicegui import ui

from trivet.cases import queries, views, works
from trivet.cases.choices import Choices, choices
from trivet.consent.access import Reading
from trivet.desk import charts, render
from trivet.desk.case_outcome import OutcomeCard, TestsCard
from trivet.desk.case_proposals import ProposalsCard
from trivet.desk.case_remote import RemoteCard
from trivet.desk.case_visit import VisitCard, Visits
from trivet.desk.case_work import WorkCard
from trivet.desk.frame import Frame, Island
from trivet.desk.hands import terms_of, works_here
from trivet.remote import listing as remote
from trivet.visits import book, listing

ENTRIES, MORE = 25, 100  # of the timeline: at first, and with every press
LINES = 4  # of proposals and outcomes, at first

# Islands of the case page; each is drawn by the macro of its name.
CASE_ISLANDS = (
    "head", "doubt", "evidence_head", "checks", "causes", "says", "owner", "device", "part", "timeline",
)  # fmt: skip


T = TypeVar("T")


class More:
    """The newest of a list at first, and a button that shows the rest."""

    def __init__(self, page: CasePage, key: str) -> None:
        self.page, self.key, self.all = page, key, False
        self.button = Island("button more", "button", "", "type=button")
        self.button.element.on("click", self._open)

    def cut(self, found: list[T]) -> list[T]:
        """What is to be shown of it; the newest stand last."""
        hidden = 0 if self.all else max(len(found) - LINES, 0)
        self.button.show(self.page.frame.words(self.key, n=hidden))
        self.button.element.set_visibility(hidden > 0)
        return found[hidden:]

    async def _open(self) -> None:
        self.all = True
        await self.page.refresh()


class CasePage:
    """One case."""

    def __init__(self, frame: Frame, case_id: int) -> None:
        self.frame, self.case_id = frame, case_id
        with frame.main:
            self.head = Island("case-head")
            self.doubt = Island("doubt")
            self.answer = Island("answer")
            with ui.element("div").classes("columns") as self.columns:
                with ui.element("div"):
                    self.proposals = ProposalsCard(self)
                    self.visits = VisitCard(self)
                    with ui.element("section").classes("card evidence"):
                        self.evidence_head = Island()
                        self.plot = ui.element("div")
                        self.checks = Island()
                    self.causes = Island("card", "section")
                    self.tests = TestsCard(self)
                    self.remote = RemoteCard(self)
                    self.outcomes = OutcomeCard(self)
                    self.says = Island("card", "section")
                with ui.element("div"):
                    self.work = WorkCard(self)
                    self.owner, self.device, self.part = (Island("card", "section") for _ in range(3))
                    self._thread()
        self.drawn: views.Evidence | None = None

    def _thread(self) -> None:
        self.entries = ENTRIES
        with ui.element("section").classes("card thread").props("data-card=timeline"):
            self.timeline = Island()
            self.earlier = Island("button", "button", self.frame.words("case.earlier"), "type=button data-earlier=1")
        self.earlier.element.on("click", self._look_back)

    async def _look_back(self) -> None:
        self.entries += MORE
        await self.refresh()

    def more(self, key: str) -> More:
        """A button for what is not shown at first."""
        return More(self, key)

    @contextmanager
    def folded(self, key: str) -> Iterator[ui.element]:
        """What opens when somebody wants it; `key`: of what stands on it."""
        with ui.element("details").classes("fold").props(f"data-fold={key.partition('.')[2]}") as fold:
            Island(tag="summary", html=self.frame.words(key))
            yield fold

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("Work on this case") as read:
            view = await queries.case(read, self.case_id)
            people = await self._people(read) if isinstance(view, views.CaseView) else None
            found = await remote.of_case(read, self.case_id) if people is not None else []
        self.columns.set_visibility(isinstance(view, views.CaseView))
        if not isinstance(view, views.CaseView):
            self._empty()
            name = "missing" if view is None else "withheld"
            self.head.show(self.frame.draw("case.html", name, id=self.case_id, view=view))
            return
        ui.page_title(f"{view.code} · {render.shown(view.device.name or view.device.model)} · Trivet")
        self.earlier.element.set_visibility(len(view.timeline) > self.entries)
        view = replace(view, timeline=view.timeline[-self.entries :])
        self.answer.show(self.frame.draw("case.html", "answer", view=view, working=view.working))
        for name in CASE_ISLANDS:
            island: Island = getattr(self, name)
            html = self.frame.draw("case.html", name, view=view)
            island.show(html)
            island.element.set_visibility(bool(html))
        self._plot(view)
        if people is not None:
            open_ = view.row.state != "resolved"
            self._show(*people, open_=open_)
            self.remote.show(found, people[0], people[1], open_=open_)

    async def _people(self, read: Reading) -> tuple[works.Work, Choices, Visits] | None:
        """What people did with it and can do."""
        terms = terms_of(self.frame)
        work = await works.work(read, self.case_id, terms)
        chosen = await choices(read, self.case_id, terms)
        visits = await listing.of_case(read, self.case_id)
        areas = {one.area for one in visits if one.state == "booked"}
        free = {area: await book.free_in(read.session, area) for area in areas}
        if not isinstance(work, works.Work) or not isinstance(chosen, Choices):
            return None
        return work, chosen, Visits(visits, free)

    def _show(self, work: works.Work, chosen: Choices, visits: Visits, *, open_: bool) -> None:
        self.work.show(work, chosen)
        self.work.forms.set_visibility(works_here(self.frame))
        self.proposals.show(work.proposals, chosen, open_=open_)
        self.visits.show(work, visits, open_=open_)
        self.tests.show(work, chosen, open_=open_)
        self.outcomes.show(work, chosen, open_=open_)

    def _empty(self) -> None:
        """Nothing of what was shown before stays in the page, not even hidden."""
        ui.page_title("Trivet")
        for name in ("answer", *CASE_ISLANDS):
            getattr(self, name).show("")
        self.plot.clear()
        self.drawn = None
        for card in (self.work, self.proposals, self.visits, self.tests, self.remote, self.outcomes):
            card.clear()

    def _plot(self, view: views.CaseView) -> None:
        evidence = view.evidence if view.evidence and view.evidence.series else None
        if evidence == self.drawn:
            return
        self.plot.clear()
        self.drawn = evidence
        if evidence is not None:
            with self.plot:
                chart = ui.echart(charts.options(evidence, self.frame.words, view.event), renderer="svg")
                chart.style(f"height: {charts.height(evidence)}px")
                chart.props["role"] = "img"
                chart.props["aria-label"] = charts.spoken(evidence, self.frame.words)
