"""Self-tests of the board: takes routines.cbor and a name, drives outputs in the control program's place, gives what
was measured. Loaded while one runs.

It runs only while no operation cycle runs, no hazardous event's test fails and everything that the board's data names
holds; whatever ends it, outputs are at their safe levels before the same tick writes them. Its end is in its data: a
minute at most. The tick allocates nothing.
"""

from array import array

from trivet_wire import ids
from trivet_wire.cbor import Reader

from ..sense.board import CONDITION_WIDTH
from ..sense.conditions import Conditions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trivet_wire.catalogue import Catalogue

    from ..faults.inhibit import Inhibit
    from ..ports import Packed
    from ..tick import Tick

FILE = "routines.cbor"
LANGUAGES = ("en", "de")  # in the order of the file
RUNS = -1


class Row:
    """One self-test as the file has it."""

    def __init__(self, reader: Reader, number: int) -> None:
        self.number = number  # as the ledger names it
        reader.array()
        self.name = reader.tstr()
        self.texts = [reader.tstr() for _ in range(reader.array())]
        self.conditions = _ints(reader, "i")  # what must hold, then what each step expects
        self.holds = len(self.conditions) // CONDITION_WIDTH
        self.levels = array("h")  # of all outputs, step by step
        self.ticks = array("H")
        self.ends = array("H")  # where the conditions of each step end
        for _ in range(reader.array()):
            reader.array()
            self.levels.extend(_ints(reader, "h"))
            self.ticks.append(reader.integer())
            self.conditions.extend(_ints(reader, "i"))
            self.ends.append(len(self.conditions) // CONDITION_WIDTH)


def rows(packed: "Packed") -> "Iterator[Row]":
    """All self-tests, one at a time; none where the board has none."""
    try:
        reader = Reader(packed.read(FILE))
    except OSError:
        return
    for number in range(reader.array()):
        yield Row(reader, number)


def find(packed: "Packed", name: str) -> Row | None:
    for row in rows(packed):
        if row.name == name:
            return row
    return None


class Routine:
    """Takes the program's place with `start`; `result` is RUNS, then 0 or why it came to nothing (ids.R_*).

    `step` is the step that runs, or the one that ended it. `measured` has a number for each expectation, as the signals
    were when its step ended; `judged` how many of them.
    """

    def __init__(self, row: Row, tick: "Tick", status: bytearray, catalogue: "Catalogue") -> None:
        self.row = row
        self.result = RUNS
        self.step = 0
        self.judged = 0
        self.measured = array("i", [0] * (row.ends[-1] - row.holds))
        self._tick = tick
        self._status = status
        self._hazards = bytes([event for event in range(len(status)) if catalogue.hazard(event)])
        self._conditions = Conditions(row.conditions)
        self._first = row.holds  # conditions of the step that runs
        self._left = row.ticks[0]
        self._begun = False

    def start(self, values: "array[int]", validity: bytearray) -> int:
        """0, or why not now; then nothing is driven."""
        reason = self._forbids(values, validity)
        if not reason and not self._tick.lend(self):
            reason = ids.R_BUSY
        if reason:
            self.result = reason
        return reason

    def stop(self, reason: int) -> None:
        """Over at once, and the outputs safe."""
        if self.result == RUNS:
            self._end(reason)

    def tick(
        self, now: int, values: "array[int]", validity: bytearray, inhibit: "Inhibit", levels: "array[int]"
    ) -> None:
        """tick.Application"""
        reason = self._forbids(values, validity)
        if reason:
            self._end(reason)
            return
        row = self.row
        if self._begun:
            end = row.ends[self.step]
            held = self._conditions.hold(self._first, end, values, validity)
            self._left -= 1
            if not self._left:
                self._measure(end, values)
                if not held:
                    self._end(ids.R_MEASURED)
                    return
                if self.step + 1 == len(row.ticks):
                    self._end(0)
                    return
                self.step += 1
                self._first = end
                self._left = row.ticks[self.step]
        self._begun = True
        at = self.step * len(levels)
        for output in range(len(levels)):
            levels[output] = row.levels[at + output]

    def _forbids(self, values: "array[int]", validity: bytearray) -> int:
        if self._tick.in_cycle:
            return ids.R_UNSAFE
        for event in self._hazards:
            if self._status[event] & ids.TEST_FAILED:
                return ids.R_UNSAFE
        return 0 if self._conditions.hold(0, self.row.holds, values, validity) else ids.R_UNSAFE

    def _measure(self, end: int, values: "array[int]") -> None:
        """What each expectation of this step looks at, as it is now."""
        rows = self.row.conditions
        for i in range(self._first, end):
            minus = rows[i * CONDITION_WIDTH + 3]
            value = values[rows[i * CONDITION_WIDTH]]
            self.measured[self.judged] = value if minus < 0 else value - values[minus]
            self.judged += 1

    def _end(self, reason: int) -> None:
        self.result = reason
        self._tick.rest()


def _ints(reader: Reader, typecode: str) -> "array[int]":
    start = reader.bstr()
    return array(typecode, bytes(memoryview(reader.buf)[start : reader.pos]))
