"""Histories to cut: each a short life of one store on a strict flash, as steps that each must happen whole or not at
all.

A history gives a function that plays one life (yielding after each step) and one that reads back, from a bare image,
all that a start would find: the state that may only be the old or the new one.
"""

import random
import struct
from array import array
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from appliance.faults.config import EventConfig
from appliance.faults.history import History as SignalHistory
from appliance.faults.manager import Manager
from appliance.faults.memory import Memory
from appliance.faults.state import EventState
from appliance.outbox.spool import Spool
from appliance.store import records
from appliance.store.boot import count_boot, last_boot
from appliance.store.journal import Journal
from flash import StrictFlash
from trivet_wire.ids import EVIDENCE, FAILED, FAULT, HEARTBEAT, PASSED, SERVICE

Life = Callable[[StrictFlash], Iterator[Hashable]]


@dataclass(frozen=True)
class History:
    """`play` yields what must be readable after each step; `read` gives what a start finds."""

    name: str
    sectors: int
    play: Life
    read: Callable[[StrictFlash], Hashable]


def mounted(flash: StrictFlash) -> Journal:
    journal = Journal(flash)
    journal.mount()
    return journal


def everything(journal: Journal) -> Hashable:
    """All live records, by type and key."""
    buf = bytearray(1024)
    found = []
    for kind in range(1, 40):
        key = journal.next_key(kind)
        while key >= 0:
            length = journal.get(kind, key, buf)
            assert length >= 0, "a live record cannot be read"
            found.append((kind, key, bytes(buf[:length])))
            key = journal.next_key(kind, key)
    return tuple(found)


def read_journal(flash: StrictFlash) -> Hashable:
    return everything(mounted(flash))


def play_journal(flash: StrictFlash, steps: int = 160, seed: int = 1) -> Iterator[Hashable]:
    """Puts, deletes and groups of random records, reclaimed as they go; the model is a dict."""
    chance = random.Random(seed)
    journal = mounted(flash)
    model: dict[tuple[int, int], bytes] = {}
    for _ in range(steps):
        group = chance.random() < 0.25
        count = chance.randint(2, 5) if group else 1
        after = dict(model)
        while journal.service():
            yield tuple(sorted((k, n, v) for (k, n), v in model.items()))
        assert not group or journal.begin()
        for _ in range(count):
            kind, key = chance.randint(1, 3), chance.randint(0, 7)
            if chance.random() < 0.25:
                journal.delete(kind, key)
                after.pop((kind, key), None)
            else:
                payload = chance.randbytes(chance.choice([0, 1, 7, 8, 30, 200, 500]))
                journal.put(kind, key, payload)
                after[kind, key] = payload
        if group:
            journal.commit()
        model = after
        yield tuple(sorted((k, n, v) for (k, n), v in model.items()))


def appliance(flash: StrictFlash) -> tuple[Journal, EventState, Memory, Manager, "array[int]"]:
    """A started fault room on a flash: eight events, three entries."""
    journal = mounted(flash)
    config = EventConfig(8)
    for event in range(8):
        config.code(event, confirm=1 + event % 2, heal=1, age=1, priority=event, freeze=7, warning=True)
    state = EventState(8)
    values = array("i", [100, 200, 300])
    memory = Memory(journal, config, state, SignalHistory(7, values, bytearray(3), 1000), 1, slots=3)
    memory.load()
    return journal, state, memory, Manager(config, state, memory), values


def what_is_stored(journal: Journal, state: EventState) -> Hashable:
    """Status and counters as loaded, and all records."""
    numbers = tuple(map(bytes, (state.status, state.failures, state.heals, state.ages, state.occurrence)))
    return numbers, state.cycles, state.open, state.overflow, everything(journal)


def read_memory(flash: StrictFlash) -> Hashable:
    journal, state, memory, _, _ = appliance(flash)
    for event in range(8):
        entry = memory.entry(event)
        if entry is not None:
            assert records.read(records.ENTRY, entry)["event"] == event
            assert state.status[event] & 0x2C, "an entry without a fault"
    return what_is_stored(journal, state)


def play_memory(flash: StrictFlash) -> Iterator[Hashable]:
    """Faults come, confirm, displace, heal, age, get cleared and come back over some cycles."""
    chance = random.Random(7)
    journal, state, memory, manager, values = appliance(flash)
    for cycle in range(18):
        now = cycle * 100_000
        manager.cycle_start(now)
        for second in range(4):
            memory.uptime_s = cycle * 100 + second
            values[0] += chance.randint(-90, 90)
            for event in range(8):
                if chance.random() < 0.5:
                    manager.report(event, FAILED if chance.random() < 0.3 else PASSED, now + second * 1000)
        if cycle % 3 == 2:
            while journal.service():
                yield None
            assert memory.service(now, force=True)
            yield what_is_stored(journal, state)
            manager.clear(chance.randrange(8), 1, 4711)
            yield what_is_stored(journal, state)
        manager.cycle_end(now + 5000)
        while journal.service():
            yield None
        assert memory.service(now, force=True)
        yield what_is_stored(journal, state)


def read_spool(flash: StrictFlash) -> Hashable:
    journal = mounted(flash)
    spool = Spool(journal, 1 << 20)
    spool.load()
    found, buf = [], bytearray(1024)
    while length := spool.peek(buf):
        found.append((spool.slot_boot, spool.slot_seq, spool.slot_kind, bytes(buf[:length])))
        spool.mark_sent()
    return tuple(found)


def play_spool(flash: StrictFlash) -> Iterator[Hashable]:
    """Messages come and are receipted one at a time, over several starts; the model is a list."""
    chance = random.Random(3)
    model: list[tuple[int, int, int, bytes]] = []
    for boot in range(1, 6):
        journal = mounted(flash)
        spool = Spool(journal, boot)
        spool.load()
        for _ in range(25):
            while journal.service():
                yield tuple(model)
            if model and chance.random() < 0.5:
                boot_of, seq, _, _ = model.pop(0)
                assert spool.ack(boot_of, seq) == 1
            else:
                kind = chance.choice([FAULT, EVIDENCE, HEARTBEAT])
                message = chance.randbytes(chance.randint(20, 400))
                model.append((boot, spool.append(kind, SERVICE, message), kind, message))
            yield tuple(model)


def play_boots(flash: StrictFlash) -> Iterator[Hashable]:
    """Start after start; in between the journal is filled, so that the counter is reclaimed too."""
    for start in range(1, 40):
        journal = mounted(flash)
        yield start - 1
        assert count_boot(journal) == start
        yield start
        for key in range(6):
            journal.put(records.STATUS, key, struct.pack("<I", start) * 60)
            yield start
        while journal.service():
            yield start


def read_boot(flash: StrictFlash) -> Hashable:
    return last_boot(mounted(flash))


HISTORIES = (
    History("journal", 8, play_journal, read_journal),
    History("fault memory", 8, play_memory, read_memory),
    History("spool", 8, play_spool, read_spool),
    History("boot counter", 8, play_boots, read_boot),
)
