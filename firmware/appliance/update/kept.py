"""What the appliance keeps of an update in its journal, so that it goes on where it was after any power cut: one record
for the release offered last, one for the next keys. Takes the journal, gives and takes rows; decides nothing.

A row is a list, its places are the numbers below; the record is the same as a CBOR array. New places go to the end.
"""

from trivet_wire.cbor import Reader, Writer
from trivet_wire.ids import U_IDLE

from ..store.records import UPDATE
from .gates import NO_ANSWER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
BEGUN = 25  # 1 once its component under way was begun; PATCHED or COPIED once what makes it lies in its file
JUDGED = 26  # 1 once its manifest was believed
ALONE = 27  # starts for it alone
PLACES = 28

ENVELOPE = "update/envelope"
KEY_FILE = "update/keys"
PATCH = "update/patch"
PART = "update/part"
BROKER, WEB, LINE = 0, 1, 2
PATCHED, COPIED = 2, 3
NEVER_UP, EXPECTED, CAME_UP = 0, 1, 2
NO_EVENT = 65535
# fmt: off
_EMPTY = (
    U_IDLE, 0, U_IDLE, 0, 0, b"", "", NO_ANSWER, 0,
    b"", 0, "", 0, 0, 0, "", 0, 0, 0, 0, 0, 0, 0, NO_EVENT, b"", 0, 0, 0,
)
# fmt: on


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
