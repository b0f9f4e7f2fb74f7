"""The pages themselves: queue, case, appliances. Take views from the cases room, give live pages; never write."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from trivet.cases import queries, views
from trivet.desk import charts
from trivet.desk.device import DevicePage
from trivet.desk.frame import Frame, Island, open_page

# The box belongs to who types in it: every drawing would set a `value` from here again. What the address asks for
# is put in once; what was typed before the page was connected, or while it was not, is told again.
TELL_SEARCH = """
const box = document.querySelector(".search input");
box.value ||= box.dataset.find;
box.dataset.find = "";
box.dispatchEvent(new Event("input"));
"""
FILTERS = ("open", "resolved", "all")
# Islands of the case page; each is drawn by the macro of its name.
CASE_ISLANDS = (
    "head", "doubt", "evidence_head", "checks", "causes", "says", "owner", "device", "part", "timeline",
)  # fmt: skip


class Lines:
    """A list of links, one line each, kept in order; only lines that changed are drawn anew."""

    def __init__(self, classes: str, head: str) -> None:
        self.element = ui.element("div").classes(f"list {classes}")
        with self.element:
            Island("head", html=head)
        self._lines: dict[str, Island] = {}

    def show(self, lines: list[tuple[str, str, str, str]]) -> None:
        """Show (key, address, classes, html) in this order. What came after the first drawing lights up."""
        first = not self._lines
        for key in self._lines.keys() - {line[0] for line in lines}:
            self._lines.pop(key).element.delete()
        for position, (key, address, classes, html) in enumerate(lines, start=1):
            island = self._lines.get(key)
            if island is None:
                with self.element:
                    island = Island("" if first else "arrived", "a", html, f'href="{address}" data-key="{key}"')
                self._lines[key] = island
            island.show(html)
            kept = " arrived" if "arrived" in island.element.classes else ""
            island.element.classes(replace=classes + kept)
            if self.element.default_slot.children.index(island.element) != position:
                island.element.move(target_index=position)
        self.element.set_visibility(bool(lines))


class QueuePage:
    """The queue: figures, search, tabs, lines."""

    def __init__(self, frame: Frame, find: str = "") -> None:
        self.frame = frame
        self.rows: list[views.CaseRow] = []
        self.wanted, self.find, self.search = FILTERS[2 if find else 0], find, find.casefold()
        with frame.main:
            with ui.element("div").classes("top"):
                with ui.element("div").classes("stack"):
                    Island(tag="h1", html=frame.words("queue.title"))
                    self.figures = Island()
                self._controls()
            self.lines = Lines("cases", frame.draw("queue.html", "head"))
            self.empty = Island(props="role=status")

    def _controls(self) -> None:
        words = self.frame.words
        with ui.element("div").classes("controls"):
            with ui.element("div").classes("search"):
                Island(tag="span", html=self.frame.draw("queue.html", "glass"))
                box = ui.element("input").props("type=search maxlength=80 autocomplete=off")
                box.props["data-find"] = self.find
                box.props["placeholder"] = box.props["aria-label"] = words("queue.search")
                box.on("input", self._search, js_handler="(e) => emit(e.target.value)")
                client = ui.context.client
                client.on_connect(lambda: client.run_javascript(TELL_SEARCH))
            with ui.element("div").classes("tabs").props("role=group"):
                self.tabs = {name: self._tab(name, words(f"queue.{name}")) for name in FILTERS}

    def _tab(self, name: str, text: str) -> ui.element:
        button = Island(tag="button", html=text, props="type=button").element
        button.props["aria-pressed"] = str(name == self.wanted).lower()
        button.on("click", lambda: self._filter(name))
        return button

    def _filter(self, name: str) -> None:
        self.wanted = name
        for key, tab in self.tabs.items():
            tab.props["aria-pressed"] = str(key == name).lower()
            tab.update()
        self.show()

    def _search(self, event: object) -> None:
        self.search = str(getattr(event, "args", "") or "")[:80].casefold().strip()
        self.show()

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("The queue of the service desk") as read:
            self.rows = await queries.queue(read, include_resolved=True)
            appliances = await queries.devices(read)
        online = sum(device.connected for device in appliances)
        self.figures.show(
            self.frame.draw("queue.html", "figures", rows=self.rows, online=online, total=len(appliances))
        )
        self.show()

    def show(self) -> None:
        """Draw the lines that tab and search let through."""
        shown = [row for row in self.rows if self._matches(row)]
        self.lines.show(
            [
                (str(row.id), f"/case/{row.id}", _line_classes(row), self.frame.draw("queue.html", "row", case=row))
                for row in shown
            ]
        )
        nothing = "no_match" if self.search or self.wanted != "open" else "nothing"
        self.empty.show("" if shown else self.frame.draw("queue.html", nothing))

    def _matches(self, row: views.CaseRow) -> bool:
        resolved = row.state == "resolved"
        if self.wanted != "all" and resolved != (self.wanted == "resolved"):
            return False
        texts = [row.code, row.device, row.device_name, row.owner or "", *row.title.values()]
        texts += [row.model, *row.first_cause_text.values()]
        found = " ".join(texts).casefold()
        return all(word in found for word in self.search.split())


def _line_classes(row: views.CaseRow) -> str:
    return " ".join(filter(None, ("hazard" if row.hazard else "", "resolved" if row.state == "resolved" else "")))


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
                    with ui.element("section").classes("card evidence"):
                        self.evidence_head = Island()
                        self.plot = ui.element("div")
                        self.checks = Island()
                    self.causes = Island("card", "section")
                    self.says = Island("card", "section")
                with ui.element("div"):
                    self.owner, self.device, self.part, self.timeline = (Island("card", "section") for _ in range(4))
        self.drawn: views.Evidence | None = None

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("Work on this case") as read:
            view = await queries.case(read, self.case_id)
        self.columns.set_visibility(isinstance(view, views.CaseView))
        if not isinstance(view, views.CaseView):
            self._empty()
            name = "missing" if view is None else "withheld"
            self.head.show(self.frame.draw("case.html", name, id=self.case_id, view=view))
            return
        ui.page_title(f"{view.code} · {view.device.name or view.device.model} · Trivet")
        self.answer.show(self.frame.draw("case.html", "answer", view=view, working=view.working))
        for name in CASE_ISLANDS:
            island: Island = getattr(self, name)
            html = self.frame.draw("case.html", name, view=view)
            island.show(html)
            island.element.set_visibility(bool(html))
        self._plot(view)

    def _empty(self) -> None:
        """Nothing of what was shown before stays in the page, not even hidden."""
        ui.page_title("Trivet")
        for name in ("answer", *CASE_ISLANDS):
            getattr(self, name).show("")
        self.plot.clear()
        self.drawn = None

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


class DevicesPage:
    """All appliances."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        with frame.main:
            with ui.element("div").classes("top"):
                Island(tag="h1", html=frame.words("devices.title"))
            self.lines = Lines("devices", frame.draw("devices.html", "head"))
            self.empty = Island(props="role=status")

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.reading("The list of appliances") as read:
            appliances = await queries.devices(read)
        self.lines.show(
            [
                (
                    device.id,
                    f"/device/{device.id}",
                    "",
                    self.frame.draw("devices.html", "row", d=device),
                )
                for device in appliances
            ]
        )
        self.empty.show("" if appliances else self.frame.draw("devices.html", "nothing"))


def register() -> None:
    """Tell NiceGUI of the pages. Once per process."""

    async def show(frame: Frame, page: QueuePage | CasePage | DevicesPage | DevicePage) -> None:
        await frame.live(page.refresh)

    @ui.page("/")
    async def queue_page(request: Request, find: str = "") -> None:
        frame = open_page(request, "queue.title", "queue")
        await show(frame, QueuePage(frame, find[:80]))

    @ui.page("/case/{case_id}")
    async def case_page(request: Request, case_id: int) -> None:
        frame = open_page(request, "queue.title", "case")
        await show(frame, CasePage(frame, case_id))

    @ui.page("/device/{device_id}")
    async def device_page(request: Request, device_id: str) -> None:
        frame = open_page(request, "devices.title", "devices")
        await show(frame, DevicePage(frame, device_id[:16]))

    @ui.page("/devices")
    async def devices_page(request: Request) -> None:
        frame = open_page(request, "devices.title", "devices")
        await show(frame, DevicesPage(frame))
