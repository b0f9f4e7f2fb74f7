"""The ledger's chain: what its records hold, and how each is bound to the one before.

    record   type u8 and number u32 in the log's record head; payload: time, body, mac (8 bytes)
    h        SHA-256(h of the record before, number u32, type u8, time, body)
    mac      first 8 bytes of HMAC-SHA256 over h, with a key that only this appliance has

Every sector begins with a SUMMARY of all before it. It carries the h before it, so it stands by itself, and the number
up to which records may be gone. Takes bytes, gives bytes; never writes.
"""

from trivet_wire.envelope import sha256

from ..store.binary import pack, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from trivet_wire.envelope import Key

    from ..store.ring import Ring

# Record types. A released layout never changes; new types stand beside.
STARTED = 1  # boot, cause (ids.RESET_*)
SENT = 2  # kind, mask of the purposes it needed, bytes, boot, seq, number of its code, SHA-256 of it (first 8 bytes)
DECIDED = 3  # number of the decision, purpose, granted, channel, hash of the text
COMMAND = 4  # command (ids.C_*), grant (ids.G_*), reason (ids.R_*, 0: done), its counter
CLEARED = 5  # who (ids of consent channels), grant (ids.G_*)
ACCESS = 6  # who was at the service port, what they did
FOUND = 7  # a look at the ledger found this wrong first: number, why (ids.L_*)
SUMMARY = 8  # see SUMMARY_FORMAT
UPDATED = 9  # state (ids.U_*), reason (ids.R_* or 0), ids.W_*, sequence, first 8 bytes of its digest
GRANTED = (
    10  # serial number of a technician's credential (0: unknown), what it may (ids.MAY_*), reason (0: it was given)
)
WORKED = 11  # serial number, what was done (ids.MAY_*), of which code, self-test or fix (its number), reason
REMOTE = 12  # number of a service session, what of it (RM_*), which (minutes, ids.END_*, self-test or fix), reason
FORMATS = ("", "<IB", "<BBHIIH8s", "<IBBBI", "<BBBI", "<BB", "<BB", "<IB", "", "<BBBI8s", "<IBB", "<IBHB", "<IBBB")
TYPES = 8  # that a summary counts
RM_BEGUN = 0
RM_ENDED = 1
RM_TEST = 2
RM_FIX = 3
NO_CODE = 65535

TIME_FORMAT = "<II"  # Unix time (0: unknown), seconds since the start
TIME = 8  # bytes
MAC = 8
# Number up to which records may be gone, h before this record, tally of what lies before it; whose records were cut off
# at once (channel of the consent's end), or that old ones only gave way to new ones
SUMMARY_FORMAT = "<I32s12IB"
GAVE_WAY = 255
LONGEST = TIME + 4 + 32 + 12 * 4 + 1 + MAC  # a summary; no other record is as long
ROOM = LONGEST + 15  # and its padding
START_H = bytes(32)

# A tally: 13 integers; all but the last are in a summary.
T_FIRST = 0  # Unix time of the oldest record that had one
T_LAST = 1
T_BOOT = 2  # number of the last start
T_DECISION = 3  # of the last consent decision
T_COUNTS = 4  # records of each type, from 1 on
T_DECIDED_AT = 12  # number of the last decision's record, as far as it was read
TALLY = 13


def link(h: "bytes | memoryview", number: int, kind: int, body: "bytes | memoryview") -> bytes:
    """The h of a record behind one with `h`; `body` begins with its time."""
    digest = sha256(h)
    digest.update(pack("<IB", number, kind))
    digest.update(body)
    return digest.digest()


def take(ring: "Ring", at: int, key: "Key", h: bytes, view: memoryview) -> bytes | None:
    """The h of the record at `at`, whose head was just read, if it is as this appliance wrote it behind one with `h`
    (a summary: behind its own); else None. Its payload is in `view` then, ROOM bytes."""
    length = ring.length
    if ring.flags or ring.key or not TIME + MAC < length <= LONGEST or (ring.kind == SUMMARY) != (length == LONGEST):
        return None
    whole = view[: ring.padded(length)]
    ring.flash.read(at + 16, whole)
    if any(whole[length:]):
        return None
    end = length - MAC
    now = link(whole[TIME + 4 : TIME + 36] if ring.kind == SUMMARY else h, ring.seq, ring.kind, whole[:end])
    return now if key.digest(now)[:MAC] == bytes(whole[end:length]) else None


def spare(ring: "Ring", at: int, view: memoryview) -> bool:
    """Whether the spare bytes at the head of a record's sector are zero."""
    ring.flash.read(at - at % ring.size, view[:32])
    return not any(view[12:16]) and not any(view[28:32])


def count(tally: "array[int]", number: int, kind: int, body: "bytes | memoryview") -> None:
    """One more record; a summary brings its own tally."""
    if kind == SUMMARY:
        row = unpack_from(SUMMARY_FORMAT, body, TIME)
        for i in range(T_DECIDED_AT):
            tally[i] = row[2 + i]
    wall, _, value = unpack_from("<III", bytes(body[:12]) + b"\0\0\0")
    if wall:
        tally[T_FIRST] = tally[T_FIRST] or wall
        tally[T_LAST] = wall
    if kind == STARTED:
        tally[T_BOOT] = value
    elif kind == DECIDED:
        tally[T_DECISION] = value
        tally[T_DECIDED_AT] = number
    if 0 < kind <= TYPES:
        tally[T_COUNTS - 1 + kind] += 1
