"""What the appliance keeps of an update in its journal, so that it goes on where it was after any power cut: one record
for the release offered last, one for the next keys. Takes the journal, gives and takes rows; decides nothing.

A row is a list, its places are the numbers below; the record is the same as a CBOR array. New places go to the end.
"""

from trivet_wire.cbor import Reader, Writer
from trivet_wire.ids import A_NO, U_IDLE

from ..store.binary import pack, unpack_from
from ..store.records import HOURS, INSTALLED, KEYS, UPDATE
from .gates import NO_ANSWER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Ports
    from ..store.journal import Journal

    Row = list[Any]

STATE = 0  # ids.U_*
REASON = 1  # why it was refused or went back, ids.R_*; on trial: why it is to go back
TOLD = 2  # the state that was told last
SOURCE = 3  # where its payloads come from: BROKER, WEB, LINE
SIZE = 4  # bytes of its envelope
DIGEST = 5  # SHA-256 of its envelope
URI = 6  # of its envelope; "" where it comes from the broker or the line
ANSWER = 7  # its owner's: ids.A_* or NO_ANSWER
UNTIL = 8  # Unix time up to which that holds; 0: for ever
NAME = 9  # by which reports name it: first 8 bytes of its manifest's SHA-256; empty before that is known
# From here on: as its manifest says; nothing before that was believed.
SEQUENCE = 10
VERSION = 11
SECURITY = 12
DEADLINE = 13
EXPIRES = 14
FROM = 15  # the version that was installed when it was believed
COMPONENT = 16  # which one is under way
WHOLE = 17  # mask of components whose delta failed: they come whole
COMMITS = 18  # how often it was committed
SECONDS = 19  # on trial, powered
CYCLES = 20  # on trial, ended
LINK = 21  # NEVER_UP before the update, EXPECTED again, or CAME_UP
LINK_AT = 22  # second of the trial in which the link was seen up last
EVENT = 23  # that ended the trial; NO_EVENT
CODES = 24  # numbers of the codes that were active before, u16 each: the trial's baseline
BEGUN = 25  # 1 once its component under way was begun
JUDGED = 26  # 1 once its manifest was believed
PLACES = 27

ENVELOPE = "update/envelope"
KEY_FILE = "update/keys"
PATCH = "update/patch"
BROKER, WEB, LINE = 0, 1, 2
NEVER_UP, EXPECTED, CAME_UP = 0, 1, 2
NO_EVENT = 65535
# fmt: off
_EMPTY = (
    U_IDLE, 0, U_IDLE, 0, 0, b"", "", NO_ANSWER, 0,
    b"", 0, "", 0, 0, 0, "", 0, 0, 0, 0, 0, 0, 0, NO_EVENT, b"", 0, 0,
)
# fmt: on

RELEASE = 0  # keys of UPDATE; the first two as ids.W_*
_TRIED = 2
_MOST_TRIED = 16
_START = 8  # bytes of a digest that name it


def fresh() -> "Row":
    """A row of which nothing is known yet."""
    return list(_EMPTY)


def load(journal: "Journal", what: int) -> "Row":
    """The row of the release (ids.W_RELEASE) or the keys (W_KEYS); in state U_IDLE where there is none."""
    row = fresh()
    view = memoryview(journal.scratch)
    length = journal.get(UPDATE, what, view)
    if length > 0:
        reader = Reader(view, 0, length)
        for place in range(min(reader.array(), PLACES)):
            row[place] = reader.item()
    return row


def save(journal: "Journal", what: int, row: "Row") -> None:
    """JournalFull changes nothing."""
    writer = Writer(journal.scratch)
    writer.array(PLACES)
    for value in row:
        writer.item(value)
    journal.put(UPDATE, what, journal.scratch, writer.pos)


def tried(journal: "Journal", manifest: bytes) -> bool:
    """Whether the release whose manifest's digest begins so was rolled back here."""
    known = _tried(journal)
    for at in range(0, len(known), _START):
        if known[at : at + _START] == manifest:
            return True
    return False


def note_tried(journal: "Journal", manifest: bytes) -> None:
    """It was rolled back: it is not taken a second time. Of many the oldest is forgotten."""
    if not tried(journal, manifest):
        journal.put(UPDATE, _TRIED, (_tried(journal) + manifest)[-_START * _MOST_TRIED :])


def _tried(journal: "Journal") -> bytes:
    buf = bytearray(max(0, journal.length(UPDATE, _TRIED)))
    journal.get(UPDATE, _TRIED, buf)
    return bytes(buf)


def hours(journal: "Journal") -> "tuple[int, int]":
    """The owner's excluded hours, and the minutes east of UTC of their day."""
    buf = bytearray(6)
    journal.get(HOURS, 0, buf)
    return unpack_from("<Ih", buf)[:2]


def set_hours(journal: "Journal", mask: int, east: int) -> None:
    journal.put(HOURS, 0, pack("<Ih", mask, east))


def installed(journal: "Journal") -> int:
    """Sequence of the newest release that passed its trial here."""
    return _number(journal, INSTALLED)


def set_installed(journal: "Journal", sequence: int) -> None:
    """Never lower than before."""
    if sequence > installed(journal):
        journal.put(INSTALLED, 0, pack("<I", sequence))


def keys(journal: "Journal") -> int:
    """Number of the newest set of release keys that was here."""
    return _number(journal, KEYS)


def set_keys(journal: "Journal", number: int) -> None:
    """Never lower than before."""
    if number > keys(journal):
        journal.put(KEYS, 0, pack("<I", number))


def forget(ports: "Ports", what: int) -> None:
    """What was fetched goes; what was written into a slot stays there, and is begun anew by the next one."""
    folders = ports.folders
    for name in (KEY_FILE,) if what else (ENVELOPE, PATCH):
        folders.remove(name)


def declined(row: "Row") -> bool:
    """Whether its owner's no ends it: of a security release with a deadline it only puts it off until then."""
    return row[ANSWER] == A_NO and not (row[SECURITY] and row[DEADLINE])


def _number(journal: "Journal", kind: int) -> int:
    buf = bytearray(4)
    journal.get(kind, 0, buf)
    return int(unpack_from("<I", buf)[0])
