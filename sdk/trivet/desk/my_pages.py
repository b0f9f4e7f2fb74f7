"""The owner's pages: my appliances, one appliance. Take what `trivet.owners` and `trivet.consent` say, give live pages;
the only things they write are decisions: on a purpose, on what is proposed, on a visit, on an update, on hours
without updates. Every look asks anew
whether the appliance is still this owner's.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from nicegui import ui
from trivet_wire import ids

from trivet.api.auth import User
from trivet.care import tips
from trivet.consent import periods, requests, retention, state, texts, uses
from trivet.consent.access import reading
from trivet.desk import gate
from trivet.desk.frame import Frame, Island, open_page
from trivet.desk.my_care import CareCard
from trivet.desk.my_cases import CasesCard
from trivet.desk.my_remote import RemoteCard
from trivet.desk.my_updates import UpdatesCard
from trivet.desk.my_visits import VisitsCard
from trivet.owners import cases, change, happened, health, looks, sent
from trivet.owners.own import Own, all_of, own
from trivet.remote import listing as remote
from trivet.updates import listing, views
from trivet.visits import listing as visits

FEW = 5  # lines of a log before somebody asks for all
WHY = "looked at their own page"


class Purpose:
    """One purpose: its text, its switch, where it stands. The switch is kept, so that it keeps the focus."""

    def __init__(self, page: MyPage, name: str) -> None:
        self.page, self.name = page, name
        self.wish = False
        with ui.element("li").classes("purpose"):
            with ui.element("div").classes("purpose-head"):
                self.head = Island("stack")
                if name != ids.PURPOSE_NAMES[ids.SAFETY]:
                    self.switch = ui.element("button").classes("switch").props("type=button role=switch")
                    self.switch.props["aria-label"] = page.frame.words.purpose(name)
                    self.switch.on("click", self._press)
            self.stands = Island(props="role=status")
            self.text = Island()

    def show(self, standing: state.Standing, refused: state.Request | None) -> None:
        """Draw what changed."""
        draw, page = self.page.frame.draw, self.page
        shown = texts.text(self.name, page.frame.words.language, page.periods)
        self.wish = standing.pending.granted if standing.pending else standing.granted
        self.head.show(draw("my.html", "purpose_head", text=shown))
        self.stands.show(draw("my.html", "stands", standing=standing, refused=refused, own=page.own))
        self.text.show(draw("my.html", "purpose_text", text=shown, open=not self.wish))
        if self.name != ids.PURPOSE_NAMES[ids.SAFETY]:
            self.switch.props["aria-checked"] = str(self.wish).lower()
            self.switch.classes(replace="switch pending" if standing.pending else "switch")
            self.switch.update()

    async def _press(self) -> None:
        await self.page.decide(self.name, not self.wish)


class Log:
    """A card with the newest lines of a log, all of them at a press."""

    def __init__(self, page: MyPage, name: str) -> None:
        self.page, self.name, self.all = page, name, False
        with ui.element("section").classes("card log") as self.element:
            self.head = Island()
            self.lines = Island()
            self.more = Island("more", "button", props="type=button").element
            self.more.on("click", self._more)
        self.values: list[object] = []

    def show(self, lines: list[object], **values: object) -> None:
        """Draw what changed."""
        words, shown = self.page.frame.words, lines if self.all else lines[:FEW]
        self.values = lines
        self.head.show(self.page.frame.draw("my.html", f"{self.name}_head", lines=lines, **values))
        self.lines.show(self.page.frame.draw("my.html", f"{self.name}_lines", lines=shown))
        self.more.set_visibility(len(lines) > FEW)
        text = words("my.fewer") if self.all else words("my.all", n=len(lines))
        if self.more.content != text:
            self.more.content = text
        self.more.props["aria-expanded"] = str(self.all).lower()

    async def _more(self) -> None:
        self.all = not self.all
        await self.page.refresh()


@dataclass(frozen=True)
class Facts:
    """Everything on the page, read in one go."""

    own: Own
    cases: list[cases.OwnCase]
    visits: list[visits.Visit]
    care: tips.Care
    sessions: list[remote.Session]
    standing: state.State
    asked: list[state.Request]
    messages: list[sent.Sent]
    total: tuple[int, int]
    refused: dict[int, int]
    looks: list[uses.Line]
    events: list[happened.Happening]
    promises: list[retention.Promise]
    updates: views.Updates


class MyPage:
    """One appliance."""

    def __init__(self, frame: Frame, user: User, device: str) -> None:
        self.frame, self.user, self.device = frame, user, device
        self.own: Own | None = None
        self.periods = periods.load(frame.cloud.settings.data_dir)
        with frame.main:
            self.head = Island("own-head")
            with ui.element("div").classes("columns own-columns") as self.columns:
                with ui.element("div"):
                    self.remote = RemoteCard(self)
                    self.cases, self.visits = CasesCard(self), VisitsCard(self)
                    self.care = CareCard(self)
                    self.updates = UpdatesCard(self)
                    self._purposes()
                with ui.element("div"):
                    self.sent, self.uses, self.happened = (Log(self, name) for name in ("sent", "uses", "happened"))
                    self.keep = Island("card", "section")
                    self.yours = Island("card yours", "section")

    def _purposes(self) -> None:
        with ui.element("section").classes("card allowed-card"):
            Island(html=self.frame.draw("my.html", "allowed_head"))
            with ui.element("ul").classes("purposes"):
                self.purposes = [Purpose(self, name) for name in ids.PURPOSE_NAMES]

    async def stamp(self) -> str:
        """Differs after every change that this page shows."""
        async with self.frame.cloud.store.reading() as session:
            mine = await own(session, self.user.owner, self.device)
            return await change.stamp(session, mine) if mine else "gone"

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        facts = await self._read()
        self.columns.set_visibility(facts is not None)
        if facts is None:
            self.own = None
            self.head.show(self.frame.draw("my.html", "missing"))
            return
        self.own = facts.own
        ui.page_title(f"{facts.own.name} · Trivet")
        draw = self.frame.draw
        self.head.show(draw("my.html", "head", own=facts.own))
        self.cases.show(facts.cases)
        self.visits.show(facts.visits)
        self.care.show(facts.care)
        self.remote.show(facts.sessions)
        self.updates.show(facts.updates)
        self.keep.show(draw("my.html", "keep", periods=self.periods, promises=facts.promises))
        self.yours.show(draw("my.html", "yours", own=facts.own))
        for purpose in self.purposes:
            standing = facts.standing.of(purpose.name)
            purpose.show(standing, _refused(facts.asked, standing))
        self.sent.show(list(facts.messages), total=facts.total, refused=facts.refused)
        self.uses.show(list(facts.looks))
        self.happened.show(list(facts.events))

    async def _read(self) -> Facts | None:
        async with reading(self.frame.cloud.store, looks.own_access(self.user.owner, WHY)) as read:
            session = read.session
            mine = await own(session, self.user.owner, self.device)
            standing = await state.of(session, self.device) if mine else None
            if mine is None or standing is None:
                return None
            updates = await listing.of(read, self.device, after=mine.after)
            assert updates is not None  # it is theirs, so it is enrolled
            read.note(self.device, "page")
            return Facts(
                own=mine,
                cases=await cases.of(read, mine),
                visits=await visits.of_device(read, self.device, after=mine.after),
                care=await tips.of(session, self.device),
                sessions=await remote.of_device(read, self.device, after=mine.after),
                standing=standing,
                asked=await requests.of(session, self.device),
                messages=await sent.lines(session, mine),
                total=await sent.count(session, mine),
                refused=await sent.refused(session, mine),
                looks=await looks.lines(session, mine),
                events=await happened.lines(session, mine),
                promises=await retention.promises(read, self.device, self.periods),
                updates=updates,
            )

    async def decide(self, purpose: str, granted: bool) -> None:
        """The owner pressed a switch, under the text that stands beside it."""
        async with self.frame.cloud.store.writing() as session:
            if await own(session, self.user.owner, self.device) is None:
                return
            await requests.decide(
                session,
                self.device,
                purpose,
                granted,
                language=self.frame.words.language,
                who=looks.name_of(self.user.owner),
                periods=self.periods,
            )
        await self.refresh()


def _refused(asked: list[state.Request], standing: state.Standing) -> state.Request | None:
    """The newest request on this purpose, where the appliance refused it and nothing was decided since."""
    newest = next((one for one in asked if one.purpose == standing.purpose), None)
    if newest is None or newest.state != "refused":
        return None
    decided = standing.decision
    return newest if decided is None or decided.received_at < newest.at else None


class ListPage:
    """All appliances of one owner."""

    def __init__(self, frame: Frame, user: User) -> None:
        self.frame, self.user = frame, user
        with frame.main:
            self.list = Island("own-list")

    async def stamp(self) -> str:
        """Differs after every change that this page shows."""
        return repr(await self._read())

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        self.list.show(self.frame.draw("my.html", "appliances", found=await self._read()))

    async def _read(self) -> list[tuple[Own, list[health.Trouble]]]:
        async with reading(self.frame.cloud.store, looks.own_access(self.user.owner, WHY)) as read:
            mine = await all_of(read.session, self.user.owner)
            for one in mine:
                read.note(one.device, "page")
            return [(one, await health.troubles(read.session, one)) for one in mine]


def register() -> None:
    """Tell NiceGUI of the pages. Once per process."""

    @ui.page(gate.OWN)
    async def my_appliances(request: Request) -> None:
        user: User = request.scope["trivet.user"]
        frame = open_page(request, "my.appliances", bar="my_bar")
        async with frame.cloud.store.reading() as session:
            mine = await all_of(session, user.owner)
        page = MyPage(frame, user, mine[0].device) if len(mine) == 1 else ListPage(frame, user)
        await frame.live(page.refresh, page.stamp)

    @ui.page(gate.OWN + "/{device}")
    async def my_appliance(request: Request, device: str) -> None:
        user: User = request.scope["trivet.user"]
        frame = open_page(request, "my.appliances", bar="my_bar")
        page = MyPage(frame, user, device[:16])
        await frame.live(page.refresh, page.stamp)
