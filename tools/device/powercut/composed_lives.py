"""Lives of the stores together, on one journal, as the appliance composes them: starts are counted, faults come and are
told, the owner decides, receipts arrive, somebody clears."""

import random
from collections.abc import Iterator

from appliance.outbox.consent import Consent
from appliance.store.boot import count_boot, last_boot
from trivet_wire.ids import EVIDENCE, FAULT, OPERATION, PERSONAL, SAFETY, SERVICE

from .cutting import State
from .flash import StrictFlash
from .journal_lives import mounted
from .memory_lives import Room, Shape
from .queue_lives import loaded, messages, said

SHAPE = Shape(events=20, slots=5, confirm=2, heal=1, age=2, busy=0.2)


class House:
    """Everything that is stored, started. `boot` None: a reader that counts no start."""

    def __init__(self, flash: StrictFlash, counts: bool) -> None:
        self.journal = mounted(flash)
        self.boot = count_boot(self.journal) if counts else last_boot(self.journal)
        self.room = Room(self.journal, SHAPE, self.boot)
        self.spool = loaded(self.journal, self.boot if counts else 1 << 20)
        self.consent = Consent(self.journal, self.spool)

    def facts(self) -> State:
        """All of it; what lies in the journal is among the fault room's facts."""
        return (("boot", self.boot), *self.room.facts(), *said(self.consent, self.journal, self.spool))


def read_house(flash: StrictFlash) -> State:
    return House(flash, counts=False).facts()


def play_house(flash: StrictFlash, *, seed: int, lives: int = 3, cycles: int = 3) -> Iterator[State | None]:
    """`lives` starts with some operation cycles each; most end without a farewell, in the middle of a cycle."""
    chance = random.Random(seed)
    for life in range(lives):
        house = House(flash, counts=True)
        yield house.facts()
        house.room.manager.resume()
        for cycle in range(cycles):
            now = (life * cycles + cycle) * 100_000
            house.room.manager.cycle_start(now)
            house.room.live(life * cycles + cycle, chance, SHAPE.busy)
            yield from _idle(house, now)
            yield from _told(house, chance)
            yield from _visited(house, chance)
            if cycle < cycles - 1 or chance.random() < 0.3:
                house.room.manager.cycle_end(now + 5000)
                yield from _idle(house, now)


def _idle(house: House, now: int) -> Iterator[State | None]:
    while house.journal.service():
        yield None
    house.room.save(now)
    yield house.facts()


def _told(house: House, chance: random.Random) -> Iterator[State | None]:
    """One message a change, as far as consent goes; then some receipts."""
    change = bytearray(4)
    while house.room.manager.changes.take(change):
        purpose = chance.choice([SAFETY, SERVICE, PERSONAL])
        if house.consent.allows(purpose) and house.spool.count < 12:
            while house.journal.service():
                yield None
            kind = {SAFETY: FAULT, SERVICE: EVIDENCE, PERSONAL: OPERATION}[purpose]
            house.spool.append(kind, purpose, bytes(change) * chance.randint(5, 60))
            yield house.facts()
    waiting = messages(house.journal, house.spool)
    for (_, boot, seq), _ in waiting[: chance.randint(0, len(waiting))]:  # type: ignore[misc]  # always of three
        while house.journal.service():
            yield None
        house.spool.ack(boot, seq)
        yield house.facts()


def _visited(house: House, chance: random.Random) -> Iterator[State | None]:
    """The owner decides, or a technician clears."""
    if chance.random() < 0.6:
        while house.journal.service():
            yield None
        house.consent.decide(chance.choice([SERVICE, PERSONAL]), chance.random() < 0.7, 0, "de", chance.getrandbits(32))
        yield house.facts()
    if chance.random() < 0.5:
        while house.journal.service():
            yield None
        house.room.save(0)
        yield house.facts()
        while house.journal.service():
            yield None
        house.room.manager.clear(chance.randrange(SHAPE.events), 2, 4711)
        yield house.facts()
