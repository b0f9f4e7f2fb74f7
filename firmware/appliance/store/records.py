"""What lies in the journal: record types and the layout of each as numbers; `fields.py` has their names.

Gives numbers and `struct` formats (little-endian). A released type or layout never changes: new fields go to the
end, and readers take shorter records. Never touches flash.
"""

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
SPOOL = 7  # key: slot; head (its last byte: mask of further purposes needed), then the sealed message
CONSENT = 8  # keys 0 and 1: the newest decision, twice
REPORTED = 9  # key 0: what was told of each event; key 1: from where a grant counts
LIFE = 10  # key 0: crashed starts in a row, what this start came to, records known to be torn
LEARNED = 11  # key: event * 2 + part; the print of what it was learned with, how many integers, then integers
LEDGER = 12  # key 0: the ledger's end as the journal knows it (trust/ledger.py)
COMMANDS = 13  # key 0: counter of the last command taken, which one, what came of it
RESET = 14  # key 0: a factory reset is to be finished; who asked for it (ids.BY_*)
UPDATE = 15  # key 0: the release offered last and how far it is, key 1: so of the next keys; key 2: what was tried
KEYS = 16  # key 0: number of the newest set of release keys that was here
INSTALLED = 17  # key 0: sequence of the newest release that passed its trial; never lower
HOURS = 18  # key 0: hours of the owner's day in which nothing installs (mask of 24 bits), minutes east of UTC
GRANTS = 19  # key 0: failed attempts in a row, the latest time that the vendor signed; key 1: number of the list of
# revoked credentials, then their serial numbers (u32 each)
REPLACED = 20  # as LEARNED: what the last relearning forgot, for whoever takes it back

BOOT_FORMAT = "<I"
ENTRY_FORMAT = "<BBBBBBBBIIIIIIIIIIIIII12s"
ENTRY_SIZE = 76
FRAME_FORMAT = "<BBBBIIII"  # then `signals` times: signal, validity, length (a byte each), samples (as in EVIDENCE)
FRAME_HEAD = 20
FRAME_TAIL = 4  # behind them: number of the owner's newest decision when it was captured; older frames lack it
TOTALS_FORMAT = "<IIBBHI"
TOTALS_SIZE = 16
SPOOL_FORMAT = "<IIBBBB"
SPOOL_HEAD = 12

# Offsets in an ENTRY.
E_EVENT = 0
E_STATUS = 1
E_OCCURRENCE = 2
E_FDC_MAX = 3
E_AGES = 4
E_FLAGS = 5
E_PRIORITY = 6
E_WHO = 7
E_FIRST = 8
E_LAST = 20
E_OPERATION_S = 32
E_CYCLE = 36
E_ORDER = 40
E_CATALOGUE = 44
E_GRANT = 48
E_CLEARED = 52
E_FIRMWARE = 64

RETURNED = 0x01  # entry flag: the fault came back after a clear


def read(kind: int, buf: "bytes | bytearray | memoryview", off: int = 0) -> "dict[str, Any]":
    """The fixed part of a record by name: for consoles and tests; allocates."""
    from .fields import read as by_name

    return by_name(kind, buf, off)
