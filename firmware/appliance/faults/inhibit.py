"""Which functions are quarantined, and by which event (AUTOSAR FiM).

Takes (function, event, mask) rows of the board and status bytes, gives one bit a function. Before the first `update`
and after `fail` it answers with the safe default: hazardous functions denied, the others allowed. Never allocates
after start.
"""

from trivet_wire.ids import INHIBIT_TESTED_AND_FAILED

MAX_FUNCTIONS = 30  # one bit each in a small int
NONE = 255
UNKNOWN = 254  # inhibited by the safe default, not by an event

# By mask (ids.INHIBIT_*): inhibited where status & first == second.
TABLE = b"\x01\x01\x08\x08\x40\x40\x41\x01"


class Inhibit:
    """`hazardous[f]` is 1 for a hazardous function; `rows` are packed bytes function, event, mask."""

    def __init__(self, hazardous: bytes, rows: bytes) -> None:
        functions = len(hazardous)
        if functions > MAX_FUNCTIONS or len(rows) % 3:
            raise ValueError("at most 30 functions; rows of three bytes")
        for row in range(0, len(rows), 3):
            if rows[row] >= functions or rows[row + 2] > INHIBIT_TESTED_AND_FAILED:
                raise ValueError("row %d names an unknown function or mask" % (row // 3))
        self.functions = functions
        self._hazardous = bytes(hazardous)
        self._rows = bytes(rows)
        self._why = bytearray(bytes([NONE]) * functions)
        self.mask = 0  # bit f set: function f is quarantined
        self.fail()

    def fail(self) -> None:
        """Internal error, or not initialised: the safe default until the next `update`."""
        self.mask = 0
        for function in range(self.functions):
            self._why[function] = UNKNOWN if self._hazardous[function] else NONE
            if self._hazardous[function]:
                self.mask |= 1 << function

    def update(self, status: bytearray) -> None:
        """Judge all rows against the status bytes of this tick. A row without a status byte is an internal error."""
        rows = self._rows
        mask = 0
        for function in range(self.functions):
            self._why[function] = NONE
        for row in range(0, len(rows), 3):
            event = rows[row + 1]
            if event >= len(status):
                self.fail()
                return
            at = rows[row + 2] * 2
            if status[event] & TABLE[at] == TABLE[at + 1]:
                function = rows[row]
                if not mask >> function & 1:
                    self._why[function] = event
                mask |= 1 << function
        self.mask = mask

    def allowed(self, function: int) -> bool:
        return not self.mask >> function & 1

    def why(self, function: int) -> int:
        """The first event that quarantines `function`; UNKNOWN for the safe default, NONE when it is allowed."""
        return self._why[function]
