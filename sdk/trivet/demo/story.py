"""The two stories of the demonstration, on real parts: an oven in MicroPython, a broker over TLS, a database, a desk.

Takes a running cloud and a place for the oven's flash; gives an `Outcome` per story with figures measured while
it ran. Never decides anything itself: the oven finds its fault, the cloud opens the case, this only watches both.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from trivet_wire import ids

from trivet.cases import queries
from trivet.cases.views import CaseView
from trivet.consent.access import Access, reading
from trivet.sim.device import Device
from trivet.sim.world import Event, World
from trivet.store.tables import MessageRow

if TYPE_CHECKING:
    from trivet.serve import Cloud

_CHUNK_S = 5.0  # virtual seconds between two looks at what happened
_HEARTBEAT_S = 920.0  # virtual; the appliance beats every 15 minutes
_PATIENCE_S = 20.0  # real seconds a message may take to become a case before the story is called broken


@dataclass(frozen=True)
class Story:
    """What is broken, when, and what a desk that understands the evidence must blame."""

    name: str
    title: str
    fault: str
    at_s: float
    until_s: float
    expected_cause: str
    seed: int


STORIES = (
    Story(
        "element", "The upper element breaks in the middle of a pizza", "element_top_open", 900, 2700, "element_top", 7
    ),
    Story("sensor", "The temperature sensor begins to lie", "ntc_drift", 900, 7200, "cavity_ntc", 11),
)


@dataclass
class Outcome:
    """What was seen. Times in seconds: `confirmed_after_s` virtual, `case_after_s` real; sizes in bytes on the wire."""

    story: str
    expected_cause: str
    code: str = ""
    first_cause: str = ""
    confidence: float = 0.0
    confirmed_after_s: float | None = None
    case_after_s: float | None = None
    bytes: dict[str, int | None] = field(default_factory=dict)
    case: int | None = None

    @property
    def good(self) -> bool:
        """The right cause first, within a second of the message."""
        return self.first_cause == self.expected_cause and self.case_after_s is not None and self.case_after_s < 1


class Teller:
    """Tells stories of one oven: drives its world in a thread and looks at the desk's database."""

    def __init__(self, cloud: "Cloud", flash: Device, who: str, say: Callable[[str], None], pace: float = 0.0) -> None:
        """`flash` is that of device `who`, provisioned; `pace` is virtual seconds per real second, 0: as fast as it
        goes."""
        self._cloud = cloud
        self._flash = flash
        self._who = who
        self._say = say
        self._pace = pace

    async def tell(self, story: Story) -> Outcome:
        """Bake until the fault is found and its case is there, then let one heartbeat pass."""
        self._say(story.title)
        world = await asyncio.to_thread(World, "oven", self._flash, seed=story.seed, faults=[(story.fault, story.at_s)])
        try:
            return await self._tell(story, world)
        finally:
            world.close()

    async def _tell(self, story: Story, world: World) -> Outcome:
        outcome = Outcome(story.name, story.expected_cause)
        world.say("clear")  # whatever an earlier story left behind has been repaired
        world.say("consent service yes")
        confirmed = await self._until_confirmed(world, story.until_s)
        if confirmed is None:
            self._say(f"  nothing was found in {story.until_s / 60:.0f} minutes")
            return outcome
        outcome.confirmed_after_s = round(confirmed.at_s - story.at_s, 1)
        self._say(
            f"  {_clock(confirmed.at_s)}  the oven found it by itself, {outcome.confirmed_after_s:.0f} s after it broke"
        )
        await asyncio.to_thread(world.idle, _PATIENCE_S)
        for line in world.state.display.splitlines():
            self._say(f"         │ {line}")
        case = await self._case(str(confirmed.data["code"]))
        if case is None:
            self._say("  the message came, but no case was opened")
            return outcome
        queued = next(event for event in world.events if event.kind == "queued" and event.real >= confirmed.real)
        outcome.case_after_s = round(case.row.opened_at.timestamp() - queued.real, 3)
        outcome.case, outcome.code = case.row.id, case.code
        outcome.first_cause, outcome.confidence = case.causes[0].name, round(case.causes[0].probability, 2)
        await self._heartbeat(world)
        outcome.bytes = await self._sizes()
        return outcome

    async def _until_confirmed(self, world: World, end: float) -> Event | None:
        while world.now_s < end:
            await asyncio.to_thread(world.run_until, min(end, world.now_s + _CHUNK_S))
            if self._pace:
                await asyncio.sleep(_CHUNK_S / self._pace)
            for event in world.events:
                if event.kind == "fault" and event.data["status"] & ids.CONFIRMED:
                    return event
        return None

    async def _case(self, code: str) -> CaseView | None:
        access = Access("service", "demonstration", "It shows the case that its own oven made")
        async with reading(self._cloud.store, access) as read:
            for row in await queries.queue(read):
                if (row.device, row.code) == (self._who, code):
                    found = await queries.case(read, row.id)
                    return found if isinstance(found, CaseView) else None
        return None

    async def _heartbeat(self, world: World) -> None:
        """Heartbeats need a yes to `improve`: the owner gives it, one heartbeat passes, the owner takes it back."""
        world.say("consent improve yes")
        await asyncio.to_thread(world.run_until, world.now_s + _HEARTBEAT_S)
        await asyncio.to_thread(world.idle, _PATIENCE_S)
        world.say("consent improve no")
        await asyncio.to_thread(world.idle, _PATIENCE_S)

    async def _sizes(self) -> dict[str, int | None]:
        """The largest message of each kind that the cloud received, in bytes."""
        kinds = {"fault": ids.FAULT, "evidence": ids.EVIDENCE, "heartbeat": ids.HEARTBEAT}
        async with self._cloud.store.reading() as session:
            return {
                name: await session.scalar(
                    select(func.max(func.length(MessageRow.raw))).where(
                        MessageRow.device == self._who, MessageRow.kind == kind
                    )
                )
                for name, kind in kinds.items()
            }


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"
