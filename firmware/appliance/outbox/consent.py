"""The single gate before anything is recorded for sending: takes the owner's decisions, keeps them in the journal,
says per purpose yes or no. `safety` is always allowed (legal duty). Withdrawing takes effect at once and empties that
purpose's queue, also where the flash refuses to keep it: then it is tried again at every turn. A grant counts only
once it is kept.

Each decision stands in two records. A rotten one would let the decision before it come back to life, which may have
been a yes; the other then knows better. A withdrawal that neither takes is written to a file: the newest of the three
holds at the next start. Never sends, never reads a clock.
"""

from trivet_wire.ids import PURPOSE_NAMES, SAFETY

from ..store import records
from ..store.binary import calcsize, crc32, pack, unpack_from
from ..store.journal import JournalFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Files
    from ..store.journal import Journal
    from .spool import Spool

# Who decided (message CONSENT, field `channel`).
APPLIANCE = 0
SERIAL = 1
ACCOUNT = 2
FACTORY_RESET = 3

_PURPOSES = len(PURPOSE_NAMES)
_FILE = "consent.bin"  # a record and its CRC
_KEY = 0
_SECOND = 1
# consent_seq, mask, newest decision: purpose, granted, channel, untold, text hash, language; then, for each purpose
# but safety, the consent_seq of its newest grant, and the newest decision made here
_RECORD = "<IBBBBBI2sIIIII"
_SIZE = calcsize(_RECORD)
_SHORTER = (calcsize("<IBBBBBI2s"), calcsize("<IBBBBBI2sIIII"))  # of older firmware


class Consent:
    """Decisions are numbered by this appliance (`seq`); the newest wins. `untold`: the cloud's copy is not yet
    queued; `unkept`: how many of its two records are still to be written, of which a withdrawal holds already."""

    def __init__(self, journal: "Journal", spool: "Spool", files: "Files | None" = None) -> None:
        self.seq = 0
        self.mask = 1 << SAFETY
        self.purpose = SAFETY
        self.granted = 0
        self.channel = APPLIANCE
        self.text_hash = 0
        self.language = "en"
        self.untold = False
        self.unkept = 0
        self._since = [0] * _PURPOSES
        self._here = 0  # number of the newest decision that did not come from the account
        self._journal = journal
        self._spool = spool
        self._files = files
        self._beside = -1  # the decision in the file
        self._load()

    def allows(self, purpose: int) -> bool:
        """Whether something of this purpose may be recorded for sending now."""
        return bool(self.mask >> purpose & 1)

    def since(self, purpose: int) -> int:
        """Number of the decision that granted `purpose` last; 0 for `safety`. What was recorded before is not sent."""
        return self._since[purpose]

    def outdated(self, known: int) -> bool:
        """Whether somebody decided at this appliance after decision number `known`, the newest that the account knew:
        a yes from there does not hold against that."""
        return known < self._here

    def decide(self, purpose: int, granted: bool, channel: int, language: str = "en", text_hash: int = 0) -> bool:
        """Take a decision made on a text (`text_hash` uint32, `language` two small letters).

        False, and nothing changed: there is nothing to decide, or a grant that the flash does not keep. A repeated
        decision is recorded again, because its text or language may be another; `safety` cannot be declined.
        """
        if not SAFETY < purpose < _PURPOSES or not _is_language(language) or not 0 <= text_hash <= 0xFFFFFFFF:
            return False
        before, unkept = self._row(), self.unkept
        if granted and not self.allows(purpose):
            self._since[purpose] = self.seq + 1
        self.seq += 1
        if channel != ACCOUNT:
            self._here = self.seq
        self.mask = self.mask | 1 << purpose if granted else self.mask & ~(1 << purpose)
        self.purpose = purpose
        self.granted = 1 if granted else 0
        self.channel = channel
        self.text_hash = text_hash
        self.language = language
        self.untold = True
        if not granted:
            self._spool.withdraw(self.mask)
        self.unkept = 2
        if self.keep():
            return True
        if granted:
            self._take(before)
            self.unkept = unkept
        return not granted

    def withdraw_all(self, channel: int = FACTORY_RESET) -> None:
        """A new owner starts from nothing: every purpose but `safety` off, each queue empty."""
        for purpose in range(SAFETY + 1, _PURPOSES):
            if self.allows(purpose) or purpose == _PURPOSES - 1:  # one at least: the cloud is to hear of it
                self.decide(purpose, False, channel, self.language, 0)

    def told(self) -> None:
        """The newest decision is in the spool."""
        self.untold = False
        self._put(_KEY)

    def keep(self) -> bool:
        """Write what is unkept of the newest decision, and empty the queue in flash; False where the flash refuses both
        records. Call it again until nothing is unkept."""
        journal = self._journal
        try:
            journal.prepare()
            if self.unkept > 1:
                self._keep_first()
            self._put(_SECOND)
            self.unkept = 0
        except (JournalFull, OSError):
            journal.abort()
        if self.unkept > 1 and not self.granted and self._beside != self.seq:
            self._write_beside()
        return self.unkept < 2

    def _keep_first(self) -> None:
        """The first record and the emptied queue at once; the second apart from them, so that no rot takes both."""
        grouped = self._journal.begin()  # without a group a cut may leave the queue; `_load` empties it
        self._put(_KEY)
        self._spool.sweep()
        if grouped:
            self._journal.commit()
        self._spool.swept()
        self.unkept = 1

    def _write_beside(self) -> None:
        record = pack(_RECORD, *self._row())
        try:
            if self._files is not None:
                self._files.write(_FILE, record + pack("<I", crc32(record)))
                self._beside = self.seq
        except OSError:  # then it holds until the next start, and `unkept` says so
            pass

    def _load(self) -> None:
        first = self._read(_KEY)
        second = self._read(_SECOND)
        newest = first
        for row in (second, self._read_beside()):
            if row is not None and (newest is None or row[0] > newest[0]):
                newest = row
        if newest is not None:
            self._take(newest)
        self._spool.withdraw(self.mask)  # a cut between a withdrawal and its emptied queue, or a lost decision
        if self._spool.dropped or (newest is not None and (first is None or first[0] != self.seq)):
            self.unkept = 2
        elif newest is not None and (second is None or second[0] != self.seq):
            self.unkept = 1
        if self.unkept:
            self.keep()

    def _read(self, key: int) -> "tuple[Any, ...] | None":
        buf = bytearray(_SIZE)  # what an older record lacks: zeros
        length = self._journal.get(records.CONSENT, key, buf)
        return unpack_from(_RECORD, buf) if length == _SIZE or length in _SHORTER else None

    def _read_beside(self) -> "tuple[Any, ...] | None":
        data = self._files.read(_FILE) if self._files is not None else None
        if data is None or len(data) != _SIZE + 4 or crc32(data[:_SIZE]) != unpack_from("<I", data, _SIZE)[0]:
            return None
        return unpack_from(_RECORD, data)

    def _take(self, row: "tuple[Any, ...]") -> None:
        self.seq, self.mask, self.purpose, self.granted, self.channel = row[:5]
        self.untold = bool(row[5])
        self.text_hash = row[6]
        self.language = bytes(row[7]).decode()
        self._since[1:] = row[8:-1]
        self._here = row[-1]

    def _row(self) -> "tuple[Any, ...]":
        decision = (self.purpose, self.granted, self.channel, 1 if self.untold else 0, self.text_hash)
        text = (self.language.encode(),)
        return (self.seq, self.mask) + decision + text + tuple(self._since[1:]) + (self._here,)

    def _put(self, key: int) -> None:
        self._journal.put(records.CONSENT, key, pack(_RECORD, *self._row()))


def _is_language(text: str) -> bool:
    """Two small letters (ISO 639-1): what fits the record and the message, whoever typed it."""
    return len(text) == 2 and "a" <= text[0] <= "z" and "a" <= text[1] <= "z"
