"""An oven around the firmware's own update machine, in CPython: real journal, slots, boot loader's rules, chooser and
orders. Notes every step towards another version together with what stood against it at that moment, by rules of its
own.
"""

import functools
from collections.abc import Callable
from typing import Any

from appliance.store.reset import forget
from appliance.trust import p256
from appliance.update import chooser, joint, kept, memory, orders, otadata
from appliance.update.machine import Machine
from appliance.updating import ALONE, ALONE_AT, STEP_MS
from lived_flash import DEADLINE, NOON, SECTOR, Disk, Maker, Offered
from trivet_wire import ids
from updating import heap, house  # noqa: F401  # the heap takes the place of gc
from updating.flash import PowerCut

HOT, CLOSED = 60, 0  # limits of the two holds
OVER = (ids.U_IDLE, ids.U_CONFIRMED, ids.U_ROLLED_BACK, ids.U_REFUSED)
PATIENCE_S = 6 * 3600  # a cycle holds up the way back, at most

p256.verify = functools.cache(p256.verify)  # type: ignore[assignment]  # a few signatures, thousands of times


class Slots(house.Slots):
    """Says which image is to start."""

    chosen: Callable[[int], None]

    def set_boot(self, slot: int) -> None:
        self.chosen(slot)
        super().set_boot(slot)


class Heart(house.Heart):
    """Two signals that hold an update up, two events of which the second is hazardous, an operation cycle."""

    def __init__(self, oven: "Oven") -> None:
        super().__init__()
        self.oven = oven
        self.holds = (0, 0, HOT, 1, 1, 1, CLOSED, 1)  # type: ignore[assignment]
        self.manager.status = bytearray(2)  # type: ignore[attr-defined]
        self.sense()

    def sense(self) -> None:
        oven = self.oven
        self.signals.values = [oven.temperature, oven.locked]  # type: ignore[attr-defined]
        self.signals.validity = bytearray(ids.VALID if oven.sensed else ids.VALID + 1 for _ in range(2))  # type: ignore[attr-defined]
        self.manager.status[0] = ids.TEST_FAILED * oven.faulty  # type: ignore[attr-defined]
        self.manager.status[1] = ids.TEST_FAILED * oven.hazard  # type: ignore[attr-defined]
        self.manager.state.cycles = oven.cycles - oven.began  # type: ignore[attr-defined]

    def in_cycle(self) -> bool:
        return self.oven.cycle

    def code(self, event: int) -> int:
        return 4711 + event

    def hazard(self, event: int) -> bool:
        return event == 1


class Ports(house.Ports):
    oven: "Oven"

    def wall_s(self) -> int:
        return self.oven.wall


class Oven:
    """It is switched on. `steps`: everything that led towards another version, and what stood against it then."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.flash = maker.flash()
        self.disk = Disk(self.flash, dict(maker.files))
        self.disk.staged = lambda: self.note("stage")
        self.steps: list[tuple[str, str]] = []
        self.states: list[str] = []  # that were told
        self.wall, self.cycle, self.temperature, self.locked = NOON, False, 20, 0
        self.sensed, self.faulty, self.hazard = True, False, False
        self.cycles = self.began = 0
        self.said: tuple[int, int] | None = None  # the owner's word on what is offered, and until when
        self.excluded = (0, 0)
        self.offered: Offered | None = None
        self.installed = 1
        self.start(ids.RESET_POWER_ON)

    # -- lives ---------------------------------------------------------------------------------------------------------

    def start(self, cause: int) -> None:
        """Boot loader, chooser, a new life. A cut in the middle of it is one more power cut."""
        self.flash.dead = False
        try:
            self._start(cause)
        except PowerCut:
            self.start(ids.RESET_POWER_ON)

    def _start(self, cause: int) -> None:
        part = self.flash.parts["otadata"]
        first, second = bytearray(otadata.ENTRY), bytearray(otadata.ENTRY)
        part.read(0, first)
        part.read(SECTOR, second)
        slot, writes = otadata.started(first, second)
        for sector, entry in writes:
            part.erase(sector)
            part.program(sector * SECTOR, entry)
        ports = self.ports = Ports(self.flash, self.disk, self.disk, slot, cause)
        ports.oven = self
        ports.slots = Slots(self.flash, slot)
        ports.slots.chosen = self._chosen
        ports.tell = self._told  # type: ignore[method-assign]
        choice = chooser.choose(ports)
        if self.flash.dead:
            raise PowerCut  # the chooser comes through whatever flash does
        if choice is not None and choice.restart:
            return self._start(ids.RESET_SOFT)
        self.began, self.cycle = self.cycles, False
        retained = self.flash.retained
        alone = retained[ALONE_AT] == ALONE and cause == ids.RESET_SOFT
        retained[ALONE_AT] = 0
        self.house = house.House(self.flash, choice, alone)
        self.heart = None if alone else Heart(self)
        self.house.heart = self.heart
        self.house.machine = Machine(self.house, ports)  # type: ignore[arg-type]
        self.climb()
        return None

    def climb(self) -> None:
        found = max(joint.installed(self.disk, self.ports.slots)[2], memory.installed(self.house.journal))
        assert found >= self.installed
        self.installed = found

    def turn(self) -> int:
        """One poll of whoever is at it, as the appliance does; gives for how many ms it wants no other, -1: for
        good."""
        house_, before = self.house, self.row[kept.STATE]
        if self.heart is None:
            self.cycle = False  # a start for the update alone drives nothing, whatever button is pressed
        else:
            self.heart.sense()
        try:
            wait: int = house_.machine.poll(self.ports.now)
            if self.flash.dead:
                raise PowerCut
        except PowerCut:
            self.start(ids.RESET_POWER_ON)
            return 0
        if house_.leaving or (house_.alone and not 0 <= wait <= STEP_MS):
            if house_.leaving and self.flash.retained[ALONE_AT] == ALONE:
                self.steps.append(("restart for the update alone", self._appliance()))
            elif house_.leaving and before == ids.U_TRIAL:
                self._went_back()
            elif house_.leaving:
                self.note("restart")
            self.start(ids.RESET_SOFT)
            return 0
        house_.bring(self.ports, self.maker.stock)
        if wait:
            house_.machine.close()
            house_.machine = Machine(house_, self.ports)  # type: ignore[arg-type]
        elif house_.download is not None:
            self.ports.now += 1
        return wait

    def turns(self, count: int) -> None:
        """Time goes on while the machine waits."""
        for _ in range(count):
            wait = self.turn()
            if wait:
                self.passes(min(wait, 10_000) if wait > 0 else 1000)

    def passes(self, ms: int) -> None:
        self.ports.now += ms
        if self.wall:
            self.wall += ms // 1000

    def until(self, done: Callable[[], bool], turns: int = 4000) -> None:
        for _ in range(turns):
            if done():
                return
            self.turns(1)
        raise AssertionError(f"not within {turns} turns; it was {self.states}")

    @property
    def row(self) -> list[Any]:
        return kept.load(self.house.journal, ids.W_RELEASE)

    @property
    def state(self) -> int:
        state: int = self.row[kept.STATE]
        return state

    # -- people --------------------------------------------------------------------------------------------------------

    def offer(self, name: str) -> int:
        one, row = self.maker.releases[name], self.row
        new = row[kept.DIGEST] != one.digest or row[kept.STATE] in OVER
        reason: int = orders.offer(self.house.journal, ids.W_RELEASE, len(one.envelope), one.digest, "", kept.LINE)
        if not reason and new:
            self.offered, self.said = one, None
        self._asked()
        return reason

    def answer(self, word: int, until: int = 0) -> int:
        reason: int = orders.answer(self.house.journal, b"", word, until)
        if not reason:
            self.said = (word, until)
        self._asked()
        return reason

    def exclude(self, mask: int, east: int) -> None:
        if not orders.hours(self.house.journal, mask, east):
            self.excluded = (mask, east)
        self._asked()

    def withdraw(self) -> None:
        orders.withdraw(self.house.journal, b"")
        self._asked()

    def factory_reset(self) -> None:
        """As the composition root does it, at a start."""
        forget(self.house.journal)
        memory.disown(self.house.journal)
        self.said, self.excluded = None, (0, 0)
        self.start(ids.RESET_SOFT)

    def _asked(self) -> None:
        self.house.machine.close()
        self.house.machine = Machine(self.house, self.ports)  # type: ignore[arg-type]

    # -- what must not be ----------------------------------------------------------------------------------------------

    def note(self, step: str) -> None:
        self.steps.append((step, self.against()))

    def against(self) -> str:
        """What stands against another version at this moment, by this file's own reading of the law; "": nothing. What
        the appliance feels was asked right before a start for the update alone, and it drives nothing in one."""
        felt = "" if self.house.alone else self._appliance()
        if felt:
            return felt
        mask, east = self.excluded
        if mask and (not self.wall or mask >> (self.wall + east * 60) // 3600 % 24 & 1):
            return "an excluded hour"
        return self._owner()

    def _appliance(self) -> str:
        if self.cycle or self.hazard:
            return "a cycle runs" if self.cycle else "a hazardous fault"
        return (
            "hot, locked, or nobody knows" if not self.sensed or self.temperature > HOT or self.locked > CLOSED else ""
        )

    def _owner(self) -> str:
        assert self.offered is not None
        word, until = self.said or (None, 0)
        if word is not None and until and self.wall and self.wall >= until:
            word = None  # it held until then
        if not self.offered.security:
            return "" if word == ids.A_YES else "no yes"
        overdue = self.wall >= DEADLINE
        return "put off" if word in (ids.A_LATER, ids.A_NO) and not overdue else ""

    def _chosen(self, slot: int) -> None:
        if slot != joint.installed(self.disk, self.ports.slots)[1]:
            self.note("choose the other base")

    def _went_back(self) -> None:
        row = self.row
        waited = row[kept.SECONDS] - row[kept.LINK_AT] >= PATIENCE_S
        self.steps.append(("go back", "a cycle runs" if self.cycle and not waited else ""))

    def _told(self, event: dict[str, Any]) -> None:
        house.Ports.tell(self.ports, event)
        if event["e"] == "update":
            self.states.append(event["state"])
