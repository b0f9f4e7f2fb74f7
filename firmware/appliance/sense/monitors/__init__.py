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


class Monitors:
    """All monitors of a board. A sensor stays doubted while its event is failed in `status`, the manager's bytes."""

    def __init__(self, board: "Board", status: "bytearray | None" = None) -> None:
        self._rows = board.monitors
        self._sources = board.sources
        self._explained_by = board.explained_by
        self._conditions = Conditions(board.conditions)
        self._status = status if status is not None else bytearray(board.n_events)
        self._own_status = status is None
        self._monitors: list[Monitor] = []
        self.learners: list[Learner] = []
        kinds = KINDS.split(" ")
        for i in range(board.n_monitors):
            params = board.params(i)
            file, name = kinds[board.monitors[i * MONITOR_WIDTH + 9]].split(".")
            monitor = getattr(__import__(__name__ + "." + file, None, None, (name,)), name)(params)
            self._monitors.append(monitor)
            if hasattr(monitor, "learned"):
                monitor.event = board.monitors[i * MONITOR_WIDTH]
                self.learners.append(monitor)
        self.verdicts = bytearray([NOT_RUN] * board.n_events)  # of the last tick, by event

    def run(
        self, now: int, values: "array[int]", validity: bytearray, report: "Callable[[int, int, int], object]"
    ) -> None:
        """One tick. Calls `report(event, verdict, now)` for each monitor and writes doubt into `validity`."""
        rows = self._rows
        for i in range(len(self._monitors)):
            at = i * MONITOR_WIDTH
            event = rows[at]
            verdict = self._verdict(i, at, values, validity)
            self.verdicts[event] = verdict
            report(event, verdict, now)
            if rows[at + 1] >= 0:
                self._doubt(event, verdict, rows[at + 1], rows[at + 2], validity)

    def _verdict(self, i: int, at: int, values: "array[int]", validity: bytearray) -> int:
        rows = self._rows
        monitor = self._monitors[i]
        enabled = self._conditions.hold(rows[at + 3], rows[at + 4], values, validity)
        valid = True
        for j in range(rows[at + 5], rows[at + 6]):
            doubt = validity[self._sources[j]]
            if doubt != VALID and not monitor.tolerates >> doubt & 1:
                valid = False
        for j in range(rows[at + 7], rows[at + 8]):
            if self._status[self._explained_by[j]] & TEST_FAILED:
                enabled = False
        if enabled and valid:
            return monitor.check(values, validity)
        return monitor.rest(values, valid)

    def _doubt(self, event: int, verdict: int, signal: int, doubt: int, validity: bytearray) -> None:
        failing = verdict == FAILED or verdict == PREFAILED
        if self._own_status:
            if verdict == FAILED:
                self._status[event] |= TEST_FAILED
            elif verdict != NOT_RUN and verdict != PREFAILED:
                self._status[event] &= ~TEST_FAILED
        if failing or self._status[event] & TEST_FAILED:
            now_doubted = validity[signal]
            if now_doubted == VALID or now_doubted == OUT_OF_RANGE:
                validity[signal] = doubt
