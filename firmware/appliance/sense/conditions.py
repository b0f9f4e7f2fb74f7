"""Conditions over signals and outputs: `source [- minus] op value`, held for a number of ticks.

Time is counted in ticks, so no clock is read and nothing wraps. A condition on a signal that is not valid is false.
"""

from array import array

from trivet_wire.ids import VALID

from .board import CONDITION_WIDTH

TYPE_CHECKING = False

# Operators, in the order of the SDK's list.
BELOW = 0
AT_MOST = 1
EQUAL = 2
NOT_EQUAL = 3
AT_LEAST = 4
ABOVE = 5


class Conditions:
    """A pool of conditions, asked once per tick: all in one call, or a block by its first and end position.

    Each call of a function this large takes its frame from the heap, so a tick calls it for the whole pool and then
    looks at `left`."""

    def __init__(self, rows: "array[int]") -> None:
        self._rows = rows
        self.count = len(rows) // CONDITION_WIDTH
        # By condition, ticks in which it must still be true until it holds; 0: it holds.
        self.left = array("H", [rows[i * CONDITION_WIDTH + 4] + 1 for i in range(self.count)])

    def hold(self, first: int, end: int, values: "array[int]", validity: bytearray) -> bool:
        """Whether each condition of the block has held for its time. All are looked at, so that each keeps its time."""
        met = True
        rows = self._rows
        left = self.left
        at = first * CONDITION_WIDTH
        for i in range(first, end):
            true = False
            source = rows[at]
            minus = rows[at + 3]
            if validity[source] == VALID and (minus < 0 or validity[minus] == VALID):
                value = values[source] if minus < 0 else values[source] - values[minus]
                op = rows[at + 1]
                limit = rows[at + 2]
                if op > NOT_EQUAL:
                    true = value > limit or (value == limit and op == AT_LEAST)
                elif op < EQUAL:
                    true = value < limit or (value == limit and op == AT_MOST)
                else:
                    true = (value == limit) == (op == EQUAL)
            if not true:
                left[i] = rows[at + 4] + 1
                met = False
            elif left[i]:
                left[i] -= 1
                if left[i]:
                    met = False
            at += CONDITION_WIDTH
        return met

    def doubt(self, first: int, source: int) -> None:
        """`source` is not valid any more: from `first` on, the conditions on it are false in this tick after all."""
        rows = self._rows
        at = first * CONDITION_WIDTH
        for i in range(first, self.count):
            if rows[at] == source or rows[at + 3] == source:
                self.left[i] = rows[at + 4] + 1
            at += CONDITION_WIDTH
