"""The packed catalogue: what an appliance must know of each event, in rows of fixed size, read where they lie (flash).

Takes the packed bytes (a memoryview over ROM costs no heap), gives small integers; reading allocates nothing. Never
holds texts: those are in the rich catalogue of the cloud and in small files by language.

    header   "TVC" version(1) rows(u16) row size(u16)                                                  8 bytes
    rows     one per event, in the order of events: code(u16) ne107 severity flags purpose confirm
             heal aging priority freeze(u32: bit per signal) cycle 0                                  16 bytes each
    index    event(u16) of each row, in the order of codes                                             2 bytes each

All little-endian, as on the chips.
"""

from .code import COUNT, code_text
from .ids import PURPOSE_NAMES, R_CATALOGUE
from .refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Buffer = bytes | bytearray | memoryview

    class _Hash:
        def digest(self) -> bytes: ...

    def sha256(data: Buffer) -> _Hash: ...


else:
    from hashlib import sha256

MAGIC = b"TVC\x01"
HEADER = 8
ROW = 16
MAX_EVENTS = 512
MAX_SIGNALS = 32  # that a freeze frame can name

# NE 107 status, in its own order of alarm.
FAILURE = 0
FUNCTION_CHECK = 1
OUT_OF_SPECIFICATION = 2
MAINTENANCE = 3
NE107_LETTERS = "FCSM"

# Flags.
HAZARD = 1  # a person may be hurt: sent under purpose `safety`, shown at once
IMMEDIATE = 2  # confirmed by the first qualified failure
WARNING = 4  # asks for the warning indicator

# Places in a row.
_CODE = 0
_NE107 = 2
_SEVERITY = 3
_FLAGS = 4
_PURPOSE = 5
_CONFIRM = 6
_HEAL = 7
_AGING = 8
_PRIORITY = 9
_FREEZE = 10
_CYCLE = 14


class Catalogue:
    """Reads packed bytes in place. An event that has no row raises IndexError: it is a mistake of the caller."""

    def __init__(self, buf: "Buffer") -> None:
        if len(buf) < HEADER:
            raise WireError(R_CATALOGUE)
        for i in range(len(MAGIC)):
            if buf[i] != MAGIC[i]:
                raise WireError(R_CATALOGUE)
        self.buf = buf
        self.events = buf[4] | buf[5] << 8  # events are 0 … events - 1
        self._index = HEADER + ROW * self.events
        if buf[6] | buf[7] << 8 != ROW or len(buf) != self._index + 2 * self.events:
            raise WireError(R_CATALOGUE)

    def _at(self, event: int, field: int) -> int:
        if event < 0 or event >= self.events:
            raise IndexError
        return self.buf[HEADER + event * ROW + field]

    def code(self, event: int) -> int:
        """The code's number (code.py)."""
        return self._at(event, _CODE) | self._at(event, _CODE + 1) << 8

    def text(self, event: int) -> str:
        """The code as people see it, `H07-1K`."""
        return code_text(self.code(event))

    def ne107(self, event: int) -> int:
        """FAILURE, FUNCTION_CHECK, OUT_OF_SPECIFICATION or MAINTENANCE; NE107_LETTERS has the letter."""
        return self._at(event, _NE107)

    def severity(self, event: int) -> int:
        """1 (worst) … 5."""
        return self._at(event, _SEVERITY)

    def hazard(self, event: int) -> bool:
        return self._at(event, _FLAGS) & HAZARD != 0

    def immediate(self, event: int) -> bool:
        return self._at(event, _FLAGS) & IMMEDIATE != 0

    def warning(self, event: int) -> bool:
        return self._at(event, _FLAGS) & WARNING != 0

    def purpose(self, event: int) -> int:
        """The purpose (ids.SAFETY …) whose consent covers sending this fault."""
        return self._at(event, _PURPOSE)

    def confirm(self, event: int) -> int:
        """Failed cycles until confirmed."""
        return self._at(event, _CONFIRM)

    def heal(self, event: int) -> int:
        """Cycles passed without failure until the warning indicator goes out."""
        return self._at(event, _HEAL)

    def aging(self, event: int) -> int:
        """Cycles passed without failure, after healing, until the entry goes."""
        return self._at(event, _AGING)

    def priority(self, event: int) -> int:
        """For displacement: a lower number is more important."""
        return self._at(event, _PRIORITY)

    def cycle(self, event: int) -> int:
        """Which of the board's operation cycles counts."""
        return self._at(event, _CYCLE)

    def freezes(self, event: int, signal: int) -> bool:
        """Whether the freeze frame of `event` holds `signal` (0 … MAX_SIGNALS - 1)."""
        return self._at(event, _FREEZE + (signal >> 3)) >> (signal & 7) & 1 != 0

    def find(self, code: int) -> int:
        """The event that has the code's number, or -1."""
        buf = self.buf
        low = 0
        high = self.events
        while low < high:
            middle = (low + high) // 2
            at = self._index + 2 * middle
            event = buf[at] | buf[at + 1] << 8
            if event >= self.events:
                return -1
            found = self.code(event)
            if found == code:
                return event
            if found < code:
                low = middle + 1
            else:
                high = middle
        return -1


def catalogue_id(buf: "Buffer") -> int:
    """The id that every message names: the first four bytes of SHA-256 over the packed catalogue, big-endian."""
    digest = sha256(buf).digest()
    return digest[0] << 24 | digest[1] << 16 | digest[2] << 8 | digest[3]


def row(
    code: int,
    ne107: int,
    severity: int,
    flags: int,
    purpose: int,
    confirm: int = 1,
    heal: int = 1,
    aging: int = 40,
    priority: int = 128,
    freeze: "Sequence[int]" = (),
    cycle: int = 0,
) -> bytes:
    """One packed row, checked; `freeze` names signals by index. Out of range: ValueError."""
    small = (ne107, severity, flags, purpose, confirm, heal, aging, priority)
    if not 0 <= code < COUNT or not 0 <= ne107 <= 3 or not 1 <= severity <= 5 or not 0 <= purpose < len(PURPOSE_NAMES):
        raise ValueError("code, NE 107 status, severity or purpose out of range")
    if flags & ~(HAZARD | IMMEDIATE | WARNING) or min(small) < 0 or max(small) > 255 or not 0 <= cycle <= 255:
        raise ValueError("flags, thresholds, priority or cycle out of range")
    packed = bytearray(ROW)
    packed[_CODE] = code & 0xFF
    packed[_CODE + 1] = code >> 8
    packed[_NE107:_FREEZE] = bytes(small)
    for signal in freeze:
        if not 0 <= signal < MAX_SIGNALS:
            raise ValueError("a freeze frame can name signals 0 to 31")
        packed[_FREEZE + (signal >> 3)] |= 1 << (signal & 7)
    packed[_CYCLE] = cycle
    return bytes(packed)


def pack(rows: "Sequence[bytes]") -> bytes:
    """The whole packed catalogue from `row(…)`s in the order of events. Two events with one code: ValueError."""
    if len(rows) > MAX_EVENTS:
        raise ValueError("too many events")
    order: "list[tuple[int, int]]" = []
    for event in range(len(rows)):
        order.append((rows[event][_CODE] | rows[event][_CODE + 1] << 8, event))
    order.sort()
    packed = bytearray(MAGIC)
    packed.extend(bytes((len(rows) & 0xFF, len(rows) >> 8, ROW, 0)))
    for one in rows:
        packed.extend(one)
    last = -1
    for code, event in order:
        if code == last:
            raise ValueError("two events have the code " + code_text(code))
        last = code
        packed.extend(bytes((event & 0xFF, event >> 8)))
    return bytes(packed)
