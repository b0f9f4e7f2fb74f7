"""The registry of monitor kinds, and the run of a board's monitors: plausibility first, then what needs the sensors.

Each kind is one file: `PARAMS` names its keys in board.toml (the SDK reads that line), `check` gives the verdict of a
tick, `rest` is called instead while conditions do not hold or a source is not valid. A new kind is one file and one
word here. Only the kinds that a board uses are imported.
"""

from array import array

from trivet_wire.ids import FAILED, NOT_RUN, OUT_OF_RANGE, PREFAILED, TEST_FAILED, VALID

from ..board import MONITOR_WIDTH
from ..conditions import Conditions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ..board import Board

    class Monitor(Protocol):
        tolerates: (
            int  # bits by validity: doubts in a source that do not keep it from running, for they are what it judges
        )

        def check(self, values: array[int], validity: bytearray) -> int: ...

        def rest(self, values: array[int], valid: bool) -> int: ...

    class Learner(Monitor, Protocol):
        event: int
        dirty: bool  # what was kept is out of date
        basis: array[int]  # what its learning depends on: its parameters, signals from the fourth on

        def learned(self) -> array[int]: ...

        def adopt(self, learned: array[int]) -> None: ...

        def relearn(self) -> bool: ...


# file.Class; position is the number in board.cbor: append only. Plausibility kinds come first; they run first.
KINDS = (
    "stale.Stale ranges.Range rate.Rate stuck.Stuck crosscheck.Crosscheck response.Response share.Share effort.Effort "
    "timeout.Timeout drift.Drift balance.Balance count.Count lifetime.Lifetime"
)


# What a monitor needs beside its check, by bit: most need little, and a tick asks for no more.
_WHEN = 1  # conditions
_UNLESS = 2  # events that explain its failure
_JUDGES = 4  # a signal that it puts in doubt


class Monitors:
    """All monitors of a board. A sensor stays doubted while its event is failed in `status`, the manager's bytes.
    `settled`, the manager's too: the verdicts that an event need not be told again, a bit each."""

    def __init__(self, board: "Board", status: bytearray, settled: "bytearray | None" = None) -> None:
        self._rows = board.monitors
        self._sources = board.sources
        self._explained_by = board.explained_by
        self._conditions = Conditions(board.conditions)
        self._status = status
        self._settled = bytearray(board.n_events) if settled is None else settled
        self._needs = bytearray(board.n_monitors)
        self._monitors: list[Monitor] = []
        self.learners: list[Learner] = []
        kinds = KINDS.split(" ")
        rows = self._rows
        for i in range(board.n_monitors):
            at = i * MONITOR_WIDTH
            file, name = kinds[rows[at + 9]].split(".")
            made = globals().get(name)  # a ROM image has the kinds that its board uses in this very file
            if made is None:
                made = getattr(__import__(__name__ + "." + file, None, None, (name,)), name)
            monitor = made(board.params(i))
            self._monitors.append(monitor)
            if hasattr(monitor, "learned"):
                monitor.event = rows[at]
                self.learners.append(monitor)
            if rows[at + 3] < rows[at + 4]:
                self._needs[i] |= _WHEN
            if rows[at + 7] < rows[at + 8]:
                self._needs[i] |= _UNLESS
            if rows[at + 1] >= 0:
                self._needs[i] |= _JUDGES
        self.verdicts = bytearray([NOT_RUN] * board.n_events)  # of the last tick, by event

    def run(
        self, now: int, values: "array[int]", validity: bytearray, report: "Callable[[int, int, int], object]"
    ) -> None:
        """One tick. Calls `report(event, verdict, now)` where it may move something, and writes doubt into
        `validity`."""
        rows = self._rows
        conditions = self._conditions
        conditions.hold(0, conditions.count, values, validity)
        left = conditions.left
        needs = self._needs
        status = self._status
        settled = self._settled
        verdicts = self.verdicts
        doubted = any(validity)  # VALID is 0
        i = 0
        at = 0
        for monitor in self._monitors:
            event = rows[at]
            need = needs[i]
            enabled = True
            if need & _WHEN:
                for j in range(rows[at + 3], rows[at + 4]):
                    if left[j]:
                        enabled = False
            valid = not doubted or self._valid(monitor, at, validity)
            if need & _UNLESS and self._explained(at):
                enabled = False
            verdict = monitor.check(values, validity) if enabled and valid else monitor.rest(values, valid)
            verdicts[event] = verdict
            if not settled[event] >> verdict & 1:
                report(event, verdict, now)
            if need & _JUDGES and (verdict == FAILED or verdict == PREFAILED or status[event] & TEST_FAILED):
                self._doubt(at, validity)
                doubted = True
            i += 1
            at += MONITOR_WIDTH

    def _valid(self, monitor: "Monitor", at: int, validity: bytearray) -> bool:
        for i in range(self._rows[at + 5], self._rows[at + 6]):
            doubt = validity[self._sources[i]]
            if doubt != VALID and not monitor.tolerates >> doubt & 1:
                return False
        return True

    def _explained(self, at: int) -> bool:
        for i in range(self._rows[at + 7], self._rows[at + 8]):
            if self._status[self._explained_by[i]] & TEST_FAILED:
                return True
        return False

    def _doubt(self, at: int, validity: bytearray) -> None:
        """What comes after this monitor takes its signal for doubted: sources, and conditions already looked at."""
        signal = self._rows[at + 1]
        doubted = validity[signal]
        if doubted == VALID or doubted == OUT_OF_RANGE:
            validity[signal] = self._rows[at + 2]
            if doubted == VALID:
                self._conditions.doubt(self._rows[at + 4], signal)
