"""Sectors of a journal or log: which are clean, in the ring or dirty, and how records lie in them.

Takes a `Flash` port, gives byte-exact headers and scans. A sector begins with a mark that says the erase before it was
complete (and how many there were), then a header with the sector's own sequence; records follow. Never decides what
lives.

    mark     "TJ" layout spare, erases u32, crc u32, zero u32                                       16 bytes
    header   sequence u32, its inverse u32, crc u32, zero u32                                       16 bytes
    retired  erased while the sector counts; zeros before its erase, which may stop half-way        16 bytes
    record   length u16, type u8, flags u8, key u16, sequence u32, crc u32, check u16               16 bytes
             payload, zero-padded to the write unit
"""

from array import array

from .binary import crc32, pack_into, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Flash

MAX_PAYLOAD = 1024
HEAD = 16
FIRST = 48  # where records begin in a sector

CLEAN = 0
USED = 1
DIRTY = 2

_MARK = b"TJ\x01\x00"
_HEAD = "<HBBHIIH"
_CHUNK = 256
_BLANK = b"\xff" * _CHUNK
_ZEROS = bytes(16)


class Ring:
    """The sectors of one partition and the record head last read (`length, kind, flags, key, seq, crc`)."""

    def __init__(self, flash: "Flash", beside: "Ring | None" = None) -> None:
        """`beside`: another ring of the same appliance, whose buffers serve this one too."""
        if HEAD % flash.write_size or flash.sector_size < FIRST + HEAD + MAX_PAYLOAD or flash.sectors < 6:
            raise ValueError("a ring needs write units of 1 to 16 bytes and at least 6 sectors")
        self.flash = flash
        self.size = flash.sector_size
        self.state = bytearray(flash.sectors)
        self.sequence = array("I", [0] * flash.sectors)
        self.erases = array("I", [0] * flash.sectors)
        self.clean = 0
        self.length = 0
        self.kind = 0
        self.flags = 0
        self.key = 0
        self.seq = 0
        self.crc = 0
        self._small = bytearray(HEAD) if beside is None else beside._small
        self._view = memoryview(bytearray(_CHUNK)) if beside is None else beside._view

    # Sectors

    def survey(self) -> None:
        """Read every sector's mark and header; an unknown erase count becomes the highest known one."""
        worn = 0
        unknown = bytearray(self.flash.sectors)
        self.clean = 0
        for sector in range(self.flash.sectors):
            unknown[sector] = 0 if self._survey(sector) else 1
            worn = max(worn, self.erases[sector])
        for sector in range(self.flash.sectors):
            if unknown[sector]:
                self.erases[sector] = worn

    def _survey(self, sector: int) -> bool:
        base = sector * self.size
        self.flash.read(base, self._small)
        marked = bytes(self._small[:4]) == _MARK and crc32(self._small[:8]) == unpack_from("<I", self._small, 8)[0]
        self.erases[sector] = unpack_from("<I", self._small, 4)[0] if marked else 0
        self.flash.read(base + 16, self._small)
        sequence, inverse, check = unpack_from("<III", self._small, 0)
        self.sequence[sector] = 0
        sound = marked and sequence and sequence ^ inverse == 0xFFFFFFFF and crc32(self._small[:8]) == check
        self.flash.read(base + 32, self._small)
        if sound and bytes(self._small) == _BLANK[:16]:
            self.sequence[sector] = sequence
            self.state[sector] = USED
        elif marked and self.used_end(sector, 16) == 16:
            self.state[sector] = CLEAN
            self.clean += 1
        else:
            self.state[sector] = DIRTY
        return marked

    def erase(self, sector: int) -> None:
        """Erase and mark a sector: it is clean afterwards, and dirty if anything stops in between."""
        used = self.state[sector] == USED
        self.sequence[sector] = 0
        self.state[sector] = DIRTY
        if used:
            self.flash.program(sector * self.size + 32, _ZEROS)
        self.flash.erase(sector)
        self.erases[sector] += 1
        pack_into("<4sI", self._small, 0, _MARK, self.erases[sector])
        pack_into("<II", self._small, 8, crc32(self._small[:8]), 0)
        self.flash.program(sector * self.size, self._small)
        self.state[sector] = CLEAN
        self.clean += 1

    def open(self, after: int, sequence: int) -> int:
        """Bring the next clean sector after `after` into the ring; gives it, or -1 when there is none."""
        for step in range(1, self.flash.sectors + 1):
            sector = (after + step) % self.flash.sectors
            if self.state[sector] == CLEAN:
                self.state[sector] = DIRTY
                self.clean -= 1
                pack_into("<II", self._small, 0, sequence, sequence ^ 0xFFFFFFFF)
                pack_into("<II", self._small, 8, crc32(self._small[:8]), 0)
                self.flash.program(sector * self.size + 16, self._small)
                self.sequence[sector] = sequence
                self.state[sector] = USED
                return sector
        return -1

    def next_used(self, above: int) -> int:
        """The sector in the ring with the lowest sequence above `above`, or -1."""
        best = -1
        for sector in range(self.flash.sectors):
            sequence = self.sequence[sector]
            if sequence > above and (best < 0 or sequence < self.sequence[best]):
                best = sector
        return best

    def find(self, state: int) -> int:
        """The first sector in a state, or -1."""
        for sector in range(self.flash.sectors):
            if self.state[sector] == state:
                return sector
        return -1

    def used_end(self, sector: int, first: int) -> int:
        """Offset behind the last byte that is not erased, rounded up to a write unit; `first` when there is none."""
        end = self.size
        while end > first:
            start = max(first, end - _CHUNK)
            part = self._view[: end - start]
            self.flash.read(sector * self.size + start, part)
            if bytes(part) != _BLANK[: end - start]:
                last = end - start - 1
                while part[last] == 0xFF:
                    last -= 1
                return self.padded(start + last + 1)
            end = start
        return first

    # Records

    def padded(self, length: int) -> int:
        unit = self.flash.write_size
        return (length + unit - 1) // unit * unit

    def need(self, length: int) -> int:
        """Flash bytes of a record with `length` bytes of payload."""
        return HEAD + self.padded(length)

    def head(self, at: int) -> bool:
        """Read a record head into the fields; False when there is none."""
        self.flash.read(at, self._small)
        self.length, self.kind, self.flags, self.key, self.seq, self.crc, check = unpack_from(_HEAD, self._small, 0)
        if crc32(self._small[:14]) & 0xFFFF != check or self.length > MAX_PAYLOAD:
            return False
        return at % self.size + self.need(self.length) <= self.size

    def sound(self, at: int) -> bool:
        """Whether the payload behind the head just read fits its CRC."""
        crc = crc32(self._small[:10])
        done = 0
        while done < self.length:
            part = self._view[: min(_CHUNK, self.length - done)]
            self.flash.read(at + HEAD + done, part)
            crc = crc32(part, crc)
            done += len(part)
        return crc == self.crc

    def check(self, buf: "bytes | bytearray | memoryview") -> bool:
        """Whether `buf` is the payload of the head just read."""
        return crc32(buf, crc32(self._small[:10])) == self.crc

    def _write_head(self, at: int, length: int, kind: int, flags: int, key: int, seq: int, crc: int) -> None:
        pack_into(_HEAD, self._small, 0, length, kind, flags, key, seq, crc, 0)
        pack_into("<H", self._small, 14, crc32(self._small[:14]) & 0xFFFF)
        self.flash.program(at, self._small)

    def _start_crc(self, length: int, kind: int, flags: int, key: int, seq: int) -> int:
        pack_into("<HBBHI", self._small, 0, length, kind, flags, key, seq)
        return crc32(self._small[:10])

    def write(self, at: int, kind: int, flags: int, key: int, seq: int, payload: memoryview) -> None:
        """Program a record: head, then payload."""
        length = len(payload)
        crc = crc32(payload, self._start_crc(length, kind, flags, key, seq))
        self._write_head(at, length, kind, flags, key, seq, crc)
        whole = length - length % self.flash.write_size
        if whole:
            self.flash.program(at + HEAD, payload[:whole])
        self._write_tail(at + HEAD + whole, payload[whole:])

    def _write_tail(self, at: int, rest: memoryview) -> None:
        if len(rest):
            unit = self._view[: self.flash.write_size]
            for i in range(len(unit)):
                unit[i] = rest[i] if i < len(rest) else 0
            self.flash.program(at, unit)

    def copy(self, source: int, at: int, seq: int) -> bool:
        """Program the record at `source` again at `at`, with a new sequence; False when the source is not sound."""
        if not self.head(source) or not self.sound(source):
            return False
        length, kind, key = self.length, self.kind, self.key
        crc = self._start_crc(length, kind, 0, key, seq)
        done = 0
        while done < length:
            part = self._view[: min(_CHUNK, length - done)]
            self.flash.read(source + HEAD + done, part)
            crc = crc32(part, crc)
            done += len(part)
        self._write_head(at, length, kind, 0, key, seq, crc)
        done = 0
        while done < self.padded(length):
            part = self._view[: min(_CHUNK, self.padded(length) - done)]
            self.flash.read(source + HEAD + done, part)
            self.flash.program(at + HEAD + done, part)
            done += len(part)
        return True
