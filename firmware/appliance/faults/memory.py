"""The fault memory: entries, freeze frames, displacement, tombstones, on the journal.

Takes calls of `Manager` in the tick (`Entries`, which only touch arrays) and `service()` in idle time, which writes
what changed in journal groups, whole or not at all. Gives entries and frames back for reports. A clear leaves a
tombstone.
"""

from ..store import records
from ..store.binary import pack, pack_into, unpack_from
from ..store.journal import GROUP_ROOM, JournalFull
from ..store.records import (
    E_AGES,
    E_CLEARED,
    E_EVENT,
    E_FDC_MAX,
    E_GRANT,
    E_OCCURRENCE,
    E_ORDER,
    E_STATUS,
    E_WHO,
    ENTRY_SIZE,
)
from ..store.ring import MAX_PAYLOAD
from .entries import BURIED, FREE, HELD, NO_SLOT, Entries
from .state import BLOCK, CLEAN, FIELDS, URGENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal
    from .config import EventConfig
    from .history import History
    from .state import EventState

LAZY_MS = 60_000  # bits that only follow tests are saved at most this often
TOMBSTONES = 8
CATALOGUE_CHANGED = 254  # "who" of a tombstone: an update changed what the event numbers mean
_HEAD = 16  # journal bytes a record costs beside its payload

# Parts of what is saved, in their order.
_GRAVE = 1
_ENTRIES = 2
_FRAMES = 4
_STATE = 8
_ALL = 15


class Memory(Entries):
    """`boot` is this start's number, `catalogue` the id of the packed catalogue, `slots` the entries that fit."""

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
        super().__init__(config, state, history, boot, catalogue, firmware, slots)
        self._journal = journal
        self._lazy_since = 0
        self._buf = journal.scratch
        self._view = memoryview(self._buf)

    # Clearing (service port or cloud, never in the tick)

    def cleared(self, event: int, who: int, grant: int) -> None:
        """Turn the entry of `event` into a tombstone at the next `service` (`Manager.clear` calls it at once)."""
        if not self.save_now():  # a frame still in RAM goes into the grave with its entry
            self.frames.forget(event)
        slot = self._slot_of[event]
        at = slot * ENTRY_SIZE
        self._pack_state(slot)
        self._table[at + E_WHO] = who
        pack_into("<I", self._table, at + E_GRANT, grant)
        self._stamp(slot, E_CLEARED)
        self._used[slot] = BURIED
        self._slot_of[event] = NO_SLOT
        self._gone[event] = 1

    # In idle time

    def service(self, now: int, force: bool = False) -> bool:
        """Save what changed. True when nothing is left to save; False where the journal has no room yet (serve it and
        come again). Bits that only follow tests wait up to LAZY_MS unless `force`."""
        if not self._due(now, force):
            return True
        while self._buried() > 1:
            if not self._save(_GRAVE):
                return False
        if self._bytes() < GROUP_ROOM:
            if not self._save(_ALL):
                return False
        else:  # rare, many at once: each part stands without the next
            for part in (_GRAVE, _ENTRIES, _FRAMES, _STATE):
                if not self._save(part):
                    return False
        self._lazy_since = now
        return True

    def save_now(self) -> bool:
        """Save what changed at once, if the journal has room and the flash takes it; else `service` tries again."""
        try:
            self._journal.prepare()
            return self.service(self._lazy_since)
        except OSError:
            return False

    def _due(self, now: int, force: bool) -> bool:
        late = force or (now - self._lazy_since) & 0x3FFFFFFF >= LAZY_MS
        for how in self._state.dirty:
            if how == URGENT or (how and late):
                return True
        return self._state.totals_dirty or any(self._gone) or any(self._dirty) or self.frames.pending() >= 0

    def _buried(self) -> int:
        return sum([1 for used in self._used if used == BURIED])

    def _bytes(self) -> int:
        """What saving everything takes at most."""
        need = 2 * _HEAD + records.TOTALS_SIZE + self._buried() * (_HEAD + MAX_PAYLOAD)
        need += sum(self._dirty) * (_HEAD + ENTRY_SIZE) + sum(self._gone) * 2 * _HEAD
        for how in self._state.dirty:
            need += _HEAD + BLOCK * FIELDS if how else 0
        return need + self.frames.bytes_pending()

    def _save(self, parts: int) -> bool:
        """Write some parts in one journal group; only once it is committed do they count as saved."""
        if not self._journal.begin():
            return False
        try:
            if parts & _GRAVE:
                self._bury()
            if parts & _ENTRIES:
                self._save_entries()
            if parts & _FRAMES:
                self._save_frames()
            if parts & _STATE:
                self._save_state()
            self._journal.commit()
        except JournalFull:
            self._journal.abort()
            return False
        except:  # whatever it was: no later group is part of this one
            self._journal.abort()
            raise
        self._settle(parts)
        return True

    def _settle(self, parts: int) -> None:
        if parts & _GRAVE:
            slot = self._used.find(bytes([BURIED]))
            if slot >= 0:
                self._used[slot] = FREE
                self._dirty[slot] = 0
        if parts & _ENTRIES:
            for event in range(self._config.events):
                self._gone[event] = 0
            for slot in range(self._rows):
                if self._used[slot] == HELD:
                    self._dirty[slot] = 0
        if parts & _FRAMES:
            self.frames.release_all()
        if parts & _STATE:
            for block in range(len(self._state.dirty)):
                self._state.dirty[block] = CLEAN
            self._state.totals_dirty = False

    def _bury(self) -> None:
        """The first cleared entry and its frame become a tombstone; the oldest tombstone makes room."""
        slot = self._used.find(bytes([BURIED]))
        if slot < 0:
            return
        at = slot * ENTRY_SIZE
        event = self._table[at + E_EVENT]
        frame = self._journal.get(records.FRAME, event, self._view[ENTRY_SIZE:])
        self._buf[:ENTRY_SIZE] = self._table[at : at + ENTRY_SIZE]
        length = ENTRY_SIZE + max(0, min(frame, MAX_PAYLOAD - ENTRY_SIZE))
        if self._journal.length(records.TOMBSTONE, event) < 0:
            self._make_grave()
        self._journal.put(records.TOMBSTONE, event, self._buf, length)
        self._forget(event)

    def _forget(self, event: int) -> None:
        for kind in (records.ENTRY, records.FRAME):
            if self._journal.length(kind, event) >= 0:
                self._journal.delete(kind, event)

    def _make_grave(self) -> None:
        count = 0
        oldest = -1
        oldest_order = 0
        head = bytearray(ENTRY_SIZE)
        key = self._journal.next_key(records.TOMBSTONE)
        while key >= 0:
            count += 1
            self._journal.get(records.TOMBSTONE, key, head)
            order: int = unpack_from("<I", head, E_ORDER)[0]
            if oldest < 0 or order < oldest_order:
                oldest, oldest_order = key, order
            key = self._journal.next_key(records.TOMBSTONE, key)
        if count >= TOMBSTONES:
            self._journal.delete(records.TOMBSTONE, oldest)

    def _save_entries(self) -> None:
        for event in range(self._config.events):
            if self._gone[event]:
                self._forget(event)
        for slot in range(self._rows):
            if self._dirty[slot] and self._used[slot] == HELD:
                self._pack_state(slot)
                at = slot * ENTRY_SIZE
                self._journal.put(records.ENTRY, self._table[at + E_EVENT], self._table[at : at + ENTRY_SIZE])

    def _save_frames(self) -> None:
        frames = self.frames
        for slot in range(len(frames.event)):
            event = frames.event[slot]
            if event == NO_SLOT:
                continue
            kept = not self._gone[event] and self._journal.length(records.FRAME, event) > 0
            if frames.good[slot] or not kept:  # an empty recapture never overwrites a good one
                self._journal.put(records.FRAME, event, self._buf, frames.encode(slot, self._boot, self._buf))

    def _save_state(self) -> None:
        state = self._state
        for block in range(len(state.dirty)):
            if state.dirty[block]:
                self._journal.put(records.STATUS, block, self._buf, state.pack(block, self._buf))
        if state.totals_dirty:
            numbers = (state.cycles, state.cycle_s, state.open, 1 if state.overflow else 0, 0, self._catalogue)
            self._journal.put(records.TOTALS, 0, pack(records.TOTALS_FORMAT, *numbers))

    def _pack_state(self, slot: int) -> None:
        """Copy what the manager knows into the entry."""
        at = slot * ENTRY_SIZE
        event = self._table[at + E_EVENT]
        self._table[at + E_STATUS] = self._state.status[event]
        self._table[at + E_OCCURRENCE] = self._state.occurrence[event]
        self._table[at + E_FDC_MAX] = self._state.fdc_max[event]
        self._table[at + E_AGES] = self._state.ages[event]

    # At start

    def load(self) -> None:
        """Take the newest saved state. Once, after the journal is mounted and before the first report; then
        `Manager.resume`. State of another catalogue is not ours: its entries become tombstones."""
        state = self._state
        known = self._journal.get(records.TOTALS, 0, self._buf) >= records.TOTALS_SIZE
        same = True
        if known:
            cycles, seconds, running, overflow, _, catalogue = unpack_from(records.TOTALS_FORMAT, self._buf, 0)
            same = catalogue == self._catalogue
            state.cycles = cycles
            state.cycle_s = seconds
            state.open = running if same else 0
            state.overflow = bool(overflow) and same
        for block in range(len(state.dirty)):
            length = self._journal.get(records.STATUS, block, self._buf) if same else 0
            if length >= FIELDS:
                state.unpack(block, self._buf, min(length, BLOCK * FIELDS))
            state.dirty[block] = CLEAN if same else URGENT
        self._load_entries(same)
        state.totals_dirty = not known or not same

    def _load_entries(self, same: bool) -> None:
        slot = 0
        event = self._journal.next_key(records.ENTRY)
        while event >= 0 and slot < self._rows:
            length = self._journal.get(records.ENTRY, event, self._buf)
            if length > 0:
                self._take(slot, event, length, same)
                slot += 1
            event = self._journal.next_key(records.ENTRY, event)

    def _take(self, slot: int, event: int, length: int, same: bool) -> None:
        at = slot * ENTRY_SIZE
        for i in range(ENTRY_SIZE):
            self._table[at + i] = self._buf[i] if i < length else 0
        self._order = max(self._order, unpack_from("<I", self._table, at + E_ORDER)[0])
        if same and event < self._config.events:
            self._used[slot] = HELD
            self._slot_of[event] = slot
        else:
            self._used[slot] = BURIED
            self._dirty[slot] = 1
            self._table[at + E_WHO] = CATALOGUE_CHANGED

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
