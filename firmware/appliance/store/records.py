"""What lies in the journal: record types and the layout of each, every fact once.

Gives numbers and `struct` formats (little-endian). A released type or layout never changes: new fields go to the
end, and readers take shorter records. Never touches flash.
"""

from .binary import calcsize, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Record types 1..239 (the journal keeps 240..255 for itself).
BOOT = 1  # key 0
STATUS = 2  # key: block of 16 events
TOTALS = 3  # key 0
ENTRY = 4  # key: event
FRAME = 5  # key: event
TOMBSTONE = 6  # key: event; an ENTRY, who cleared it, then its FRAME
SPOOL = 7  # key: slot; head, then the sealed message
CONSENT = 8  # key: the consent gate's own
REPORTED = 9  # key: the reporter's own

# (field, format, size)
_ENTRY = (
    ("event", "B", 1),
    ("status", "B", 1),
    ("occurrence", "B", 1),
    ("fdc_max", "B", 1),
    ("ages", "B", 1),
    ("flags", "B", 1),
    ("priority", "B", 1),
    ("who", "B", 1),  # tombstones: who cleared it
    ("first_boot", "I", 4),
    ("first_s", "I", 4),  # uptime
    ("first_wall", "I", 4),  # Unix time, 0 while unknown
    ("last_boot", "I", 4),
    ("last_s", "I", 4),
    ("last_wall", "I", 4),
    ("operation_s", "I", 4),  # seconds in operation cycles so far
    ("cycle", "I", 4),
    ("order", "I", 4),  # rises with every entry made or seen again
    ("catalogue", "I", 4),
    ("grant", "I", 4),  # tombstones: under which grant
    ("cleared_boot", "I", 4),
    ("cleared_s", "I", 4),
    ("cleared_wall", "I", 4),
    ("firmware", "12s", 12),
)
_FRAME = (
    ("trigger", "B", 1),
    ("good", "B", 1),  # 1: at least one of its signals was valid at the trigger
    ("signals", "B", 1),
    ("spare", "B", 1),
    ("boot", "I", 4),
    ("uptime_s", "I", 4),
    ("cycle", "I", 4),
    ("period_ms", "I", 4),
)  # then `signals` times: signal, validity, length (a byte each), samples (contract of EVIDENCE)
_TOTALS = (
    ("cycles", "I", 4),
    ("cycle_s", "I", 4),
    ("open", "B", 1),
    ("overflow", "B", 1),
    ("spare", "H", 2),
    ("catalogue", "I", 4),
)
_SPOOL = (
    ("boot", "I", 4),
    ("seq", "I", 4),
    ("kind", "B", 1),
    ("purpose", "B", 1),
    ("value", "B", 1),
    ("spare", "B", 1),
)


def _offset(layout: "tuple[tuple[str, str, int], ...]", name: str) -> int:
    at = 0
    for field, _, size in layout:
        if field == name:
            return at
        at += size
    raise ValueError(name)


def _format(layout: "tuple[tuple[str, str, int], ...]") -> str:
    return "<" + "".join([field[1] for field in layout])


BOOT_FORMAT = "<I"
ENTRY_FORMAT = _format(_ENTRY)
ENTRY_SIZE = calcsize(ENTRY_FORMAT)
FRAME_FORMAT = _format(_FRAME)
FRAME_HEAD = calcsize(FRAME_FORMAT)
TOTALS_FORMAT = _format(_TOTALS)
TOTALS_SIZE = calcsize(TOTALS_FORMAT)
SPOOL_FORMAT = _format(_SPOOL)
SPOOL_HEAD = calcsize(SPOOL_FORMAT)

E_EVENT = _offset(_ENTRY, "event")
E_STATUS = _offset(_ENTRY, "status")
E_OCCURRENCE = _offset(_ENTRY, "occurrence")
E_FDC_MAX = _offset(_ENTRY, "fdc_max")
E_AGES = _offset(_ENTRY, "ages")
E_FLAGS = _offset(_ENTRY, "flags")
E_PRIORITY = _offset(_ENTRY, "priority")
E_WHO = _offset(_ENTRY, "who")
E_FIRST = _offset(_ENTRY, "first_boot")
E_LAST = _offset(_ENTRY, "last_boot")
E_OPERATION_S = _offset(_ENTRY, "operation_s")
E_CYCLE = _offset(_ENTRY, "cycle")
E_ORDER = _offset(_ENTRY, "order")
E_CATALOGUE = _offset(_ENTRY, "catalogue")
E_GRANT = _offset(_ENTRY, "grant")
E_CLEARED = _offset(_ENTRY, "cleared_boot")
E_FIRMWARE = _offset(_ENTRY, "firmware")

RETURNED = 0x01  # entry flag: the fault came back after a clear


def names(kind: int) -> "tuple[str, ...]":
    """Field names of a record type's fixed part, in order."""
    layout = {ENTRY: _ENTRY, TOMBSTONE: _ENTRY, FRAME: _FRAME, TOTALS: _TOTALS, SPOOL: _SPOOL}[kind]
    return tuple([field[0] for field in layout])


def read(kind: int, buf: "bytes | bytearray | memoryview", off: int = 0) -> "dict[str, Any]":
    """The fixed part of a record by name: for reports, consoles and tests; allocates."""
    form = {
        ENTRY: ENTRY_FORMAT,
        TOMBSTONE: ENTRY_FORMAT,
        FRAME: FRAME_FORMAT,
        TOTALS: TOTALS_FORMAT,
        SPOOL: SPOOL_FORMAT,
    }
    values = unpack_from(form[kind], buf, off)
    fields: "dict[str, Any]" = {}
    for i, name in enumerate(names(kind)):
        fields[name] = values[i]
    return fields
