"""The power-cut-safe journal: typed, keyed records in a ring of flash sectors; the latest of a key wins.

Takes a `Flash` port (a raw partition), gives put / get / delete and groups that happen whole or not at all. A cut
before, during or after any flash operation leaves the old or the new state. Appending never erases: `service()`,
called in idle time, copies what lives out of the oldest sector and erases it ahead. Never blocks longer than one
erase, never parses payloads.
"""

from array import array

from .index import Index
from .ring import DIRTY, FIRST, MAX_PAYLOAD, Ring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Flash

AHEAD = 3  # clean sectors that `service` keeps ready
_KEPT = 1  # of which appending never takes the last: reclaim needs it
GROUP_ROOM = 6000  # bytes that `begin` makes sure of
GROUP_RECORDS = 64

_DELETE = 0x01  # record flags
_GROUP = 0x80
_COMMIT = 240  # record type; its key is the number of records in the group


class JournalFull(Exception):
    """No room: too much is live, or `service` was not called enough. Nothing was changed."""


class Journal:
    """One journal on one partition. Call `mount()` first; `records` bounds how many may live at a time.

    `scratch` is lent to whoever handles one record, and has done with it before another may: nobody keeps anything
    there over a call of somebody else who reads or writes records. The journal itself never touches it.
    """

    def __init__(self, flash: "Flash", records: int = 128) -> None:
        self.ring = Ring(flash)
        self.scratch = bytearray(MAX_PAYLOAD)
        self._index = Index(records)
        self._active = -1
        self._pos = 0
        self._sequence = 0
        self._seq = 0
        self._depth = 0
        self._group = array("I", [0] * GROUP_RECORDS)
        self._grouped = 0
        self._group_bytes = 0
        self._group_keys = 0
        self.live_bytes = 0
        self.capacity = (flash.sectors - AHEAD - 2) * (self.ring.size - FIRST - self.ring.need(MAX_PAYLOAD))
        self.corrupt = 0  # records found torn or rotten since mount
        self.fresh = False  # nothing was found at mount: a new or a lost partition

    # Start

    def mount(self) -> None:
        """Find the newest consistent state. Never fails for what the flash holds; erases only where too little is
        clean."""
        ring = self.ring
        index = self._index
        index.count = 0
        self._seq = self._depth = self._grouped = self.corrupt = self.live_bytes = 0
        ring.survey()
        self._active = -1
        self._sequence = 0
        while True:
            sector = ring.next_used(self._sequence)
            if sector < 0:
                break
            self._active = sector
            self._sequence = ring.sequence[sector]
            self._pos = self._replay(sector)
        self._grouped = 0
        self.fresh = self._active < 0
        if self.fresh:
            if not ring.clean:
                ring.erase(0)
            self._open(0)
        while ring.clean < AHEAD and self.service():
            pass

    def _replay(self, sector: int) -> int:
        ring = self.ring
        base = sector * ring.size
        end = ring.used_end(sector, FIRST)
        pos = FIRST
        expected = True
        while pos < end:
            if pos + 16 <= ring.size and ring.head(base + pos) and ring.seq > self._seq:
                need = ring.need(ring.length)
                if ring.sound(base + pos):
                    self._replayed(base + pos)
                else:
                    self.corrupt += 1
                pos += need
                expected = True
            else:
                if expected:
                    self.corrupt += 1
                expected = False
                pos += ring.flash.write_size
        return pos

    def _replayed(self, at: int) -> None:
        ring = self.ring
        gap = ring.seq != self._seq + 1
        self._seq = ring.seq
        if ring.kind == _COMMIT:
            if not gap:
                self._apply(ring.key)
            self._grouped = 0
        elif ring.flags & _GROUP:
            if gap or self._grouped == GROUP_RECORDS:
                self._grouped = 0
            self._group[self._grouped] = at
            self._grouped += 1
        else:
            self._grouped = 0
            self._enter(at)

    def _apply(self, count: int) -> None:
        """Enter the last `count` records of the group."""
        if count <= self._grouped:
            for i in range(self._grouped - count, self._grouped):
                self.ring.head(self._group[i])
                self._enter(self._group[i])

    def _enter(self, at: int) -> None:
        """Let the record at `at`, whose head was just read, take effect."""
        ring = self.ring
        index = self._index
        slot = index.find(ring.kind, ring.key)
        if slot >= 0:
            self.live_bytes -= ring.need(index.length[slot])
            if ring.flags & _DELETE:
                index.drop(slot)
                return
        elif ring.flags & _DELETE:
            return
        elif index.count == index.size:
            self.corrupt += 1  # written by a firmware with a larger index
            return
        self.live_bytes += ring.need(ring.length)
        index.set(ring.kind, ring.key, at, ring.length)

    # Reading

    def get(self, kind: int, key: int, buf: "bytearray | memoryview") -> int:
        """Copy a record's payload into `buf`, as far as it fits; gives its whole length, -1 where there is none.
        Inside a group this is the state before the group."""
        slot = self._index.find(kind, key)
        if slot < 0:
            return -1
        at = self._index.at[slot]
        length = self._index.length[slot]
        if not self.ring.head(at):
            self.corrupt += 1
            return -1
        fits = min(length, len(buf))
        view = memoryview(buf)[:fits]
        self.ring.flash.read(at + 16, view)
        if fits == length and not self.ring.check(view):
            self.corrupt += 1
            return -1
        return length

    def length(self, kind: int, key: int) -> int:
        """Length of a record's payload, or -1."""
        slot = self._index.find(kind, key)
        return self._index.length[slot] if slot >= 0 else -1

    def next_key(self, kind: int, after: int = -1) -> int:
        """The lowest live key of `kind` above `after`, or -1: iterate in order without allocating."""
        return self._index.next_key(kind, after)

    @property
    def live(self) -> int:
        """Records that live now."""
        return self._index.count

    def wear(self) -> int:
        """Erases of the most worn sector."""
        return max(self.ring.erases)

    # Writing

    def put(self, kind: int, key: int, payload: "bytes | bytearray | memoryview", length: int = -1) -> None:
        """Write a record; it lives when this returns (or when its group is committed). JournalFull changes nothing."""
        view = memoryview(payload)
        if length >= 0:
            view = view[:length]
        if len(view) > MAX_PAYLOAD or not 0 < kind < _COMMIT or not 0 <= key < 65536:
            raise ValueError("payload up to %d bytes, type 1 to 239, key 0 to 65535" % MAX_PAYLOAD)
        slot = self._index.find(kind, key)
        need = self.ring.need(len(view))
        old = self.ring.need(self._index.length[slot]) if slot >= 0 else 0
        # what takes no more room than before is never too much: rot can bring deleted records back, beyond capacity
        if need > old and self.live_bytes + self._group_bytes + need - old > self.capacity:
            raise JournalFull
        if slot < 0 and self._index.count + self._group_keys >= self._index.size:
            raise JournalFull
        self._append(kind, 0, key, view)
        if self._depth:
            self._group_bytes += need
            self._group_keys += 1 if slot < 0 else 0

    def delete(self, kind: int, key: int) -> None:
        """Forget a record; nothing happens where there is none."""
        if self._depth or self._index.find(kind, key) >= 0:
            self._append(kind, _DELETE, key, memoryview(b""))

    def room(self) -> int:
        """Bytes that can be appended for sure before `service` runs again."""
        ring = self.ring
        rest = max(0, ring.size - self._pos - ring.need(MAX_PAYLOAD))
        return rest + max(0, ring.clean - _KEPT) * (ring.size - FIRST - ring.need(MAX_PAYLOAD))

    def prepare(self) -> None:
        """Make `begin` ready now, for what does not wait for the idle task: a clear, a withdrawal, a command. As long
        as a few erases take; in vain where too much lives."""
        while self.room() < GROUP_ROOM and self.service():
            pass

    def begin(self) -> bool:
        """Open a group: what is written until `commit` happens whole or not at all. False (and nothing opened) where
        room for a group is not ready: call `service` first. Groups nest; the outermost one counts."""
        if not self._depth:
            if self.room() < GROUP_ROOM:
                return False
            self._grouped = self._group_bytes = self._group_keys = 0
        self._depth += 1
        return True

    def commit(self) -> None:
        """Close a group; the outermost makes all of it live."""
        if not self._depth:
            raise RuntimeError("commit without begin")
        if self._depth == 1 and self._grouped:
            try:
                self._program(_COMMIT, 0, self._grouped, memoryview(b""))
            except:
                self.abort()
                raise
            self._apply(self._grouped)
        self._depth -= 1
        if not self._depth:
            self.abort()

    def abort(self) -> None:
        """Drop the open group, all levels of it: nothing of it ever lives."""
        self._depth = self._grouped = self._group_bytes = self._group_keys = 0

    def _append(self, kind: int, flags: int, key: int, payload: memoryview) -> None:
        if not self._depth:
            at = self._program(kind, flags, key, payload)
            self.ring.head(at)
            self._enter(at)
            return
        if self._grouped == GROUP_RECORDS:
            raise JournalFull
        self._group[self._grouped] = self._program(kind, flags | _GROUP, key, payload)
        self._grouped += 1

    def _program(self, kind: int, flags: int, key: int, payload: memoryview) -> int:
        """Append one record and read it back; gives its address. A failing write closes the sector."""
        ring = self.ring
        need = ring.need(len(payload))
        if self._pos + need > ring.size:
            self._open(_KEPT)
        at = self._active * ring.size + self._pos
        seq = self._seq + 1
        self._pos = ring.size
        ring.write(at, kind, flags, key, seq, payload)
        if not ring.head(at) or not ring.sound(at):
            raise OSError(5)
        self._seq = seq
        self._pos = at % ring.size + need
        return at

    def _open(self, kept: int) -> None:
        if self.ring.clean <= kept:
            raise JournalFull
        self._sequence += 1
        self._active = self.ring.open(self._active, self._sequence)
        self._pos = FIRST

    # Reclaiming

    def service(self) -> bool:
        """One step of work ahead: erase a sector, or copy one record. True while there is more to do."""
        ring = self.ring
        if self._depth or ring.clean >= AHEAD:
            return False
        sector = ring.find(DIRTY)
        if sector < 0:
            sector = ring.next_used(0)
            if sector == self._active:
                return False
            slot = self._index.lowest(sector * ring.size, (sector + 1) * ring.size)
            if slot >= 0:
                self._copy(slot)
                return True
        ring.erase(sector)
        return True

    def _copy(self, slot: int) -> None:
        ring = self.ring
        index = self._index
        need = ring.need(index.length[slot])
        if self._pos + need > ring.size:
            self._open(0)
        at = self._active * ring.size + self._pos
        seq = self._seq + 1
        before = self._pos
        self._pos = ring.size
        if not ring.copy(index.at[slot], at, seq):
            self._pos = before
            self.corrupt += 1
            self.live_bytes -= need
            index.drop(slot)
            return
        if not ring.head(at) or not ring.sound(at):
            raise OSError(5)
        self._seq = seq
        self._pos = before + need
        index.at[slot] = at
