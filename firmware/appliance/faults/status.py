"""The status byte of an event (ISO 14229-1, annex D.2) and the one table by which it moves.

Takes a status byte and an edge, gives the next status byte. Nothing else in the firmware sets or clears a status bit.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Edges. The first four have the numbers of `ids.TRIGGER_*`, so that a change says what a freeze frame is taken for.
FDC = 0  # the fault detection counter crossed its threshold
TEST_FAILED = 1  # qualified FAILED
PENDING = 2  # bit 2 rises together with TEST_FAILED; the row is here so that the numbering has no hole
CONFIRMED = 3  # the failure counter reached its threshold, or the code confirms at once
PASSED = 4  # qualified PASSED
CYCLE_START = 5
CYCLE_END = 6
WARNING = 7  # confirmed and failing, and the code asks for the indicator
HEALED = 8
AGED = 9
CLEARED = 10
EDGES = 11

NAMES = (
    "FDC threshold",
    "qualified FAILED",
    "pending",
    "confirmed",
    "qualified PASSED",
    "operation cycle start",
    "operation cycle end",
    "warning",
    "healed",
    "aged",
    "cleared",
)

# One row an edge: where (status & mask) == value, status becomes (status & ~clear) | set; elsewhere it stays.
# fmt: off
TABLE = bytes((
    # mask value  clear  set
    0x00, 0x00, 0x00, 0x00,  # FDC          no bit moves
    0x00, 0x00, 0x50, 0x27,  # TEST_FAILED  set 0 1 2 5, clear 4 6
    0x00, 0x00, 0x00, 0x00,  # PENDING      no bit moves
    0x04, 0x04, 0x00, 0x08,  # CONFIRMED    a pending fault: set 3
    0x00, 0x00, 0x51, 0x00,  # PASSED       clear 0 4 6 only
    0x00, 0x00, 0x02, 0x40,  # CYCLE_START  clear 1, set 6; bit 0 stays
    0x42, 0x00, 0x04, 0x00,  # CYCLE_END    tested and never failed (1 and 6 both 0): clear 2
    0x09, 0x09, 0x00, 0x80,  # WARNING      failing and confirmed: set 7
    0x00, 0x00, 0x80, 0x00,  # HEALED       clear 7
    0x80, 0x00, 0x0C, 0x00,  # AGED         only without warning: clear 2 3
    0x00, 0x00, 0xFF, 0x50,  # CLEARED      initial
))
# fmt: on

# A move of these bits is worth telling (bits 0, 2, 3, 7); 1, 4, 5 and 6 follow cycles and tests.
TOLD = 0x8D
# Tested in this operation cycle and never failed in it: both bits 0.
FAILED_OR_UNTESTED = 0x42


def step(status: int, edge: int) -> int:
    """The status byte after `edge`. Allocates nothing."""
    row = edge * 4
    if status & TABLE[row] != TABLE[row + 1]:
        return status
    return (status & ~TABLE[row + 2]) | TABLE[row + 3]


def rules() -> "Iterator[str]":
    """The table in words, one line an edge: what the documentation shows."""
    for edge in range(EDGES):
        mask, value, clear, put = TABLE[edge * 4 : edge * 4 + 4]
        when = " ".join("bit %d = %d" % (bit, value >> bit & 1) for bit in range(8) if mask >> bit & 1)
        yield "| %s | %s | %s | %s |" % (NAMES[edge], when or "always", _bits(clear & ~put), _bits(put))


def _bits(mask: int) -> str:
    return " ".join(str(bit) for bit in range(8) if mask >> bit & 1) or "-"
