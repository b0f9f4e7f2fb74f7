"""The entries of the fault memory as the tick sees them: one table, stamped, displaced and released without allocating.

Takes triggers and moved status bytes, gives slots and captured frames. The base of `Memory`, which saves them; never
touches the journal itself.
"""

from trivet_wire.ids import TEST_FAILED

from ..store.binary import pack_into
from ..store.records import (
    E_EVENT,
    E_FIRMWARE,
    E_FIRST,
    E_FLAGS,
    E_LAST,
    E_OPERATION_S,
    E_ORDER,
    E_PRIORITY,
    ENTRY_SIZE,
    RETURNED,
)
from .frames import Frames
from .state import CLEARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import EventConfig
    from .history import History
    from .state import EventState

NO_SLOT = 255

# Uses of a slot.
FREE = 0
HELD = 1
BURIED = 2  # cleared, and not yet a tombstone in the journal
_SPARE = 2  # rows beside the slots, where cleared entries wait without taking room from new ones


class Entries:
    """`slots` entries; `boot`, `catalogue` and `firmware` stamp them. Set `uptime_s` and `wall_s` (0 while unknown)
    each tick."""

    def __init__(
        self,
        config: "EventConfig",
        state: "EventState",
        history: "History",
        boot: int,
        catalogue: int,
        firmware: str,
        slots: int,
    ) -> None:
        self._config = config
        self._state = state
        self._boot = boot
        self._catalogue = catalogue
        self._firmware = firmware.encode()[:12]
        self.slots = slots
        self._rows = slots + _SPARE
        self.uptime_s = 0
        self.wall_s = 0
        self.frames = Frames(history)
        self._slot_of = bytearray(bytes([NO_SLOT]) * config.events)
        self._table = bytearray(self._rows * ENTRY_SIZE)
        self._used = bytearray(self._rows)
        self._dirty = bytearray(self._rows)
        self._gone = bytearray(config.events)  # the saved entry and frame must go
        self._order = 0

    def holds(self, event: int) -> bool:
        """Whether `event` has an entry."""
        return self._slot_of[event] != NO_SLOT

    def seen(self, event: int) -> None:
        """Bit 0 rose again: the entry's last occurrence is now."""
        slot = self._slot_of[event]
        if slot != NO_SLOT:
            self._stamp(slot, E_LAST)
            self._order += 1
            pack_into("<I", self._table, slot * ENTRY_SIZE + E_ORDER, self._order)

    def trigger(self, event: int, trigger: int) -> None:
        """Store or renew the entry of `event` and capture its freeze frame."""
        if self._slot_of[event] == NO_SLOT:
            slot = self._find_slot(event)
            if slot < 0:
                self._state.overflow = True
                self._state.totals_dirty = True
                return
            self._new(slot, event)
        mask = self._config.freeze[event]
        if mask:
            self.frames.capture(event, trigger, mask, self.uptime_s, self._state.cycles)

    def moved(self, event: int) -> None:
        """The status byte of `event` changed."""
        slot = self._slot_of[event]
        if slot != NO_SLOT:
            self._dirty[slot] = 1

    def aged(self, event: int) -> None:
        """Aged out: the entry goes."""
        slot = self._slot_of[event]
        if slot != NO_SLOT:
            self._release(slot)

    def _new(self, slot: int, event: int) -> None:
        table = self._table
        at = slot * ENTRY_SIZE
        for i in range(ENTRY_SIZE):
            table[at + i] = 0
        self._order += 1
        table[at + E_EVENT] = event
        table[at + E_PRIORITY] = self._config.priority[event]
        table[at + E_FLAGS] = RETURNED if self._state.flags[event] & CLEARED else 0
        self._stamp(slot, E_FIRST)
        self._stamp(slot, E_LAST)
        pack_into("<II", table, at + E_OPERATION_S, self._state.cycle_s, self._state.cycles)
        pack_into("<II", table, at + E_ORDER, self._order, self._catalogue)
        for i in range(len(self._firmware)):
            table[at + E_FIRMWARE + i] = self._firmware[i]
        self._used[slot] = HELD
        self._slot_of[event] = slot

    def _stamp(self, slot: int, field: int) -> None:
        pack_into("<III", self._table, slot * ENTRY_SIZE + field, self._boot, self.uptime_s, self.wall_s)
        self._dirty[slot] = 1

    def _find_slot(self, event: int) -> int:
        """A free slot, or one made free by the displacement rule; -1 when the new entry is refused."""
        held = 0
        free = -1
        for slot in range(self._rows):
            if self._used[slot] == HELD:
                held += 1
            elif self._used[slot] == FREE:
                free = slot
        if held < self.slots and free >= 0:
            return free
        priority = self._config.priority[event]
        victim = self._oldest(0, priority)
        if victim < 0 and priority < 255:
            victim = self._oldest(TEST_FAILED, priority + 1)
        if victim >= 0:
            self._release(victim)
        return victim

    def _oldest(self, active: int, priority: int) -> int:
        """The oldest entry whose bit 0 is `active` and whose priority number is at least `priority`, or -1."""
        best = -1
        for slot in range(self._rows):
            at = slot * ENTRY_SIZE
            if self._used[slot] != HELD or self._table[at + E_PRIORITY] < priority:
                continue
            if self._state.status[self._table[at + E_EVENT]] & TEST_FAILED != active:
                continue
            if best < 0 or self._older(slot, best):
                best = slot
        return best

    def _older(self, a: int, b: int) -> bool:
        """Compare `order` bytes from the highest down: no integer above 255 is made."""
        for i in (3, 2, 1, 0):
            x = self._table[a * ENTRY_SIZE + E_ORDER + i]
            y = self._table[b * ENTRY_SIZE + E_ORDER + i]
            if x != y:
                return x < y
        return False

    def _release(self, slot: int) -> None:
        event = self._table[slot * ENTRY_SIZE + E_EVENT]
        self._used[slot] = FREE
        self._dirty[slot] = 0
        self._slot_of[event] = NO_SLOT
        self._gone[event] = 1
        self.frames.forget(event)
