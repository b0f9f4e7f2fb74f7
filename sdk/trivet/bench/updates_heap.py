"""What whole updates need of an appliance's heap, with TLS up: for each board a real cloud, a real appliance of it, and
one release, or two in a row, the second as a delta from the first, so that it finds an installed bundle in the heap.
Offered by signed command, fetched through the broker, installed, tried through an operation cycle, confirmed, each
state reported with the appliance's own signature.

Takes a board and a size of heap; gives the most that was in use, garbage included, and all that was said of it. Never
helps: the appliance keeps its gates, and goes on by itself. One piece of `bench updates`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from trivet_wire import ids

from trivet import boards, paths
from trivet.config import Settings
from trivet.consent import vendor
from trivet.release import folder, hands, roots
from trivet.release import sign as signing
from trivet.release.build import Order, build
from trivet.serve import Cloud
from trivet.sim.consent import consent_line
from trivet.sim.device import Device, Provision
from trivet.sim.world import HEAP_KIB, Event, World
from trivet.store.tables import MessageRow
from trivet.updates import give, keyring
from trivet.updates import publish as publishing

if TYPE_CHECKING:
    from . import Options

VERSIONS = ("1.1.0", "1.2.0")
SPOILT = frozenset({"crash", "no_heap", "reduced", "mute", "unheard", "watchdog", "crowded"})  # of too small a heap
_NEVER = {"start_s": 1e9, "off_s": 1e9}
# A short programme of each board, and what keeps it cool: where it ends hot, an update would wait for hours.
_CYCLES = {
    "oven": ({"target_c": 50.0, "load_s": 0.0}, 600.0),
    "dishwasher": ({"program": 3.0}, 1600.0),
    "washer": ({"program": 4.0}, 900.0),
}
_UP_S = 700.0  # of a trial, at least: ten minutes, and some
_REST_S = 600.0  # after a programme, for water and heat
_PATIENCE_S = 90.0  # real, for what the network brings
_ENDS = ["confirmed"], ["rolled back"]  # of a trial
_LOOK_S = 0.02  # real, for the network between two ticks


@dataclass
class Course:
    """What was seen of one board."""

    board: str
    versions: tuple[str, ...]
    peak: int = 0
    states: list[list[str]] = field(default_factory=list)  # as they were told, of each release
    signed: list[bool] = field(default_factory=list)  # each report that came
    spoilt: list[Event] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def why(self) -> str:
        """What went wrong, a single turn without heap too; "" when nothing did."""
        if self.spoilt:
            first = self.spoilt[0]
            return f"{first.kind} at {first.at_s:.0f} s: {dict(first.data)}"
        if self.ended:
            return self.ended
        return "" if self.signed and all(self.signed) else "a report came without a signature"

    @property
    def ended(self) -> str:
        """Why not every release was confirmed; "" when all were."""
        for version, states in zip(self.versions, self.states, strict=False):
            if states[-1:] != [ids.UPDATE_STATES[ids.U_CONFIRMED]]:
                return f"{version} went {', '.join(states) or 'nowhere'}"
        if len(self.states) < len(self.versions):
            return "it was not offered every release"
        return ""


def measure(options: Options) -> dict[str, Any]:
    """`heap_peak`, bytes, of the board that needs most; `heap_peaks` of each, and `heap_short`, how often each had to
    try again for want of heap. RuntimeError when an update did not end confirmed."""
    peaks, short = {}, {}
    for board in boards.available():
        options.say(f"{board}: a whole update through TLS, at a heap of {HEAP_KIB} KiB")
        with tempfile.TemporaryDirectory(prefix="trivet-updates-") as scratch:
            course = asyncio.run(updated(board, Path(scratch)))
        if course.ended:
            raise RuntimeError(f"{board} at its heap of {HEAP_KIB} KiB: {course.ended}; {course.why}")
        short[board] = len(course.spoilt)
        peaks[board] = course.peak
    return {"heap_peak": max(peaks.values()), "heap_peaks": peaks, "heap_short": short}


def show(result: dict[str, Any]) -> None:
    each = ", ".join(f"{board} {peak:,}" for board, peak in result["heap_peaks"].items())
    print(f"A whole update through TLS has used, of {HEAP_KIB * 1024:,} bytes of heap, at most: {each}.")
    tried = ", ".join(f"{board} {count}" for board, count in result["heap_short"].items() if count)
    print(f"Turns that found no heap, and were taken again: {tried or 'none'}.")


async def updated(board: str, scratch: Path, count: int = 1, heap_kib: int = HEAP_KIB) -> Course:
    """One new appliance of `board`, and so many releases in a row, at most two."""
    settings = Settings(data_dir=scratch / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    hand = hands.open_hand(f"file:{scratch / 'release.key'}", make=True)
    keyring.keep(settings.updates_dir, roots.Roots(1, 1, False, (hand.key,)).encode())
    course = Course(board, VERSIONS[:count])
    async with Cloud(settings, http=False) as cloud:
        its = boards.load(board)
        identity = await cloud.enrol(its.model, its.folder)
        world = await asyncio.to_thread(
            lambda: World(
                *(its, Device(scratch / "appliance")),
                settings=_NEVER | _CYCLES[board][0],
                identity=Provision.of(identity),
                heap_kib=heap_kib,
                on_event=course.events.append,
            )
        )
        try:
            await _Owner(cloud, world, course, hand, scratch).live(identity.device)
        finally:
            await asyncio.to_thread(world.close)
    course.peak = world.state.heap_peak
    course.spoilt = [event for event in course.events if event.kind in SPOILT]
    return course


@dataclass
class _Owner:
    """Vendor and owner of one appliance."""

    cloud: Cloud
    world: World
    course: Course
    hand: hands.Hand
    scratch: Path

    async def live(self, who: str) -> None:
        await asyncio.to_thread(self.world.say, consent_line("service", True))
        earlier: tuple[Path, ...] = ()
        for number, version in enumerate(self.course.versions, 1):
            made = await asyncio.to_thread(self._release, version, number, earlier)
            earlier = (made.path,)
            await self._publish(made)
            mark = len(self.course.events)
            await give.release(self.cloud.store, self.cloud.settings.updates_dir, who, version, "bench")
            done = await self._until(lambda mark=mark: self._states(mark)[-1:] == ["on trial"])  # type: ignore[misc]
            if done:
                await asyncio.to_thread(self._programme)
                await self._until(lambda mark=mark: self._states(mark)[-1:] in _ENDS and self._said())  # type: ignore[misc]
            self.course.states.append(self._states(mark))
            if self._states(mark)[-1:] != ["confirmed"]:
                break
        query = select(MessageRow.signed).where(MessageRow.device == who, MessageRow.kind == ids.UPDATE_REPORT)
        async with self.cloud.store.reading() as session:
            self.course.signed = [bool(one) for one in await session.scalars(query)]

    def _release(self, version: str, number: int, earlier: tuple[Path, ...]) -> folder.Release:
        """A security release, which waits for nobody's yes; its drivers hold one number more."""
        place = self.scratch / version
        board = place / self.course.board
        shutil.copytree(paths.boards() / self.course.board, board, ignore=shutil.ignore_patterns("plots"))
        with (board / "drivers.py").open("a", encoding="utf-8") as file:
            file.write(f"\n_RELEASE = {number}\n")
        domain = vendor.load(self.cloud.settings.data_dir).domain
        order = Order(version=version, sequence=number, security=True, earlier=earlier, vendor=domain)
        made = build(board, order, place / "release")
        signing.sign(made, [self.hand])
        return made

    async def _publish(self, made: folder.Release) -> None:
        settings = self.cloud.settings
        place = publishing.Place(self.cloud.store, settings.data_dir, settings.updates_dir)
        judged = await asyncio.to_thread(publishing.judge, place, made.path)
        await publishing.publish(place, judged, "bench")

    def _said(self) -> bool:
        """Everything that it had to say has come."""
        return self.world.state.connected and self.world.state.left == 0

    def _states(self, mark: int) -> list[str]:
        return [event.data["state"] for event in self.course.events[mark:] if event.kind == "update"]

    async def _until(self, done: Callable[[], bool]) -> bool:
        """A tick of virtual time now and then, the link in real time."""
        end = time.monotonic() + _PATIENCE_S
        while not done():
            if time.monotonic() > end:
                return False
            await asyncio.to_thread(self.world.idle, _LOOK_S, lambda: False)
            await asyncio.to_thread(self.world.step)
        return True

    def _programme(self) -> None:
        """An operation cycle of the new version, and the rest after it."""
        plant: Any = self.world.plant
        length = _CYCLES[self.course.board][1]
        plant.set["start_s"], plant.set["off_s"] = plant.now + 10, plant.now + 10 + length
        self.world.run_until(self.world.now_s + max(length, _UP_S) + _REST_S)
