"""A fault that a fix from afar really cures: somebody put another pump in, and the old one's is held for normal. Real
firmware, engine, database; the appliance's own monitors say whether it helped, and nobody else does."""

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from appliance.store.records import LEARNED
from commands_house import House, house
from sqlalchemy import select
from trivet.cases import proposals
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.remote import acts, job, sessions
from trivet.store.cases import CaseWorkRow, OutcomeRow, ProposalRow
from trivet.store.remote import ENDED, OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import RESOLVED, CaseEventRow, CaseRecord, utcnow
from trivet_wire import ids

AGENT = Actor("agent", "ida")
OWNER = Actor("owner", "ada@example.org")
WASH_S = 3600.0  # a programme, and until the person has emptied it
LEARNED_S = 2000.0
FOR_S = 3600


@dataclass
class Kitchen:
    """A dishwasher with a new pump, and the desk that works on its case."""

    home: House

    async def run(self, seconds: float) -> None:
        """So much virtual time, with the link served."""
        world = self.home.world
        await asyncio.to_thread(world.run_until, world.now_s + seconds)

    async def off(self) -> None:
        self.home.world.plant.set["off_s"] = self.home.world.now_s  # type: ignore[attr-defined]
        await self.run(60)

    async def wash(self) -> None:
        """The person switches it on once more."""
        world = self.home.world
        await self.off()
        world.plant.set |= {"start_s": world.now_s + 5, "off_s": world.now_s + WASH_S}  # type: ignore[attr-defined]
        await self.run(WASH_S)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        await self.home.serve(true)

    async def all(self, table: type[Any]) -> list[Any]:
        async with self.home.cloud.store.reading() as session:
            return list(await session.scalars(select(table).order_by(*table.__table__.primary_key)))

    async def last(self, table: type[Any]) -> Any:
        return (await self.all(table))[-1]

    async def case(self) -> CaseRecord:
        [found] = [one for one in await self.all(CaseRecord) if one.code.startswith("C02-5")]
        return found

    async def hand(self, what: Any, *args: Any, actor: Actor = AGENT) -> Any:
        case = await self.case()
        async with self.home.cloud.store.writing() as session:
            return await what(Hand(session, case.id, DEFAULT, actor), *args)

    async def connected(self) -> int:
        """A session that the appliance has opened; its number."""
        row: RemoteSessionRow = await self.hand(sessions.begin, FOR_S, "the new pump is not known yet")

        async def open_() -> bool:
            return (await self.last(RemoteSessionRow)).state == OPEN

        await self.until(open_)
        return row.id

    async def fixed(self, hours: int = acts.WAITS_H) -> RemoteActRow:
        """Relearn, as an approved proposal says; done, and waiting for what the monitors say."""
        wish = proposals.Wish("a workshop put a pump in", "remote_fix", fix="relearn")
        row = await self.hand(proposals.propose, wish)
        await self.hand(proposals.decide, row.id, proposals.APPROVE, "costs nothing")
        number = await self.connected()
        await self.hand(acts.fix, number, acts.Wish(acts.FIX, "relearn", "the pump is new", row.id), hours)
        await self.until(lambda: self.acted(acts.VERIFYING))
        found: RemoteActRow = await self.last(RemoteActRow)
        return found

    async def acted(self, state: str) -> bool:
        return bool((await self.last(RemoteActRow)).state == state)

    async def kinds(self) -> list[str]:
        case = await self.case()
        return [one.kind for one in await self.all(CaseEventRow) if one.case == case.id]

    def learned(self) -> list[bytes]:
        """What the appliance keeps as normal, as another reader of its journal finds it."""
        copy = self.home.world.device.folder / "copy.img"
        shutil.copy(self.home.world.device.journal, copy)
        journal = Journal(FileFlash(str(copy), 16))
        journal.mount()
        found, key = [], journal.next_key(LEARNED)
        for key in range(1024):
            buf = bytearray(max(0, journal.length(LEARNED, key)))
            if buf:
                journal.get(LEARNED, key, buf)
                found.append(bytes(buf))
        return found


@asynccontextmanager
async def kitchen(folder: Path) -> AsyncIterator[Kitchen]:
    """It washed until it knew its pump; then it got another, and says after the next minutes that this one is worn."""
    async with house(folder, board="dishwasher", settings={"program": 2}) as home:
        home.world.say("consent service yes")
        made = Kitchen(home)
        await made.run(LEARNED_S)
        home.world.plant.set["pump"] = 1  # type: ignore[attr-defined]
        await made.run(WASH_S - LEARNED_S)
        await made.off()

        async def opened() -> bool:
            return any(one.code.startswith("C02-5") for one in await made.all(CaseRecord))

        await made.until(opened)
        yield made


async def test_a_fix_that_helps_is_confirmed_by_the_appliance_and_closes_the_case(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as desk:
        before = desk.learned()
        assert (await desk.case()).status & ids.TEST_FAILED
        await desk.fixed()
        assert desk.learned() != before
        assert (await desk.case()).state != RESOLVED  # done is not yet mended
        await desk.hand(sessions.stop, (await desk.last(RemoteSessionRow)).id, ids.END_DESK, "done")
        for _ in range(2):
            await desk.wash()
        await desk.until(lambda: desk.acted(acts.HELPED))
        case = await desk.case()
        assert case.state == RESOLVED
        assert (await desk.last(ProposalRow)).state == proposals.DONE
        outcome = await desk.last(OutcomeRow)
        assert (outcome.kind, outcome.cause, outcome.visit, outcome.by) == ("fixed", "old_normal", False, "system")
        kinds = await desk.kinds()
        story = ["remote_asked", "remote_begun", "remote_fix", "remote_done", "remote_ended", "remote_passes"]
        assert [kind for kind in kinds if kind in story] == story
        assert kinds.index("remote_passes") < kinds.index("remote_helped")


async def test_a_fix_that_does_not_help_is_taken_back_and_a_person_takes_over(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as desk:
        before = desk.learned()
        act = await desk.fixed(1)
        await job.turn(desk.home.cloud.store, DEFAULT, utcnow() + dt.timedelta(minutes=59))
        assert await desk.acted(acts.VERIFYING)
        later = utcnow() + dt.timedelta(minutes=61)
        async with desk.home.cloud.store.writing() as session:
            (await session.get_one(RemoteSessionRow, act.session)).until = later + dt.timedelta(hours=1)
        await job.turn(desk.home.cloud.store, DEFAULT, later)
        assert await desk.acted(acts.NOT_HELPED)
        case = await desk.case()
        assert case.state != RESOLVED
        assert case.next_step != "remote_fix"
        assert (await desk.last(ProposalRow)).state == "failed"
        assert next(row for row in await desk.all(CaseWorkRow) if row.case == case.id).escalated
        await desk.hand(acts.undo, act.session, act.id, "it is worn after all")
        await desk.until(lambda: desk.acted(acts.DONE))
        assert desk.learned() == before
        assert "remote_undone" in await desk.kinds()


async def test_the_owner_stops_it_in_the_middle_of_a_self_test(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as desk:
        world = desk.home.world
        safe = tuple(one.safe for one in world.board.outputs)
        number = await desk.connected()
        await desk.hand(acts.run, number, acts.Wish(acts.TEST, "circulation_pump", "does it turn"))

        async def drives() -> bool:
            return world.outputs != safe

        await desk.until(drives)
        await desk.hand(sessions.stop, number, ids.END_ACCOUNT, "not now", actor=OWNER)
        assert (await desk.last(RemoteSessionRow)).state == ENDED

        async with asyncio.timeout(40):  # no tick passes: it does not come to its end by itself
            while not any(event.data.get("by") == ids.END_ACCOUNT for event in world.events if event.kind == "remote"):
                await asyncio.to_thread(world.idle, 0.1)
        await asyncio.to_thread(world.step)
        assert world.outputs == safe
        await desk.until(lambda: desk.acted(acts.REFUSED))
        assert (await desk.last(RemoteActRow)).reason == ids.R_STOPPED
        late = await desk.home.settled(await desk.home.give(ids.C_TEST, ids.G_SERVICE, number, "circulation_pump"))
        assert late.reason == ids.R_SESSION
        assert world.outputs == safe
