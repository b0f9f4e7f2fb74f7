"""What people may ask of an update: its vendor offers it or takes it back, its owner answers or excludes hours. Takes
the journal and the words, changes what is kept, gives 0 or why not. Does nothing by itself: the machine goes on from
there.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from . import gates, kept, memory
from .table import DECLINE, OFFER, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.cbor_read import Reader

    from ..store.journal import Journal

MAX_URI = 255
_MOST_EAST = 14 * 60  # minutes
_U32 = 0xFFFFFFFF
_COUNTS = b"\x04\x03\x02\x01"  # arguments of C_UPDATE and those behind it
_OVER = (ids.U_CONFIRMED, ids.U_ROLLED_BACK, ids.U_REFUSED)


def command(journal: "Journal", number: int, reader: "Reader", count: int) -> int:
    """What a signed command asks: its number (ids.C_*) and `count` arguments at `reader`."""
    if count != _COUNTS[number - ids.C_UPDATE]:
        return ids.R_FIELD
    done = 0
    if number == ids.C_UPDATE:
        what = reader.unsigned(ids.W_KEYS)
        size = reader.unsigned(_U32)
        digest = _bytes(reader, 32)
        uri = "" if reader.null() else reader.tstr()
        reader.done()
        done = offer(journal, what, size, digest, uri, kept.BROKER)
    elif number == ids.C_ANSWER:
        start = _bytes(reader, 8)
        word = reader.unsigned(ids.A_LATER)
        until = reader.unsigned(_U32)
        reader.done()
        done = answer(journal, start, word, until)
    elif number == ids.C_HOURS:
        mask = reader.unsigned(gates.ALL_HOURS)
        east = reader.integer()
        reader.done()
        done = hours(journal, mask, east)
    else:
        start = _bytes(reader, 8)
        reader.done()
        done = withdraw(journal, start)
    return done


def offer(journal: "Journal", what: int, size: int, digest: bytes, uri: str, source: int) -> int:
    """A release or the next keys (ids.W_*), by its envelope. The same again changes nothing while it goes on; another
    one takes its place. R_SIZE, R_FIELD; R_BUSY while the one before is on trial."""
    if not 0 < size <= ids.MAX_ENVELOPE:
        return ids.R_SIZE
    if what > ids.W_KEYS or len(digest) != 32 or len(uri) > MAX_URI or not _is_web(uri):
        return ids.R_FIELD
    row = kept.load(journal, what)
    state, _ = step(row[kept.STATE], OFFER)
    if state < 0:
        return 0 if row[kept.DIGEST] == digest else ids.R_BUSY
    if row[kept.DIGEST] == digest and row[kept.SOURCE] == source and row[kept.STATE] not in _OVER:
        return 0
    row = kept.fresh()
    row[kept.STATE] = state
    row[kept.SIZE] = size
    row[kept.DIGEST] = digest
    row[kept.URI] = uri
    row[kept.SOURCE] = kept.WEB if uri else source
    kept.save(journal, what, row)
    return 0


def answer(journal: "Journal", start: bytes, word: int, until: int) -> int:
    """The owner's word (ids.A_*) on the release whose envelope's digest begins with `start` (empty: whichever waits),
    up to `until` (Unix time, 0: for ever). R_FIELD where there is no such release; R_BUSY where it is too late."""
    row = kept.load(journal, ids.W_RELEASE)
    if word > ids.A_LATER or row[kept.STATE] == ids.U_IDLE or not _named(row, start):
        return ids.R_FIELD
    if row[kept.STATE] in _OVER or step(row[kept.STATE], DECLINE)[0] < 0:
        return ids.R_BUSY
    row[kept.ANSWER] = word
    row[kept.UNTIL] = until
    if row[kept.JUDGED] and memory.declined(row):
        row[kept.STATE] = step(row[kept.STATE], DECLINE)[0]
        row[kept.REASON] = ids.R_OWNER
    kept.save(journal, ids.W_RELEASE, row)
    return 0


def hours(journal: "Journal", mask: int, east: int) -> int:
    """Hours of the owner's day in which nothing installs: bit h for hour h; R_FIELD when too few are left."""
    if not gates.allowed(mask) or not -_MOST_EAST <= east <= _MOST_EAST:
        return ids.R_FIELD
    memory.set_hours(journal, mask, east)
    return 0


def withdraw(journal: "Journal", start: bytes) -> int:
    """Its vendor offers it no more. R_BUSY where it runs already; what is not there is withdrawn."""
    for what in (ids.W_RELEASE, ids.W_KEYS):
        row = kept.load(journal, what)
        if row[kept.STATE] == ids.U_IDLE or row[kept.STATE] in _OVER or not _named(row, start):
            continue
        state, _ = step(row[kept.STATE], DECLINE)
        if state < 0:
            return ids.R_BUSY
        row[kept.STATE] = state
        row[kept.REASON] = ids.R_WITHDRAWN
        kept.save(journal, what, row)
    return 0


def _named(row: "kept.Row", start: bytes) -> bool:
    """By its envelope's digest or its manifest's."""
    return row[kept.DIGEST].startswith(start) or row[kept.NAME] == start


def _is_web(uri: str) -> bool:
    return not uri or uri.startswith("http://") or uri.startswith("https://")


def _bytes(reader: "Reader", size: int) -> bytes:
    at = reader.bstr()
    if reader.pos - at != size:
        raise WireError(ids.R_FIELD)
    return bytes(memoryview(reader.buf)[at : reader.pos])
