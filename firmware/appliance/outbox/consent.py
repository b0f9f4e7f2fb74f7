"""The single gate before anything is recorded for sending: takes the owner's decisions, keeps them in the journal,
says per purpose yes or no. `safety` is always allowed (legal duty). Withdrawing takes effect at once and empties that
purpose's queue.
"""

from trivet_wire.ids import PURPOSE_NAMES, SAFETY

from ..store import records
from ..store.binary import calcsize, pack, unpack_from
from ..store.journal import GROUP_ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal
    from .spool import Spool

# Who decided (message CONSENT, field `channel`).
APPLIANCE = 0
SERIAL = 1
ACCOUNT = 2
FACTORY_RESET = 3

_PURPOSES = len(PURPOSE_NAMES)
_KEY = 0
# consent_seq, mask, newest decision: purpose, granted, channel, untold, text hash, language
_RECORD = "<IBBBBBI2s"
_SIZE = calcsize(_RECORD)


class Consent:
    """Decisions are numbered by this appliance (`seq`); the newest wins. `untold`: the cloud's copy is not yet
    queued."""

    def __init__(self, journal: "Journal", spool: "Spool") -> None:
        self.seq = 0
        self.mask = 1 << SAFETY
        self.purpose = SAFETY
        self.granted = 0
        self.channel = APPLIANCE
        self.text_hash = 0
        self.language = "en"
        self.untold = False
        self._journal = journal
        self._spool = spool
        self._load()

    def allows(self, purpose: int) -> bool:
        """Whether something of this purpose may be recorded for sending now."""
        return bool(self.mask >> purpose & 1)

    def decide(self, purpose: int, granted: bool, channel: int, language: str = "en", text_hash: int = 0) -> bool:
        """Take a decision made on a text (`text_hash` uint32, `language` two letters). False: nothing to decide.

        A repeated decision is recorded again, because its text or language may be another; `safety` cannot be declined.
        """
        if not SAFETY < purpose < _PURPOSES or len(language) != 2:
            return False
        self.seq += 1
        self.mask = self.mask | 1 << purpose if granted else self.mask & ~(1 << purpose)
        self.purpose = purpose
        self.granted = 1 if granted else 0
        self.channel = channel
        self.text_hash = text_hash
        self.language = language
        self.untold = True
        self._make_room()
        if granted or not self._journal.begin():
            self._save()  # without a group a cut may leave the queue; `_load` empties it
            if not granted:
                self._spool.drop_purpose(purpose)
            return True
        self._save()
        self._spool.drop_purpose(purpose)
        self._journal.commit()
        return True

    def withdraw_all(self, channel: int = FACTORY_RESET) -> None:
        """A new owner starts from nothing: every purpose but `safety` off, each queue empty."""
        for purpose in range(SAFETY + 1, _PURPOSES):
            if self.allows(purpose):
                self.decide(purpose, False, channel, self.language, 0)

    def told(self) -> None:
        """The newest decision is in the spool."""
        self.untold = False
        self._save()

    def _make_room(self) -> None:
        """A withdrawal does not wait for the idle task."""
        while self._journal.room() < GROUP_ROOM and self._journal.service():
            pass

    def _load(self) -> None:
        buf = bytearray(_SIZE)
        if self._journal.get(records.CONSENT, _KEY, buf) != _SIZE:
            return
        row = unpack_from(_RECORD, buf)
        self.seq, self.mask, self.purpose, self.granted, self.channel = row[:5]
        self.untold = bool(row[5])
        self.text_hash = row[6]
        self.language = row[7].decode()
        for purpose in range(SAFETY + 1, _PURPOSES):  # a cut between a withdrawal and its emptied queue
            if not self.allows(purpose):
                self._spool.drop_purpose(purpose)

    def _save(self) -> None:
        language = self.language.encode()
        untold = 1 if self.untold else 0
        decision = (self.purpose, self.granted, self.channel, untold, self.text_hash, language)
        self._journal.put(records.CONSENT, _KEY, pack(_RECORD, self.seq, self.mask, *decision))
