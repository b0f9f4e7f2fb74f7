"""The fixed parts of the journal's records by name, for reports to people, consoles and tests.

Takes a record's bytes, gives a dictionary; allocates. What the appliance itself needs of each layout stands in
`records.py` as numbers, which a test holds against these tables. Not imported while nobody asks.
"""

from .binary import unpack_from
from .records import ENTRY, FRAME, SPOOL, TOMBSTONE, TOTALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# By record type: names in one text, so that none of them must keep its name wherever else the firmware says it, then
# the format of each. First and last: when it was seen so, as boot, uptime and Unix time (0 while unknown). In an ENTRY
# operation_s are the seconds in operation cycles so far, order rises with every entry made or seen again; in a
# TOMBSTONE who cleared it, under which grant, when. In a FRAME good is 1 where at least one of its signals was valid at
# the trigger, consent the mask of the purposes that were allowed when it was captured.
_ENTRY = (
    "event status occurrence fdc_max ages flags priority who first_boot first_s first_wall last_boot last_s last_wall "
    "operation_s cycle order catalogue grant cleared_boot cleared_s cleared_wall firmware",
    "B B B B B B B B I I I I I I I I I I I I I I 12s",
)
_FRAME = ("trigger good signals consent boot uptime_s cycle period_ms", "B B B B I I I I")
_TOTALS = ("cycles cycle_s open overflow spare catalogue", "I I B B H I")
_SPOOL = ("boot seq kind purpose value needs", "I I B B B B")
LAYOUTS = {ENTRY: _ENTRY, TOMBSTONE: _ENTRY, FRAME: _FRAME, TOTALS: _TOTALS, SPOOL: _SPOOL}


def names(kind: int) -> "tuple[str, ...]":
    """Field names of a record type's fixed part, in order."""
    return tuple(LAYOUTS[kind][0].split())


def layout(kind: int) -> str:
    """The `struct` format of a record type's fixed part."""
    return "<" + LAYOUTS[kind][1].replace(" ", "")


def read(kind: int, buf: "bytes | bytearray | memoryview", off: int = 0) -> "dict[str, Any]":
    """The fixed part of a record by name."""
    values = unpack_from(layout(kind), buf, off)
    fields: "dict[str, Any]" = {}
    for i, name in enumerate(names(kind)):
        fields[name] = values[i]
    return fields
