"""The fault memory: entries, freeze frames, displacement, tombstones, on the journal.

Takes calls of `Manager` in the tick (which only touch arrays) and `service()` in idle time (which writes, all that changed in one
journal group). Gives entries and frames back for reports. A clear leaves a tombstone. Never allocates in the tick.
"""

import struct

from appliance.store import records
from appliance.store.journal import JournalFull
from appliance.store.records import (
    E_AGES,
    E_CATALOGUE,
    E_CLEARED,
    E_CYCLE,
    E_EVENT,
    E_FDC_MAX,
    E_FIRMWARE,
    E_FIRST,
    E_FLAGS,
    E_GRANT,
    E_LAST,
    E_OCCURRENCE,
    E_OPERATION_S,
    E_ORDER,
    E_PRIORITY,
    E_STATUS,
    E_WHO,
    ENTRY_SIZE,
)
from appliance.store.ring import MAX_PAYLOAD
from trivet_wire.ids import TEST_FAILED

from .frames import Frames
from .state import BLOCK, CLEAN, CLEARED, FIELDS, URGENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from appliance.store.journal import Journal

    from .config import EventConfig
    from .history import History
    from .state import EventState

NO_SLOT = 255
LAZY_MS = 60_000  # bits that only follow tests are saved at most this often
TOMBSTONES = 8
CATALOGUE_CHANGED = 254  # "who" of a tombstone: the meaning of the event numbers changed with an update


class Memory:
    """`boot` is this start's number, `catalogue` the id of the packed catalogue, `slots` the entries that fit.

    Set `uptime_s` and `wall_s` (0 while unknown) each second or tick: they stamp what happens next.
    """

    def __init__(
        self,
        journal: "Journal",
        config: "EventConfig",
        state: "EventState",
        history: "History",
        boot: int,
        catalogue: int = 0,
        firmware: str = "",
        slots: int = 16,
    ) -> None:
        self._journal = journal
        self._config = config
        self._state = state
        self._boot = boot
        self._catalogue = catalogue
        self._firmware = firmware.encode()[:12]
        self.slots = slots
        self.uptime_s = 0
        self.wall_s = 0
        self.frames = Frames(history)
        self._slot_of = bytearray(bytes([NO_SLOT]) * config.events)
        self._table = bytearray(slots * ENTRY_SIZE)
        self._used = bytearray(slots)  # 0 free, 1 entry, 2 cleared and not yet a tombstone
        self._dirty = bytearray(slots)
        self._gone = bytearray(config.events)  # the saved entry and frame must go
        self._order = 0
        self._lazy_since = 0
        self._buf = bytearray(MAX_PAYLOAD)

    # In the tick

    def holds(self, event: int) -> bool:
        """Whether `event` has an entry."""
        return self._slot_of[event] != NO_SLOT

    def seen(self, event: int) -> None:
        """Bit 0 rose again: the entry's last occurrence is now."""
        slot = self._slot_of[event]
        if slot != NO_SLOT:
            self._stamp(slot, E_LAST)
            self._order += 1
            struct.pack_into("<I", self._table, slot * ENTRY_SIZE + E_ORDER, self._order)

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
        table[at + E_FLAGS] = records.RETURNED if self._state.flags[event] & CLEARED else 0
        self._stamp(slot, E_FIRST)
        self._stamp(slot, E_LAST)
        struct.pack_into("<II", table, at + E_OPERATION_S, self._state.cycle_s, self._state.cycles)
        struct.pack_into("<II", table, at + E_ORDER, self._order, self._catalogue)
        for i in range(len(self._firmware)):
            table[at + E_FIRMWARE + i] = self._firmware[i]
        self._used[slot] = 1
        self._slot_of[event] = slot

    def _stamp(self, slot: int, field: int) -> None:
        struct.pack_into("<III", self._table, slot * ENTRY_SIZE + field, self._boot, self.uptime_s, self.wall_s)
        self._dirty[slot] = 1

    def _find_slot(self, event: int) -> int:
        """A free slot, or one made free by the displacement rule; -1 when the new entry is refused."""
        for slot in range(self.slots):
            if not self._used[slot]:
                return slot
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
        for slot in range(self.slots):
            at = slot * ENTRY_SIZE
            if self._used[slot] != 1 or self._table[at + E_PRIORITY] < priority:
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
        self._used[slot] = 0
        self._dirty[slot] = 0
        self._slot_of[event] = NO_SLOT
        self._gone[event] = 1
        self.frames.forget(event)

    # Clearing (service port or cloud, never in the tick)

    def cleared(self, event: int, who: int, grant: int) -> None:
        """Turn the entry of `event` into a tombstone at the next `service`."""
        self.service(0, True)  # a frame still in RAM goes with its entry
        slot = self._slot_of[event]
        at = slot * ENTRY_SIZE
        self._pack_state(slot)
        self._table[at + E_WHO] = who
        struct.pack_into("<I", self._table, at + E_GRANT, grant)
        self._stamp(slot, E_CLEARED)
        self._used[slot] = 2
        self._slot_of[event] = NO_SLOT

    # In idle time

    def service(self, now: int, force: bool = False) -> bool:
        """Save what changed, whole or not at all. True when nothing is left to save; False where the journal has no room yet
        (serve it and come again). Bits that only follow tests wait up to LAZY_MS unless `force`."""
        if not self._due(now, force):
            return True
        if not self._journal.begin():
            return False
        try:
            self._save()
            self._journal.commit()
        except JournalFull:
            self._journal.abort()
            return False
        self._saved()
        self._lazy_since = now
        return True

    def _due(self, now: int, force: bool) -> bool:
        late = force or (now - self._lazy_since) & 0x3FFFFFFF >= LAZY_MS
        for how in self._state.dirty:
            if how == URGENT or (how and late):
                return True
        return self._state.totals_dirty or any(self._gone) or any(self._dirty) or self.frames.pending() >= 0

    def _save(self) -> None:
        journal = self._journal
        for slot in range(self.slots):
            if self._used[slot] == 2:
                self._bury(slot)
        for event in range(self._config.events):
            if self._gone[event]:
                journal.delete(records.ENTRY, event)
                journal.delete(records.FRAME, event)
        for slot in range(self.slots):
            if self._dirty[slot] and self._used[slot] == 1:
                self._pack_state(slot)
                at = slot * ENTRY_SIZE
                journal.put(records.ENTRY, self._table[at + E_EVENT], memoryview(self._table)[at : at + ENTRY_SIZE])
        for slot in range(len(self.frames.event)):
            if self.frames.event[slot] != NO_SLOT:
                self._save_frame(slot)
        for block in range(len(self._state.dirty)):
            if self._state.dirty[block]:
                journal.put(records.STATUS, block, self._buf, self._state.pack(block, self._buf))
        if self._state.totals_dirty:
            self._save_totals()

    def _save_frame(self, slot: int) -> None:
        event = self.frames.event[slot]
        empty = not self.frames.good[slot]
        if empty and not self._gone[event] and self._journal.length(records.FRAME, event) > 0:
            return  # an empty recapture never overwrites a good one
        length = self.frames.encode(slot, self._boot, self._buf)
        self._journal.put(records.FRAME, event, self._buf, length)

    def _save_totals(self) -> None:
        state = self._state
        struct.pack_into(
            records.TOTALS_FORMAT,
            self._buf,
            0,
            state.cycles,
            state.cycle_s,
            state.open,
            1 if state.overflow else 0,
            0,
            self._catalogue,
        )
        self._journal.put(records.TOTALS, 0, self._buf, records.TOTALS_SIZE)

    def _bury(self, slot: int) -> None:
        """Entry and frame become one tombstone; the oldest tombstone makes room."""
        at = slot * ENTRY_SIZE
        event = self._table[at + E_EVENT]
        frame = self._journal.get(records.FRAME, event, memoryview(self._buf)[ENTRY_SIZE:])
        self._buf[:ENTRY_SIZE] = self._table[at : at + ENTRY_SIZE]
        length = ENTRY_SIZE + max(0, min(frame, MAX_PAYLOAD - ENTRY_SIZE))
        if self._journal.length(records.TOMBSTONE, event) < 0:
            self._make_grave()
        self._journal.put(records.TOMBSTONE, event, self._buf, length)
        self._journal.delete(records.ENTRY, event)
        self._journal.delete(records.FRAME, event)

    def _make_grave(self) -> None:
        count = 0
        oldest = -1
        oldest_order = 0
        head = bytearray(ENTRY_SIZE)
        key = self._journal.next_key(records.TOMBSTONE)
        while key >= 0:
            count += 1
            self._journal.get(records.TOMBSTONE, key, head)
            order = struct.unpack_from("<I", head, E_ORDER)[0]
            if oldest < 0 or order < oldest_order:
                oldest, oldest_order = key, order
            key = self._journal.next_key(records.TOMBSTONE, key)
        if count >= TOMBSTONES:
            self._journal.delete(records.TOMBSTONE, oldest)

    def _pack_state(self, slot: int) -> None:
        """Copy what the manager knows into the entry."""
        at = slot * ENTRY_SIZE
        event = self._table[at + E_EVENT]
        self._table[at + E_STATUS] = self._state.status[event]
        self._table[at + E_OCCURRENCE] = self._state.occurrence[event]
        self._table[at + E_FDC_MAX] = self._state.fdc_max[event]
        self._table[at + E_AGES] = self._state.ages[event]

    def _saved(self) -> None:
        for slot in range(self.slots):
            self._dirty[slot] = 0
            if self._used[slot] == 2:
                self._used[slot] = 0
        for event in range(self._config.events):
            self._gone[event] = 0
        for slot in range(len(self.frames.event)):
            self.frames.release(slot)
        for block in range(len(self._state.dirty)):
            self._state.dirty[block] = CLEAN
        self._state.totals_dirty = False

    # At start

    def load(self) -> None:
        """Take the newest saved state. Once, after the journal is mounted and before the first report; then `Manager.resume`."""
        journal = self._journal
        known = journal.get(records.TOTALS, 0, self._buf) >= records.TOTALS_SIZE
        if known:
            self._load_totals()
        same = not known or struct.unpack_from("<I", self._buf, records.TOTALS_SIZE - 4)[0] == self._catalogue
        if same:
            self._load_status()
        self._load_entries(same)
        self._state.totals_dirty = not known or not same
        if not same:
            for block in range(len(self._state.dirty)):
                self._state.dirty[block] = URGENT

    def _load_totals(self) -> None:
        state = self._state
        state.cycles, state.cycle_s, state.open, overflow = struct.unpack_from("<IIBB", self._buf, 0)
        state.overflow = bool(overflow)

    def _load_status(self) -> None:
        for block in range(len(self._state.dirty)):
            length = self._journal.get(records.STATUS, block, self._buf)
            if length >= FIELDS:
                self._state.unpack(block, self._buf, min(length, BLOCK * FIELDS))

    def _load_entries(self, same: bool) -> None:
        slot = 0
        event = self._journal.next_key(records.ENTRY)
        while event >= 0 and slot < self.slots:
            length = self._journal.get(records.ENTRY, event, self._buf)
            if length > 0:
                at = slot * ENTRY_SIZE
                for i in range(ENTRY_SIZE):
                    self._table[at + i] = self._buf[i] if i < length else 0
                self._order = max(self._order, struct.unpack_from("<I", self._table, at + E_ORDER)[0])
                if same and event < self._config.events:
                    self._used[slot] = 1
                    self._slot_of[event] = slot
                else:
                    self._used[slot] = 2
                    self._dirty[slot] = 1
                    self._table[at + E_WHO] = CATALOGUE_CHANGED
                slot += 1
            event = self._journal.next_key(records.ENTRY, event)

    # Reading

    def entry(self, event: int) -> "memoryview | None":
        """The entry of `event` with its present status (`records.read(records.ENTRY, …)` names the fields), or None."""
        slot = self._slot_of[event]
        if slot == NO_SLOT:
            return None
        self._pack_state(slot)
        return memoryview(self._table)[slot * ENTRY_SIZE : (slot + 1) * ENTRY_SIZE]

    def frame(self, event: int, buf: bytearray) -> int:
        """The saved freeze frame of `event` (`records.FRAME`) into `buf`; gives its length, or -1."""
        return self._journal.get(records.FRAME, event, buf)

    def tombstone(self, event: int, buf: bytearray) -> int:
        """What a clear left of `event`: an entry, then its frame; gives the length, or -1."""
        return self._journal.get(records.TOMBSTONE, event, buf)
