"""A hazard pages a person at once, whatever the hour, and again until somebody has taken it; a page names nobody."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import seeded
from receiver_kit import Receiver, Reply, Request, receiver
from seeded import Vendor
from sqlalchemy import delete, select
from test_notify import NIGHT, said
from trivet.cases import work
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.notify import config
from trivet.notify.config import NotifyError, OnCall
from trivet.notify.oncall import RETRY_S, WHO, Pager, Plan
from trivet.outward.router import Router
from trivet.store.outward import OutboxRow
from trivet.store.pages import OVER, TAKEN, UNANSWERED, PageRow
from trivet.store.privacy import UseRow
from trivet.store.tables import RESOLVED, CaseEventRow, CaseRecord, LoginRow

BASE = "https://desk.example.com"


class House:
    """One oven with one case, people on call, and a clock that moves when it is told to."""

    def __init__(self, vendor: Vendor, case: int, there: Receiver, most: int = 3) -> None:
        self.vendor, self.case, self.now = vendor, case, NIGHT
        host = there.url.removeprefix("http://").removesuffix("/hook")
        self.oncall = OnCall({"duty": f"json://{host}/duty"}, again_minutes=5, most=most)
        self.router = Router(vendor.store, [Plan(self.oncall, self.clock)], now=self.clock)
        self.pager = Pager(vendor.store, self.oncall, BASE, now=self.clock)

    def clock(self) -> dt.datetime:
        return self.now

    async def happens(self, kind: str = "opened") -> None:
        async with self.vendor.store.writing() as session:
            session.add(CaseEventRow(case=self.case, actor="appliance", kind=kind, text="internal words"))

    async def turn(self, later: float = 0) -> None:
        self.now += dt.timedelta(seconds=later)
        await self.router.turn()
        while await self.pager.turn():
            pass

    async def page(self) -> PageRow:
        async with self.vendor.store.reading() as session:
            [row] = await session.scalars(select(PageRow))
            return row

    async def timeline(self) -> list[str]:
        async with self.vendor.store.reading() as session:
            query = select(CaseEventRow.kind).where(CaseEventRow.case == self.case).order_by(CaseEventRow.id)
            return list(await session.scalars(query))


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def house_of(vendor: Vendor) -> Callable[..., object]:
    async def made(there: Receiver, *, hazard: bool = True, most: int = 3) -> House:
        oven = await seeded.add_oven(vendor, "Ada's oven", "Ada Feldmann", "en")
        case = await seeded.add_case(vendor, oven.device, seeded.DOOR if hazard else seeded.ELEMENT)
        async with vendor.store.writing() as session:
            await session.execute(delete(OutboxRow))  # what the seed wrote
        return House(vendor, case, there, most)

    return made


async def test_at_night_it_pages_at_once_and_says_nothing_of_its_owner(house_of, vendor: Vendor) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there)
        await house.happens()
        await house.turn()
    [request] = there.requests
    told = said(request)
    assert told["title"].startswith("HAZARD: ")
    assert f"{BASE}/case/{house.case}" in told["message"]
    assert seeded.CODES[seeded.DOOR] in told["message"]
    for word in ("Ada", "Feldmann", "ada.feldmann", "internal words"):
        assert word not in str(told)
    assert (await house.timeline())[-1] == "paged"
    async with vendor.store.reading() as session:
        assert WHO in {row.who for row in await session.scalars(select(UseRow))}


async def test_what_is_no_hazard_pages_nobody(house_of) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there, hazard=False)
        await house.happens()
        await house.turn()
    assert there.requests == []


async def test_it_pages_again_until_a_person_takes_the_case(house_of, vendor: Vendor) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there)
        await house.happens()
        await house.turn()
        await house.turn(299)
        assert len(there.requests) == 1
        await house.turn(1)
        assert len(there.requests) == 2
        async with vendor.store.writing() as session:
            session.add(LoginRow(user="ben", password_hash="", role="agent"))
            await session.flush()
            await work.assign(Hand(session, house.case, DEFAULT, Actor("agent", "ben")), "ben", "mine")
        await house.turn(600)
        assert len(there.requests) == 2
    assert (await house.page()).state == TAKEN


async def test_what_ends_by_itself_pages_no_further(house_of, vendor: Vendor) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there)
        await house.happens()
        await house.turn()
        async with vendor.store.writing() as session:
            (await session.get_one(CaseRecord, house.case)).state = RESOLVED
        await house.turn(600)
        assert len(there.requests) == 1
    assert (await house.page()).state == OVER


async def test_nobody_answers_and_the_case_says_so(house_of) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there, most=2)
        await house.happens()
        for _ in range(5):
            await house.turn(600)
        assert len(there.requests) == 2
    assert (await house.page()).state == UNANSWERED
    assert (await house.timeline())[-1] == "not answered"


async def test_a_channel_that_is_away_is_tried_every_few_seconds_and_said_once(house_of) -> None:  # type: ignore[no-untyped-def]
    async def away(_: Request) -> Reply:
        return Reply(503)

    async with receiver(away) as there:
        house = await house_of(there)
        await house.happens()
        for _ in range(3):
            await house.turn(RETRY_S)
        assert len(there.requests) == 3
        assert (await house.timeline()).count("not paged") == 1
        assert (await house.page()).tries == 0


async def test_one_entry_pages_once_however_many_look_at_it(house_of, vendor: Vendor) -> None:  # type: ignore[no-untyped-def]
    async with receiver() as there:
        house = await house_of(there)
        await house.happens()
        await house.turn()
        await house.turn()
        await Pager(vendor.store, house.oncall, BASE, now=house.clock).turn()
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[oncall]\n[oncall.urls]\n", "pages nobody"),
        ('[oncall.urls]\nduty = "nothing://"\n', "none that apprise knows"),
        ('[oncall.urls]\n"On Duty" = "json://h"\n', "small letters and digits"),
        ('[oncall]\nagain_minutes = 0\n[oncall.urls]\nduty = "json://h"\n', "again_minutes"),
    ],
)
def test_what_cannot_be_paged_is_refused_at_the_start(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / config.FILE).write_text(text)
    with pytest.raises(NotifyError, match=says):
        config.load(tmp_path)
