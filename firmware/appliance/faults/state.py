"""What every event remembers beside its debounce: status byte and counters, as parallel byte arrays.

Written by `Manager` alone, saved and loaded in blocks of events by `Memory`. Never saves by itself, never allocates
after start.
"""

from trivet_wire.ids import STATUS_INITIAL

from .config import MAX_CYCLES

BLOCK = 16  # events a saved record
FIELDS = 8  # bytes an event in it: status, failures, heals, ages, occurrence, near, fdc_max, flags

CLEAN = 0
LAZY = 1  # only bits that follow tests and cycles moved: save some time soon
URGENT = 2  # something a person or the cloud would miss: save now

CLEARED = 0x01  # flag: cleared at least once, so that a new fault is one that returned


class EventState:
    """Indices are events; `cycles` and `cycle_s` count operation cycles and their seconds, `open` is a mask of
    running ones."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.status = bytearray(bytes([STATUS_INITIAL]) * events)
        self.failures = bytearray(events)  # failed cycles in a row without one that passed
        self.heals = bytearray(events)  # passed cycles towards bit 7 = 0
        self.ages = bytearray(events)  # passed cycles towards leaving the memory
        self.occurrence = bytearray(events)  # saturates at 255
        self.near = bytearray(events)  # highest FDC of an excursion that never qualified: a near miss
        self.fdc_max = bytearray(events)  # highest FDC since clear
        self.flags = bytearray(events)
        self.dirty = bytearray((events + BLOCK - 1) // BLOCK)
        self.cycles = 0
        self.cycle_s = 0
        self.open = 0
        self.overflow = False  # an entry was refused because the fault memory was full
        self.totals_dirty = False

    def touch(self, event: int, how: int) -> None:
        if self.dirty[event // BLOCK] < how:
            self.dirty[event // BLOCK] = how

    def pack(self, block: int, buf: bytearray) -> int:
        """Fill `buf` with one block; gives its length."""
        pos = 0
        for event in range(block * BLOCK, min(self.events, (block + 1) * BLOCK)):
            buf[pos] = self.status[event]
            buf[pos + 1] = self.failures[event]
            buf[pos + 2] = self.heals[event]
            buf[pos + 3] = self.ages[event]
            buf[pos + 4] = self.occurrence[event]
            buf[pos + 5] = self.near[event]
            buf[pos + 6] = self.fdc_max[event]
            buf[pos + 7] = self.flags[event]
            pos += FIELDS
        return pos

    def unpack(self, block: int, buf: bytearray, length: int) -> None:
        """Take a saved block; events that the record does not have keep their initial state."""
        event = block * BLOCK
        pos = 0
        while pos + FIELDS <= length and event < self.events:
            self.status[event] = buf[pos]
            self.failures[event] = buf[pos + 1]
            self.heals[event] = buf[pos + 2]
            self.ages[event] = buf[pos + 3]
            self.occurrence[event] = buf[pos + 4]
            self.near[event] = buf[pos + 5]
            self.fdc_max[event] = buf[pos + 6]
            self.flags[event] = buf[pos + 7]
            pos += FIELDS
            event += 1

    def reset(self, event: int) -> None:
        """All counters of an event to zero (its status byte is the table's business)."""
        self.failures[event] = 0
        self.heals[event] = 0
        self.ages[event] = 0
        self.occurrence[event] = 0
        self.near[event] = 0
        self.fdc_max[event] = 0


def check_cycle(cycle: int) -> None:
    """Raise ValueError for a cycle index no board can have."""
    if not 0 <= cycle < MAX_CYCLES:
        raise ValueError("cycle 0 to 7")
