"""The fixed parts of the journal's records by name, for reports to people, consoles and tests.

Takes a record's bytes, gives a dictionary; allocates. What the appliance itself needs of each layout stands in
`records.py` as numbers, which a test holds against these tables. Not imported while nobody asks.
"""

from .binary import unpack_from
from .records import ENTRY, FRAME, SPOOL, TOMBSTONE, TOTALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# (field, format)
_ENTRY = (
    ("event", "B"),
    ("status", "B"),
    ("occurrence", "B"),
    ("fdc_max", "B"),
    ("ages", "B"),
    ("flags", "B"),
    ("priority", "B"),
    ("who", "B"),  # tombstones: who cleared it
    ("first_boot", "I"),
    ("first_s", "I"),  # uptime
    ("first_wall", "I"),  # Unix time, 0 while unknown
    ("last_boot", "I"),
    ("last_s", "I"),
    ("last_wall", "I"),
    ("operation_s", "I"),  # seconds in operation cycles so far
    ("cycle", "I"),
    ("order", "I"),  # rises with every entry made or seen again
    ("catalogue", "I"),
    ("grant", "I"),  # tombstones: under which grant
    ("cleared_boot", "I"),
    ("cleared_s", "I"),
    ("cleared_wall", "I"),
    ("firmware", "12s"),
)
_FRAME = (
    ("trigger", "B"),
    ("good", "B"),  # 1: at least one of its signals was valid at the trigger
    ("signals", "B"),
    ("consent", "B"),  # mask of the purposes that were allowed when it was captured
    ("boot", "I"),
    ("uptime_s", "I"),
    ("cycle", "I"),
    ("period_ms", "I"),
)
_TOTALS = (("cycles", "I"), ("cycle_s", "I"), ("open", "B"), ("overflow", "B"), ("spare", "H"), ("catalogue", "I"))
_SPOOL = (("boot", "I"), ("seq", "I"), ("kind", "B"), ("purpose", "B"), ("value", "B"), ("needs", "B"))
LAYOUTS = {ENTRY: _ENTRY, TOMBSTONE: _ENTRY, FRAME: _FRAME, TOTALS: _TOTALS, SPOOL: _SPOOL}


def names(kind: int) -> "tuple[str, ...]":
    """Field names of a record type's fixed part, in order."""
    return tuple([field[0] for field in LAYOUTS[kind]])


def layout(kind: int) -> str:
    """The `struct` format of a record type's fixed part."""
    return "<" + "".join([field[1] for field in LAYOUTS[kind]])


def read(kind: int, buf: "bytes | bytearray | memoryview", off: int = 0) -> "dict[str, Any]":
    """The fixed part of a record by name."""
    values = unpack_from(layout(kind), buf, off)
    fields: "dict[str, Any]" = {}
    for i, name in enumerate(names(kind)):
        fields[name] = values[i]
    return fields
