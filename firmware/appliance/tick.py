"""The tick: inputs, signals, cycle, monitors, storage conditions, faults, inhibition, the maker's program, outputs,
history. In this order, every period, allocating nothing. Takes everything ready made; what must be told or written to
flash is done by other tasks.
"""

from array import array

from .sense.conditions import Conditions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .faults.history import History
    from .faults.inhibit import Inhibit
    from .faults.manager import Manager
    from .faults.memory import Memory
    from .ports import Actuators, Sensors
    from .sense.board import Board
    from .sense.monitors import Monitors
    from .sense.signals import Signals

    class Application(Protocol):
        """The maker's control program."""

        def tick(self, now: int, values: Any, validity: bytearray, inhibit: Inhibit, levels: Any) -> None: ...


class Tick:
    """Wired once; `run(now)` is one tick."""

    def __init__(
        self,
        board: "Board",
        sensors: "Sensors",
        actuators: "Actuators",
        signals: "Signals",
        monitors: "Monitors",
        manager: "Manager",
        memory: "Memory",
        inhibit: "Inhibit",
        history: "History",
        application: "Application",
    ) -> None:
        self.in_cycle = False
        self.count = 0
        self.levels = array("h", board.safe)
        self._safe = board.safe
        self._raw = array("i", [0] * board.n_inputs)
        self._cycle = Conditions(board.cycle)
        self._storage = Conditions(board.storage)
        self._storage_ends = board.storage_ends
        self._sensors = sensors
        self._actuators = actuators
        self._signals = signals
        self._monitors = monitors
        self._manager = manager
        self._report = manager.report
        self._memory = memory
        self._inhibit = inhibit
        self._history = history
        self._application = self._program = application

    def run(self, now: int) -> None:
        """One tick at `now` (ms since start)."""
        signals = self._signals
        manager = self._manager
        self._sensors.read(self._raw)
        signals.convert(self._raw, now)
        self._memory.uptime_s = now // 1000
        self._watch_cycle(now)
        self._monitors.run(now, signals.values, signals.validity, self._report)
        if self._storage.count:
            self._watch_storage(signals.values, signals.validity)
        manager.tick(now)
        if manager.moved:
            self._inhibit.update(manager.status)
            manager.moved = False
        self._application.tick(now, signals.values, signals.validity, self._inhibit, self.levels)
        self._actuators.write(self.levels)
        self._history.sample(now)
        signals.follow(self.levels)
        self.count += 1

    def fail(self) -> None:
        """The tick broke off: every output to its safe level, hazardous functions denied."""
        self._inhibit.fail()
        self._manager.moved = True
        self.rest()

    def lend(self, program: "Application") -> bool:
        """From now on `program` drives, until `rest`. False: another one does."""
        if self._application is not self._program:
            return False
        self._application = program
        return True

    def rest(self) -> None:
        """Every output to its safe level, now; from the next tick on the maker's program drives."""
        self._application = self._program
        for i in range(len(self.levels)):
            self.levels[i] = self._safe[i]
        self._actuators.write(self.levels)

    def _watch_cycle(self, now: int) -> None:
        """An operation cycle begins and ends with the board's condition, which a signal that is not valid never
        meets."""
        cycle = self._cycle
        running = cycle.hold(0, cycle.count, self._signals.values, self._signals.validity)
        if running == self.in_cycle:
            return
        self.in_cycle = running
        if running:
            self._manager.cycle_start(now)
        else:
            self._manager.cycle_end(now)

    def _watch_storage(self, values: "array[int]", validity: bytearray) -> None:
        """After the monitors: a signal that one of them doubts withholds no entry."""
        withheld = 0
        first = 0
        for i in range(len(self._storage_ends)):
            end = self._storage_ends[i]
            if self._storage.hold(first, end, values, validity):
                withheld |= 1 << i
            first = end
        self._manager.storage(withheld)
