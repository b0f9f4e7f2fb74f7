"""What is rarely asked of the journal about updates: which releases were tried, which one and which keys are the newest
that were ever here, the owner's hours. Takes the journal, gives and takes numbers; none of them ever goes back.
"""

from trivet_wire.ids import A_NO, W_RELEASE

from ..store.binary import pack, unpack_from
from ..store.records import HOURS, INSTALLED, KEYS, UPDATE
from .gates import NO_ANSWER
from .kept import ANSWER, DEADLINE, ENVELOPE, KEY_FILE, PART, PATCH, SECURITY, UNTIL, load, save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Ports
    from ..store.journal import Journal
    from .kept import Row

_TRIED = 2  # key of UPDATE
_MOST_TRIED = 16
_START = 8  # bytes of a digest that name it


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
    for name in (KEY_FILE,) if what else (ENVELOPE, PATCH, PART):
        folders.remove(name)


def declined(row: "Row") -> bool:
    """Whether its owner's no ends it: of a security release with a deadline it only puts it off until then."""
    return row[ANSWER] == A_NO and not (row[SECURITY] and row[DEADLINE])


def disown(journal: "Journal") -> None:
    """A factory reset: what its owner said of an update is forgotten, and whoever owns it next is asked anew. What is
    on trial already is judged as before. Done twice it changes nothing more."""
    row = load(journal, W_RELEASE)
    if row[ANSWER] != NO_ANSWER:
        row[ANSWER] = NO_ANSWER
        row[UNTIL] = 0
        save(journal, W_RELEASE, row)


def _number(journal: "Journal", kind: int) -> int:
    buf = bytearray(4)
    journal.get(kind, 0, buf)
    return int(unpack_from("<I", buf)[0])
