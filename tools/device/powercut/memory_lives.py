"""Lives of the fault memory: faults come, confirm, displace, heal, age, are cleared and return, over operation cycles
and restarts."""

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.faults.config import EventConfig
from appliance.faults.history import History as SignalHistory
from appliance.faults.manager import Manager
from appliance.faults.memory import Memory
from appliance.faults.state import EventState
from appliance.store import records
from appliance.store.journal import Journal
from trivet_wire.ids import CONFIRMED, FAILED, FAILED_SINCE_CLEAR, PASSED, PENDING

from .cutting import State
from .flash import StrictFlash
from .journal_lives import everything, mounted

_LEFT_BY_A_FAULT = PENDING | CONFIRMED | FAILED_SINCE_CLEAR


@dataclass(frozen=True)
class Shape:
    """A board in small. `busy` is how likely a report fails."""

    events: int = 8
    slots: int = 3
    confirm: int = 2
    heal: int = 1
    age: int = 1
    busy: float = 0.3
    clears: int = 3  # one in so many cycles


class Room:
    """A started fault room on a journal."""

    def __init__(self, journal: Journal, shape: Shape, boot: int = 1) -> None:
        self.journal = journal
        config = EventConfig(shape.events)
        for event in range(shape.events):
            confirm = 1 + event % shape.confirm
            config.code(
                event, confirm=confirm, heal=shape.heal, age=shape.age, priority=event % 8, freeze=7, warning=True
            )
        self.state = EventState(shape.events)
        self.values = array("i", [100, 200, 300])
        history = SignalHistory(7, self.values, bytearray(3), 1000)
        self.memory = Memory(journal, config, self.state, history, boot, slots=shape.slots)
        self.memory.load()
        self.manager = Manager(config, self.state, self.memory)

    def facts(self) -> State:
        """Status and counters as loaded, and all records."""
        state = self.state
        for event in range(state.events):
            entry = self.memory.entry(event)
            if entry is not None and records.read(records.ENTRY, entry)["event"] != event:
                raise AssertionError("an entry of another event")
            if entry is not None and not state.status[event] & _LEFT_BY_A_FAULT:
                raise AssertionError("an entry without a fault")
        numbers = zip(state.status, state.failures, state.heals, state.ages, state.occurrence, strict=True)
        totals = (("totals", (state.cycles, state.open, state.overflow)),)
        return (*((("event", event), row) for event, row in enumerate(numbers)), *totals, *everything(self.journal))

    def live(self, cycle: int, chance: random.Random, busy: float) -> None:
        """Four seconds of reports."""
        for second in range(4):
            self.memory.uptime_s = cycle * 100 + second
            self.values[0] += chance.randint(-90, 90)
            for event in range(self.state.events):
                if chance.random() < 0.5:
                    verdict = FAILED if chance.random() < busy else PASSED
                    self.manager.report(event, verdict, cycle * 100_000 + second * 1000)

    def save(self, now: int) -> None:
        if not self.memory.service(now, force=True):
            raise AssertionError("a serviced journal has no room")


def read_memory(flash: StrictFlash, *, shape: Shape) -> State:
    return Room(mounted(flash), shape).facts()


def play_memory(flash: StrictFlash, *, seed: int, shape: Shape, cycles: int = 12) -> Iterator[State | None]:
    """Every save, clear and reclaim is a step; every fifth cycle begins with a restart."""
    chance = random.Random(seed)
    room = Room(mounted(flash), shape)
    for cycle in range(cycles):
        now = cycle * 100_000
        if cycle % 5 == 4:
            room = Room(mounted(flash), shape)
            room.manager.resume()
        room.manager.cycle_start(now)
        room.live(cycle, chance, shape.busy)
        if cycle % shape.clears == shape.clears - 1:
            yield from _served(room)
            room.save(now)
            yield room.facts()
            yield from _served(room)  # else a clear waits in RAM for room, like any save
            room.manager.clear(chance.randrange(shape.events), 1, 4711)
            yield room.facts()
        room.manager.cycle_end(now + 5000)
        yield from _served(room)
        room.save(now)
        yield room.facts()


def _served(room: Room) -> Iterator[None]:
    while room.journal.service():
        yield None
