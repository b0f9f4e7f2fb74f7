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

_LONGEST = 65535  # ticks; a hold time is never more


class Conditions:
    """A pool of conditions; a block of it is asked by its first and end position, once per tick."""

    def __init__(self, rows: "array[int]") -> None:
        self._rows = rows
        self.count = len(rows) // CONDITION_WIDTH
        self._held = array("H", [0] * self.count)

    def hold(self, first: int, end: int, values: "array[int]", validity: bytearray) -> bool:
        """Whether each condition of the block has held for its time. All are looked at, so that each keeps its time."""
        met = True
        rows = self._rows
        held = self._held
        for i in range(first, end):
            at = i * CONDITION_WIDTH
            if self._true(at, values, validity):
                if held[i] < _LONGEST:
                    held[i] += 1
                if held[i] <= rows[at + 4]:
                    met = False
            else:
                held[i] = 0
                met = False
        return met

    def _true(self, at: int, values: "array[int]", validity: bytearray) -> bool:
        rows = self._rows
        source = rows[at]
        if validity[source] != VALID:
            return False
        value = values[source]
        minus = rows[at + 3]
        if minus >= 0:
            if validity[minus] != VALID:
                return False
            value -= values[minus]
        op = rows[at + 1]
        limit = rows[at + 2]
        if op == BELOW:
            return value < limit
        if op == AT_MOST:
            return value <= limit
        if op == EQUAL:
            return value == limit
        if op == NOT_EQUAL:
            return value != limit
        if op == AT_LEAST:
            return value >= limit
        return value > limit
